// ObjectStore on S3. Keeps the scheme of the path it was asked with (s3:// or s3a://) in the paths it returns.
//   createS3Store(client: S3Client): ByteStore
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  paginateListObjectsV2,
  PutObjectCommand,
  type _Object,
  type S3Client,
} from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadgateError } from '../../contracts/errors';
import { plainAddress } from '../../contracts/ids';
import type { ObjectStat } from '../../activities/ports';
import type { ByteStore } from './bytes';
import { httpStatus, s3Error, vanished } from './errors';
import { byPath, createMatcher, hasHiddenPart, splitPattern, withoutTrailingSlash } from '../../domain/glob';

type Location = { readonly root: string; readonly Bucket: string; readonly Key: string };

/** Two writers of one key at the same moment: S3 refuses both and asks to repeat. */
const conflictRetries = 5;
const copyLimitBytes = 5 * 1024 ** 3;

export function createS3Store(client: S3Client): ByteStore {
  async function stat(path: string): Promise<ObjectStat | undefined> {
    const { Bucket, Key } = locate(path);
    if (Key === '' || Key.endsWith('/')) return undefined;
    return unlessMissing(
      async () => {
        const head = await client.send(new HeadObjectCommand({ Bucket, Key }));
        return toStat(path, head.ContentLength, head.LastModified, head.ETag, head.VersionId);
      },
      'look at',
      path,
    );
  }

  /** Page by page: S3 gives a thousand objects at most. */
  async function* listPrefix({ Bucket, Key }: Location, pageSize = 1000): AsyncIterable<readonly _Object[]> {
    const pages = paginateListObjectsV2({ client, pageSize }, { Bucket, Prefix: Key });
    for await (const { Contents } of pages) if (Contents !== undefined && Contents.length > 0) yield Contents;
  }

  async function collect(folder: string, matches: (relativePath: string) => boolean): Promise<readonly ObjectStat[]> {
    const location = locate(folder);
    const found: ObjectStat[] = [];
    for await (const page of listPrefix(location)) {
      for (const object of page) {
        const path = `${location.root}${object.Key ?? ''}`;
        // A key that ends with a slash is the console's idea of a folder.
        if (path.endsWith('/') || !matches(path.slice(folder.length))) continue;
        found.push(toStat(path, object.Size, object.LastModified, object.ETag));
      }
    }
    return found.toSorted(byPath);
  }

  async function read(path: string): Promise<AsyncIterable<Uint8Array>> {
    const { Bucket, Key } = locate(path);
    const { Body } = await guard('read', path, () => client.send(new GetObjectCommand({ Bucket, Key })));
    if (Body instanceof Readable) return translated(Body, path);
    throw new TypeError(`S3 answered without a body for ${path}`);
  }

  async function put(path: string, body: string, onlyIfAbsent: boolean): Promise<void> {
    const { Bucket, Key } = locate(path);
    const condition = onlyIfAbsent ? { IfNoneMatch: '*' } : {};
    await client.send(new PutObjectCommand({ Bucket, Key, Body: body, ContentType: contentType(path), ...condition }));
  }

  async function removeAll(page: readonly _Object[], Bucket: string): Promise<void> {
    const Objects = page.map(({ Key }) => ({ Key }));
    const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    const [failed] = answer.Errors ?? [];
    if (failed !== undefined) {
      throw Object.assign(new Error(`${failed.Key ?? ''}: ${failed.Message ?? 'not removed'}`), {
        name: failed.Code ?? 'Error',
      });
    }
  }

  return {
    async list(pattern) {
      const path = withoutTrailingSlash(pattern);
      const { folder, rest } = splitPattern(path);
      for (const exact of new Set([path, ...(rest === '' ? [folder] : [])])) {
        const found = await stat(exact);
        if (found !== undefined) return [found];
      }
      const matches = rest === '' ? isVisible : createMatcher(rest);
      return guard('list', pattern, () => collect(`${folder}/`, matches));
    },
    stat,
    async hasFolder(path) {
      const location = locate(`${withoutTrailingSlash(path)}/`);
      return guard('look at', path, async () => {
        for await (const _ of listPrefix(location, 1)) return true;
        return false;
      });
    },
    async fingerprint(known) {
      const etag = known.etag ?? (await stat(known.path))?.etag;
      if (etag !== undefined) return etag;
      throw vanished(known.path);
    },
    async readText(path) {
      const { Bucket, Key } = locate(path);
      return unlessMissing(
        async () => {
          const { Body } = await client.send(new GetObjectCommand({ Bucket, Key }));
          return Body?.transformToString('utf-8');
        },
        'read',
        path,
      );
    },
    async readRange(path, start, end) {
      const { Bucket, Key } = locate(path);
      const bytes = await unlessMissing(
        async () => {
          // S3 counts the last byte in, and refuses a range without one.
          const Range = `bytes=${start}-${Math.max(start, end - 1)}`;
          try {
            const { Body } = await client.send(new GetObjectCommand({ Bucket, Key, Range }));
            return (await Body?.transformToByteArray())?.subarray(0, Math.max(0, end - start));
          } catch (error) {
            if (httpStatus(error) === rangeBeyondEnd) return new Uint8Array();
            throw error;
          }
        },
        'read',
        path,
      );
      if (bytes === undefined) throw vanished(path);
      return bytes;
    },
    async writeText(path, text) {
      await guard('write', path, () => put(path, text, false));
    },
    async putIfAbsent(path, text) {
      return guard('create', path, async () => {
        for (let attempt = 1; ; attempt += 1) {
          try {
            await put(path, text, true);
            return true;
          } catch (error) {
            const status = httpStatus(error);
            if (status === 412) return false;
            if (status !== 409 || attempt >= conflictRetries) throw error;
            await sleep(50 * attempt);
          }
        }
      });
    },
    async copy(from, to, { onBytes, signal } = {}) {
      const size = (await stat(from))?.size ?? 0;
      if (size > copyLimitBytes) throw tooLarge(from, size);
      const source = locate(from);
      const target = locate(to);
      const CopySource = `${source.Bucket}/${source.Key.split('/').map(encodeURIComponent).join('/')}`;
      const command = new CopyObjectCommand({ Bucket: target.Bucket, Key: target.Key, CopySource });
      await guard('copy', from, () => client.send(command, signal === undefined ? {} : { abortSignal: signal }));
      onBytes?.(size);
    },
    async remove(path) {
      const { Bucket, Key, root } = locate(withoutTrailingSlash(path));
      await guard('remove', path, async () => {
        await client.send(new DeleteObjectCommand({ Bucket, Key }));
        for await (const page of listPrefix({ root, Bucket, Key: `${Key}/` })) await removeAll(page, Bucket);
      });
    },
    canonical: async (path) => plainAddress(path),
    read,
    async write(path, chunks, signal, size) {
      const { Bucket, Key } = locate(path);
      if (size === undefined || size > copyLimitBytes) throw tooLarge(path, size);
      const command = new PutObjectCommand({ Bucket, Key, Body: Readable.from(chunks), ContentLength: size });
      await guard('write', path, () => client.send(command, signal === undefined ? {} : { abortSignal: signal }));
    },
  };
}

