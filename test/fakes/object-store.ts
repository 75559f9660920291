// ObjectStore in memory, with the pattern language of the real ones. Tests put files in, and watch or break operations.
import { createHash } from 'node:crypto';
import { HeadgateError } from '../../src/contracts/errors';
import { plainAddress } from '../../src/contracts/ids';
import type { ObjectStat, ObjectStore, Seen } from '../../src/activities/ports';
import { byPath, createMatcher, hasHiddenPart, splitPattern } from '../../src/domain/glob';

type Stored = { readonly bytes: Buffer; readonly modifiedMs: number; readonly inode: number };

export type Operation = keyof ObjectStore;

export type FakeObjectStore = ObjectStore & {
  /** Puts a file there as another program would. */
  place(path: string, content: string | Uint8Array, modifiedMs?: number): void;
  /** Called before every operation; may throw, or change files. */
  before: (operation: Operation, path: string) => void | Promise<void>;
  /** Operations so far, as `name path`. */
  readonly calls: string[];
  readonly paths: () => readonly string[];
};

const vanished = (path: string): HeadgateError =>
  new HeadgateError({
    kind: 'inputs-changed',
    type: 'InputVanished',
    message: `${path} is gone.`,
    remedy: 'Run again.',
    fields: { file: path },
  });

const changed = (path: string): HeadgateError =>
  new HeadgateError({
    kind: 'inputs-changed',
    type: 'InputChanged',
    message: `${path} has changed.`,
    remedy: 'Run again.',
    fields: { file: path },
  });

const hashOf = (bytes: Buffer): string => `sha256:${createHash('sha256').update(bytes).digest('hex')}`;

export function createFakeObjectStore({ now = () => Date.now() }: { now?: () => number } = {}): FakeObjectStore {
  const files = new Map<string, Stored>();
  let inodes = 0;
  const calls: string[] = [];

  const toStat = (asked: string): ObjectStat | undefined => {
    const path = plainAddress(asked);
    const file = asked.endsWith('/') ? undefined : files.get(path);
    if (file === undefined) return undefined;
    const { bytes, modifiedMs, inode } = file;
    return { path, size: bytes.length, modifiedMs, changedMs: modifiedMs, inode };
  };

  const need = (path: string): Stored => {
    const file = files.get(plainAddress(path));
    if (file === undefined) throw vanished(path);
    return file;
  };

  const isSeen = ({ bytes, modifiedMs, inode }: Stored, seen: Seen): boolean =>
    bytes.length === seen.size && modifiedMs === seen.modifiedMs && inode === (seen.inode ?? inode);

  const enter = async (operation: Operation, path: string): Promise<void> => {
    calls.push(`${operation} ${path}`);
    await fake.before(operation, path);
  };

  const listed = (matches: (path: string) => boolean): readonly ObjectStat[] =>
    [...files.keys()]
      .filter(matches)
      .map(toStat)
      .filter((stat) => stat !== undefined)
      .toSorted(byPath);

  const fake: FakeObjectStore = {
    calls,
    before: () => undefined,
    paths: () => [...files.keys()].toSorted(),
    place(path, content, modifiedMs = now()) {
      files.set(plainAddress(path), { bytes: Buffer.from(content), modifiedMs, inode: (inodes += 1) });
    },
    async list(pattern) {
      await enter('list', pattern);
      const path = plainAddress(pattern);
      const { folder, rest } = splitPattern(path);
      const exact = toStat(path) ?? (rest === '' ? toStat(folder) : undefined);
      if (exact !== undefined) return [exact];
      const matches = rest === '' ? (name: string) => !hasHiddenPart(name) : createMatcher(rest);
      return listed((key) => key.startsWith(`${folder}/`) && matches(key.slice(folder.length + 1)));
    },
    async stat(path) {
      await enter('stat', path);
      return toStat(path);
    },
    async hasFolder(path) {
      await enter('hasFolder', path);
      return [...files.keys()].some((key) => key.startsWith(`${plainAddress(path)}/`));
    },
    async fingerprint(stat) {
      await enter('fingerprint', stat.path);
      return hashOf(need(stat.path).bytes);
    },
    async readText(path) {
      await enter('readText', path);
      return files.get(plainAddress(path))?.bytes.toString('utf8');
    },
    async readRange(path, start, end, seen) {
      await enter('readRange', path);
      const file = need(path);
      if (seen !== undefined && !isSeen(file, seen)) throw changed(path);
      return file.bytes.subarray(start, end);
    },
    async writeText(path, text) {
      await enter('writeText', path);
      fake.place(path, text);
    },
    async putIfAbsent(path, text) {
      await enter('putIfAbsent', path);
      if (files.has(plainAddress(path))) return false;
      fake.place(path, text);
      return true;
    },
    async copy(from, to, { onBytes, signal, seen } = {}) {
      await enter('copy', from);
      signal?.throwIfAborted();
      const file = need(from);
      if (seen?.etag !== undefined && hashOf(file.bytes) !== seen.etag) throw changed(from);
      fake.place(to, file.bytes);
      onBytes?.(file.bytes.length);
    },
    async remove(path) {
      await enter('remove', path);
      for (const key of [...files.keys()]) {
        if (key === plainAddress(path) || key.startsWith(`${plainAddress(path)}/`)) files.delete(key);
      }
    },
    canonical: async (path) => plainAddress(path),
  };
  return fake;
}
