// Turns what file systems and S3 throw into the failure table. One place, so that messages are alike.
import { HeadgateError } from '../../contracts/errors';
import type { FailureKind } from '../../contracts/failure';

type Access = { readonly operation: string; readonly path: string };

type Verdict = { readonly kind: FailureKind; readonly type: string; readonly cause: string; readonly remedy: string };

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

const s3Verdicts: readonly (Verdict & { readonly names: readonly string[]; readonly status: readonly number[] })[] = [
  {
    names: ['AccessDenied', 'Forbidden', 'InvalidAccessKeyId', 'SignatureDoesNotMatch', 'ExpiredToken'],
    status: [401, 403],
    ...denied,
    remedy: 'Check the credentials and the bucket policy of the worker.',
  },
  {
    names: ['NoSuchBucket'],
    status: [],
    kind: 'config',
    type: 'NoSuchBucket',
    cause: 'the bucket does not exist',
    remedy: 'Correct the bucket name, or create the bucket.',
  },
  {
    names: ['CredentialsProviderError', 'ConfigError'],
    status: [],
    kind: 'config',
    type: 'NoCredentials',
    cause: 'there are no usable AWS credentials or region',
    remedy: 'Set AWS_PROFILE and AWS_REGION, or give the worker a role.',
  },
  {
    names: ['SlowDown', 'ThrottlingException', 'TooManyRequestsException', 'RequestLimitExceeded'],
    status: [429, 503],
    kind: 'throttle',
    type: 'SlowDown',
    cause: 'S3 asks to slow down',
    remedy: 'Nothing to do: it is tried again.',
  },
];

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

/** For errors of node:fs. A cancellation, a HeadgateError and a defect pass unchanged. */
export function fileError(error: unknown, access: Access): unknown {
  const verdict = fileVerdicts[codeOf(error) ?? ''];
  return translate(error, access, verdict, 'Check the disk and the mount; the operation is tried again.');
}

/** For errors of the S3 client. */
export function s3Error(error: unknown, access: Access): unknown {
  const name = nameOf(error);
  const status = httpStatus(error);
  const verdict =
    s3Verdicts.find((candidate) => candidate.names.includes(name)) ??
    s3Verdicts.find((candidate) => status !== undefined && candidate.status.includes(status));
  return translate(error, access, verdict, 'Check the network and the endpoint; the operation is tried again.');
}

const nameOf = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'name' in error ? String(error.name) : '';

/** Not the store's: a cancellation, and what only wrong code throws, which no second try makes right. */
const passed = new Set(['AbortError', 'TypeError', 'RangeError', 'ReferenceError', 'SyntaxError']);

function translate(error: unknown, access: Access, verdict: Verdict | undefined, remedy: string): unknown {
  if (error instanceof HeadgateError || passed.has(nameOf(error))) return error;
  const text = error instanceof Error ? error.message : String(error);
  return new HeadgateError({
    kind: verdict?.kind ?? 'infrastructure',
    type: verdict?.type ?? 'StoreFailed',
    message: `Cannot ${access.operation} ${access.path}: ${verdict?.cause ?? text}.`,
    remedy: verdict?.remedy ?? remedy,
    fields: { path: access.path, operation: access.operation, code: codeOf(error) ?? httpStatus(error) ?? null },
    cause: error,
  });
}

export function httpStatus(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const metadata = error.$metadata;
  return typeof metadata === 'object' &&
    metadata !== null &&
    'httpStatusCode' in metadata &&
    typeof metadata.httpStatusCode === 'number'
    ? metadata.httpStatusCode
    : undefined;
}
