// ObjectStore on local folders. Every write is whole or absent, also after a power cut.
//   createFolderStore(): ByteStore (an ObjectStore that can also stream)
import { createHash, randomUUID } from 'node:crypto';
import { readdir, type Stats } from 'node:fs';
import { link, mkdir, open, readFile, readlink, realpath, rename, rm, stat, unlink } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, resolve } from 'node:path';
import { glob } from 'tinyglobby';
import { HeadgateError } from '../../contracts/errors';
import { plainAddress } from '../../contracts/ids';
import { callsAtOnce, mapBounded } from '../../domain/map-bounded';
import type { ObjectStat, Seen } from '../../activities/ports';
import { counted, proved, type ByteStore } from './bytes';
import { changedSince, codeOf, fileError, vanished } from './errors';
import { byPath, hasHiddenPart, isGlob, toGlob, unescapeGlob, withoutTrailingSlash } from '../../domain/glob';

const chunkBytes = 1 << 20;
const firstChunkBytes = 1 << 16;

export function createFolderStore(): ByteStore {
  async function read(path: string, seen?: Seen): Promise<AsyncIterable<Uint8Array>> {
    return proved(readChunks(path), path, seen);
  }

  async function write(path: string, chunks: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
    await guard('write', path, () =>
      withTemporary(path, async (temporary) => {
        await fill(temporary, chunks, signal);
        await rename(temporary, path);
      }),
    );
  }

  return {
    async list(pattern) {
      return guard('list', pattern, () => listFiles(absolute(pattern)));
    },
    async stat(path) {
      const found = await guard('look at', path, () => statPath(path));
      return found?.isFile() === true ? toObjectStat(plainAddress(path), found) : undefined;
    },
    async hasFolder(path) {
      return guard('look at', path, () => isFolder(path));
    },
    async fingerprint({ path }) {
      const hash = createHash('sha256');
      for await (const chunk of readChunks(path)) hash.update(chunk);
      return `sha256:${hash.digest('hex')}`;
    },
    async readText(path) {
      return guard('read', path, () => unlessMissing(readFile(path, 'utf8')));
    },
    async readRange(path, start, end, seen) {
      const chunks: Uint8Array[] = [];
      for await (const chunk of readChunks(path, start, end, seen)) chunks.push(chunk);
      return Buffer.concat(chunks);
    },
    async writeText(path, text) {
      await write(path, oneChunk(text));
    },
    async putIfAbsent(path, text) {
      return guard('create', path, () =>
        withTemporary(path, async (temporary) => {
          await fill(temporary, oneChunk(text));
          try {
            await link(temporary, path);
          } catch (error) {
            if (codeOf(error) === 'EEXIST') return false;
            throw error;
          }
          await unlink(temporary);
          return true;
        }),
      );
    },
    async copy(from, to, { onBytes, signal, seen } = {}) {
      await write(to, counted(await read(from, seen), onBytes), signal);
    },
    async remove(path) {
      await guard('remove', path, () => rm(path, { recursive: true, force: true }));
    },
    async canonical(path) {
      return guard('look at', path, () => realPlace(absolute(path)));
    },
    read,
    write,
  };
}

/** As many links in a row as Linux follows. */
const linksInARow = 40;

/** Of a path that is not there: the real path of what is, and the rest. A link to nothing leads to where it points. */
async function realPlace(path: string, links = linksInARow): Promise<string> {
  const real = await unlessMissing(realpath(path));
  if (real !== undefined || path === '/') return real ?? path;
  const folder = await realPlace(dirname(path), links);
  const target = await linkTarget(path);
  if (target === undefined) return join(folder, basename(path));
  if (links > 0) return realPlace(resolve(folder, target), links - 1);
  throw Object.assign(new Error(`${path} points to itself`), { code: 'ELOOP' });
}

async function linkTarget(path: string): Promise<string | undefined> {
  try {
    return await readlink(path);
  } catch (error) {
    if (isMissing(error) || codeOf(error) === 'EINVAL') return undefined;
    throw error;
  }
}

/** By hand, because a stream costs half a millisecond, and there may be thousands of small files. */
async function* readChunks(path: string, start = 0, end = Infinity, seen?: Seen): AsyncIterable<Uint8Array> {
  // Node takes it for the place where the last read ended.
  if (start < 0) throw new RangeError(`no byte of ${path} is before its first: ${start}`);
  try {
    const handle = await open(path);
    try {
      for (let position = start; position < end;) {
        const length = Math.min(position === start ? firstChunkBytes : chunkBytes, end - position);
        const { bytesRead, buffer } = await handle.read({ buffer: Buffer.allocUnsafe(length), position });
        if (bytesRead === 0) break;
        yield buffer.subarray(0, bytesRead);
        position += bytesRead;
      }
      if (seen !== undefined && !isSeen(toObjectStat(path, await handle.stat()), seen)) throw changedSince(path, seen);
    } finally {
      await handle.close();
    }
  } catch (error) {
    if (isMissing(error)) throw vanished(path, error);
    throw fileError(error, { operation: 'read', path });
  }
}

/** What nobody can set tells of a file that was written again with the same size and time. */
const isSeen = (now: ObjectStat, seen: Seen): boolean =>
  now.size === seen.size &&
  now.modifiedMs === seen.modifiedMs &&
  (seen.changedMs === undefined || now.changedMs === seen.changedMs) &&
  (seen.inode === undefined || now.inode === seen.inode);

