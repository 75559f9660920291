// Turns what file systems throw into the failure table, and tells of files that are not what they were. S3: s3-errors.ts.
import { HeadgateError } from '../../contracts/errors';
import type { FailureKind } from '../../contracts/failure';
import type { Seen } from '../../activities/ports';

export type Access = { readonly operation: string; readonly path: string };

export type Verdict = {
  readonly kind: FailureKind;
  readonly type: string;
  readonly cause: string;
  readonly remedy: string;
};

export const codeOf = (error: unknown): string | undefined =>
  typeof error === 'object' && error !== null && 'code' in error && typeof error.code === 'string'
    ? error.code
    : undefined;

const denied: Omit<Verdict, 'remedy'> = { kind: 'permission', type: 'AccessDenied', cause: 'access is refused' };

const noSpace: Verdict = {
  kind: 'infrastructure',
  type: 'NoSpace',
  cause: 'the disk or quota is full',
  remedy: 'Make space; the run goes on by itself.',
};

const fileVerdicts: Readonly<Record<string, Verdict>> = {
  EACCES: { ...denied, remedy: 'Give the user of the worker the right to it, with every folder above it.' },
  EPERM: { ...denied, remedy: 'Give the user of the worker the right to it, with every folder above it.' },
  EROFS: { ...denied, cause: 'the file system is read-only', remedy: 'Mount it writable, or choose another folder.' },
  ENOSPC: noSpace,
  EDQUOT: noSpace,
  ENAMETOOLONG: {
    kind: 'config',
    type: 'NameTooLong',
    cause: 'the name is too long',
    remedy: 'Use a shorter path.',
  },
  ELOOP: {
    kind: 'config',
    type: 'LinkLoop',
    cause: 'a symbolic link points to itself',
    remedy: 'Repair or remove the link.',
  },
  EMFILE: {
    kind: 'infrastructure',
    type: 'TooManyFiles',
    cause: 'the process has too many files open',
    remedy: 'Raise the limit of open files (ulimit -n) for the worker.',
  },
};

/** A file that was listed or looked at, and cannot be read any more. */
export const vanished = (path: string, cause?: unknown): HeadgateError =>
  new HeadgateError({
    kind: 'inputs-changed',
    type: 'InputVanished',
    message: `${path} was there a moment ago and is gone.`,
    remedy: 'Run again: the files that are there then make a new batch.',
    fields: { file: path },
    cause,
  });

/** A file that was looked at, and is another one by the time that it is read. */
export const changedSince = (path: string, seen: Seen, cause?: unknown): HeadgateError =>
  new HeadgateError({
    kind: 'inputs-changed',
    type: 'InputChanged',
    message: `${path} has changed since it was looked at.`,
    remedy: 'Run again: the files that are there then make a new batch.',
    fields: { file: path, seenSize: seen.size, seenEtag: seen.etag },
    cause,
  });

/** For errors of node:fs. A cancellation, a HeadgateError and a defect pass unchanged. */
export function fileError(error: unknown, access: Access): unknown {
  const verdict = fileVerdicts[codeOf(error) ?? ''];
  return translate(error, access, verdict, 'Check the disk and the mount; the operation is tried again.');
}

export const nameOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : '';

/** Not the store's: a cancellation, and what only wrong code throws, which no second try makes right. */
export const passed = new Set(['AbortError', 'TypeError', 'RangeError', 'ReferenceError', 'SyntaxError']);

function translate(error: unknown, access: Access, verdict: Verdict | undefined, remedy: string): unknown {
  if (error instanceof HeadgateError || passed.has(nameOf(error))) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new HeadgateError({
    kind: verdict?.kind ?? 'infrastructure',
    type: verdict?.type ?? 'StoreFailed',
    message: `Cannot ${access.operation} ${access.path}: ${verdict?.cause ?? text}.`,
    remedy: verdict?.remedy ?? remedy,
    fields: { path: access.path, operation: access.operation, code: codeOf(error) ?? null },
    cause: error,
  });
}