function locate(path: string): Location {
  const parts = /^(s3a?):\/\/([^/]+)(?:\/(.*))?$/s.exec(path);
  const [, scheme = '', Bucket = '', Key = ''] = parts ?? [];
  if (parts !== null) return { root: `${scheme}://${Bucket}/`, Bucket, Key };
  throw new HeadgateError({
    kind: 'config',
    type: 'BadS3Path',
    message: `${path} is not an S3 path.`,
    remedy: 'Write it like s3://bucket/folder/file.csv.',
    fields: { path },
  });
}

const isVisible = (relativePath: string): boolean => !hasHiddenPart(relativePath);

const toStat = (path: string, size = 0, modified = new Date(0), etag?: string, version?: string): ObjectStat => ({
  path,
  size,
  modifiedMs: modified.getTime(),
  ...(etag === undefined ? {} : { etag: etag.replaceAll('"', '') }),
  ...(version === undefined || version === 'null' ? {} : { version }),
});

const contentType = (path: string): string =>
  path.endsWith('.json') ? 'application/json' : 'text/plain; charset=utf-8';

const tooLarge = (path: string, size: number | undefined): HeadgateError =>
  new HeadgateError({
    kind: 'config',
    type: 'TooLargeForOnePut',
    message: `${path} (${size === undefined ? 'unknown size' : `${size} bytes`}) is more than S3 takes in one request (5 GiB).`,
    remedy: 'Read it in place (extract: in-place), or keep the state folder outside S3.',
    fields: { path, size },
  });

async function* translated(body: Readable, path: string): AsyncIterable<Uint8Array> {
  try {
    yield* body;
  } catch (error) {
    throw s3Error(error, { operation: 'read', path });
  }
}

async function guard<T>(operation: string, path: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw s3Error(error, { operation, path });
  }
}

const missing = new Set(['NotFound', 'NoSuchKey']);

const rangeBeyondEnd = 416;

async function unlessMissing<T>(work: () => Promise<T>, operation: string, path: string): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof Error && missing.has(error.name)) return undefined;
    throw s3Error(error, { operation, path });
  }
}