async function* oneChunk(text: string): AsyncIterable<Uint8Array> {
  yield Buffer.from(text, 'utf8');
}

/**
 * Gives the work a name beside the target, hidden from listings, and syncs the folder after it, so that a new name
 * survives a power cut. A failed work leaves nothing.
 */
async function withTemporary<T>(path: string, work: (temporary: string) => Promise<T>): Promise<T> {
  const folder = dirname(path);
  const temporary = join(folder, `.headgate-${randomUUID()}`);
  await mkdir(folder, { recursive: true });
  try {
    const result = await work(temporary);
    const handle = await open(folder);
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
    return result;
  } finally {
    await rm(temporary, { force: true });
  }
}

async function fill(path: string, chunks: AsyncIterable<Uint8Array>, signal?: AbortSignal): Promise<void> {
  const handle = await open(path, 'wx');
  try {
    for await (const chunk of chunks) {
      signal?.throwIfAborted();
      await handle.writeFile(chunk);
    }
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function absolute(pattern: string): string {
  if (isAbsolute(pattern)) return plainAddress(pattern);
  throw new HeadgateError({
    kind: 'config',
    type: 'RelativePath',
    message: `The path ${pattern} is relative: workers on other machines would look elsewhere.`,
    remedy: 'Write an absolute path, or use ${…} for its first part.',
    fields: { path: pattern },
  });
}

async function listFiles(pattern: string): Promise<readonly ObjectStat[]> {
  const { folder, rest } = await splitExisting(pattern);
  if (rest === '') return statAll((await isFolder(folder)) ? await filesUnder(folder) : [folder]);
  const matches = await search(toGlob(rest), folder, false);
  const paths = new Set<string>();
  await mapBounded(matches, callsAtOnce, async (match) => {
    const path = withoutTrailingSlash(match);
    const under = (await isFolder(path)) ? await filesUnder(path) : [path];
    for (const file of under) paths.add(file);
  });
  return statAll([...paths]);
}

/** A `**` that also matches folders is no reason to read them twice: the caller keeps paths in a set. */
async function search(pattern: string, folder: string, onlyFiles: boolean): Promise<readonly string[]> {
  const failures: unknown[] = [];
  const found = await glob(pattern, {
    cwd: folder,
    onlyFiles,
    dot: false,
    expandDirectories: false,
    fs: { readdir: watchReaddir(failures) },
  });
  const [failure] = failures.filter((error) => !isMissing(error));
  if (failure !== undefined) throw failure;
  return found.filter((path) => !hasHiddenPart(withoutTrailingSlash(path))).map((path) => resolve(folder, path));
}

/** The walker passes over folders that it may not read; files in them must not be missed without a word. */
const watchReaddir = (failures: unknown[]): typeof readdir =>
  new Proxy(readdir, {
    apply(target, self, args: unknown[]): unknown {
      const done = args.at(-1);
      const watched = (error: unknown, ...rest: unknown[]): void => {
        if (error !== null) failures.push(error);
        if (typeof done === 'function') Reflect.apply(done, undefined, [error, ...rest]);
      };
      return Reflect.apply(target, self, [...args.slice(0, -1), watched]);
    },
  });

const filesUnder = (folder: string): Promise<readonly string[]> => search('**/*', folder, true);

/** Splits a pattern like `splitPattern`, but a folder named `[old]` that exists as written is not taken for a pattern. */
async function splitExisting(pattern: string): Promise<{ readonly folder: string; readonly rest: string }> {
  const parts = pattern.split('/').slice(1);
  let folder = '/';
  for (const [index, part] of parts.entries()) {
    const asWritten = join(folder, part);
    const isLast = index === parts.length - 1;
    if (await (isLast ? statPath(asWritten) : isFolder(asWritten))) folder = asWritten;
    else if (!isGlob(part)) folder = join(folder, unescapeGlob(part));
    else return { folder, rest: parts.slice(index).join('/') };
  }
  return { folder, rest: '' };
}

const isFolder = async (path: string): Promise<boolean> => (await statPath(path))?.isDirectory() === true;

/** Files that vanished since the listing are left out, links to nothing too. */
async function statAll(paths: readonly string[]): Promise<readonly ObjectStat[]> {
  const stats = await mapBounded(paths, callsAtOnce, async (path) => {
    const found = await statPath(path);
    if (found === undefined && path.includes('\uFFFD')) throw notUnicode(path);
    return found?.isFile() === true ? toObjectStat(path, found) : undefined;
  });
  return stats.filter((entry) => entry !== undefined).toSorted(byPath);
}

const notUnicode = (path: string): HeadgateError =>
  new HeadgateError({
    kind: 'data',
    type: 'NameNotUnicode',
    message: `The name of ${path} is not valid UTF-8, so it cannot be opened by that name.`,
    remedy: 'Rename the file (for example with convmv), or move it away.',
    fields: { file: path },
  });

const toObjectStat = (path: string, found: Stats): ObjectStat => ({
  path,
  size: found.size,
  modifiedMs: Math.floor(found.mtimeMs),
  changedMs: found.ctimeMs,
  inode: found.ino,
});

const statPath = (path: string): Promise<Stats | undefined> => unlessMissing(stat(path));

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const isMissing = (error: unknown): boolean => ['ENOENT', 'ENOTDIR'].includes(codeOf(error) ?? '');

async function guard<T>(operation: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw fileError(error, { operation, path });
  }
}
