// ObjectStore on S3. Whatever scheme it is asked with, the paths that it returns begin with s3://.
//   createS3Store(client: S3Client, { limits?, pause? }): ByteStore
import { CopyObjectCommand, DeleteObjectCommand, DeleteObjectsCommand } from '@aws-sdk/client-s3';
import { paginateListObjectsV2, PutObjectCommand, type _Object, type S3Client } from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { HeadgateError } from '../../contracts/errors';
import { plainAddress } from '../../contracts/ids';
import type { ObjectStat, Seen } from '../../activities/ports';
import { byPath, createMatcher, hasHiddenPart, splitPattern } from '../../domain/glob';
import { inPieces, type ByteStore } from './bytes';
import { changedSince, vanished } from './errors';
import { copySource, isPlainKey, locate, notPlain, prefixOf, quoted, type Location } from './s3-address';
import { attemptsOf, httpStatus } from './s3-errors';
import {
  copyInParts,
  isWrittenBy,
  partBytesFor,
  s3Limits,
  until,
  uploadPieces,
  writerOf,
  type Limits,
} from './s3-parts';
import { createS3Reader, isAnother, isMissing, toStat } from './s3-reader';

/** Two writers of one key at the same moment: S3 may refuse both and asks to repeat. */
const conflictAttempts = 8;
const conflictPauseMs = 50;
const longestPauseMs = 2000;

export type S3StoreOptions = { readonly limits?: Limits; readonly pause?: (ms: number) => Promise<unknown> };

export function createS3Store(client: S3Client, { limits = s3Limits, pause = sleep }: S3StoreOptions = {}): ByteStore {
  const { guard, ...reading } = createS3Reader(client);

  /** Page by page: S3 gives a thousand objects at most. */
  async function* listPrefix(Bucket: string, Prefix: string, pageSize = 1000): AsyncIterable<readonly _Object[]> {
    // Encoded, because XML cannot carry every key.
    const pages = paginateListObjectsV2({ client, pageSize }, { Bucket, Prefix, EncodingType: 'url' });
    for await (const { Contents, EncodingType } of pages) {
      if (Contents === undefined || Contents.length === 0) continue;
      yield EncodingType === 'url' ? Contents.map((object) => ({ ...object, Key: decoded(object.Key) })) : Contents;
    }
  }

  async function collect(folder: string, matches: (relativePath: string) => boolean): Promise<readonly ObjectStat[]> {
    const at = locate(folder);
    const prefix = prefixOf(at);
    const found: ObjectStat[] = [];
    for await (const page of listPrefix(at.Bucket, prefix)) {
      for (const { Key = '', Size, LastModified, ETag } of page) {
        // A key that ends with a slash is the console's idea of a folder.
        if (Key.endsWith('/') || !matches(Key.slice(prefix.length).replaceAll(/\/+/g, '/'))) continue;
        if (!isPlainKey(Key)) throw notPlain(at.Bucket, Key);
        found.push(toStat(`s3://${at.Bucket}/${Key}`, Size, LastModified, ETag));
      }
    }
    return found.toSorted(byPath);
  }

  async function put(path: string, content: string | Buffer, more: object = {}): Promise<void> {
    const Body = Buffer.from(content);
    // Of an empty body the client does not see the length by itself.
    const what = { Body, ContentLength: Body.byteLength, ContentType: contentType(path) };
    await client.send(new PutObjectCommand({ ...locate(path), ...what, ...more }));
  }

  /** False: the object was there. A refusal may answer a write of our own whose first answer was lost. */
  async function create(path: string, text: string): Promise<boolean> {
    const writer = randomUUID();
    let asked = 0;
    for (let attempt = 1; ; attempt += 1) {
      try {
        await put(path, text, { IfNoneMatch: '*', ...writerOf(writer) });
        return true;
      } catch (error) {
        asked += attemptsOf(error);
        const status = httpStatus(error);
        if (status === 412) return asked > 1 && (await isWrittenBy(writer, locate(path), client));
        if (status !== 409 || attempt >= conflictAttempts) throw error;
        await pause(Math.min(longestPauseMs, conflictPauseMs * 2 ** attempt) * (0.5 + Math.random() / 2));
      }
    }
  }

  async function removeAll(page: readonly _Object[], Bucket: string): Promise<void> {
    const Objects = page.map(({ Key }) => ({ Key }));
    const answer = await client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    const [failed] = answer.Errors ?? [];
    if (failed === undefined) return;
    const said = new Error(`${failed.Key ?? ''}: ${failed.Message ?? 'not removed'}`);
    throw Object.assign(said, { name: failed.Code ?? 'Error' });
  }

  async function copyObject(from: string, to: Location, seen: Seen, signal?: AbortSignal, onBytes?: Counter) {
    const source = {
      CopySource: copySource(locate(from), seen.version),
      ...(seen.etag === undefined ? {} : { CopySourceIfMatch: quoted(seen.etag) }),
    };
    if (seen.size > limits.copyBytes) {
      const job = { client, to, ...(signal === undefined ? {} : { signal }) };
      await copyInParts(job, source, { size: seen.size, partBytes: limits.copyPartBytes, onBytes });
    } else {
      await client.send(new CopyObjectCommand({ ...to, ...source }), until(signal));
      onBytes?.(seen.size);
    }
  }

  return {
    ...reading,
    async list(pattern) {
      const path = plainAddress(pattern);
      const { folder, rest } = splitPattern(path);
      for (const exact of new Set([path, ...(rest === '' ? [folder] : [])])) {
        const found = await reading.stat(exact);
        if (found !== undefined) return [found];
      }
      const matches = rest === '' ? isVisible : createMatcher(rest);
      return guard('list', pattern, () => collect(folder, matches));
    },
    async hasFolder(path) {
      const at = locate(path);
      return guard('list', path, async () => {
        for await (const _ of listPrefix(at.Bucket, prefixOf(at), 1)) return true;
        return false;
      });
    },
    async fingerprint(known) {
      if (known.etag !== undefined) return known.etag;
      const now = await reading.stat(known.path);
      if (now === undefined) throw vanished(known.path);
      if (now.etag !== undefined) return now.etag;
      throw withoutETag(known.path);
    },
    writeText: (path, text) => guard('write', path, () => put(path, text)),
    putIfAbsent: (path, text) => guard('create', path, () => create(path, text)),
    async copy(from, to, { onBytes, signal, seen } = {}) {
      const source = seen ?? (await reading.stat(from));
      if (source === undefined) throw vanished(from);
      await guard(
        'copy',
        from,
        async () => {
          try {
            await copyObject(from, locate(to), source, signal, onBytes);
          } catch (error) {
            if (isAnother(error)) throw changedSince(from, source, error);
            throw isMissing(error) ? vanished(from, error) : error;
          }
        },
        to,
      );
    },
    async remove(path) {
      const at = locate(path);
      if (at.Key === '') throw wholeBucket(path);
      await guard('remove', path, async () => {
        await client.send(new DeleteObjectCommand(at));
        for await (const page of listPrefix(at.Bucket, prefixOf(at))) await removeAll(page, at.Bucket);
      });
    },
    canonical: async (path) => plainAddress(path),
    async write(path, chunks, signal, size) {
      const pieces = inPieces(chunks, partBytesFor(size, limits.partBytes));
      await guard('write', path, async () => {
        const [first, second] = [await pieces.next(), await pieces.next()];
        signal?.throwIfAborted();
        if (second.value === undefined) {
          await put(path, first.value ?? Buffer.alloc(0));
          return;
        }
        const [begun, next] = [first.value, second.value];
        const job = { client, to: locate(path), ...(signal === undefined ? {} : { signal }) };
        await uploadPieces(job, chain([...(begun === undefined ? [] : [begun]), next], pieces));
      });
    },
  };
}

type Counter = (bytes: number) => void;

async function* chain(first: readonly Buffer[], rest: AsyncIterable<Buffer>): AsyncIterable<Buffer> {
  yield* first;
  yield* rest;
}

const decoded = (key = ''): string => decodeURIComponent(key.replaceAll('+', ' '));

const isVisible = (relativePath: string): boolean => !hasHiddenPart(relativePath);

const contentType = (path: string): string =>
  path.endsWith('.json') ? 'application/json' : 'text/plain; charset=utf-8';

/** Without it nobody could tell the content that was frozen from another one. */
const withoutETag = (path: string): HeadgateError =>
  new HeadgateError({
    kind: 'config',
    type: 'StoreLacks',
    message: `The S3 server does not tell an ETag of ${path}: it did not come there through S3.`,
    remedy: 'Upload it (`aws s3 cp`) instead of placing it in the folder of the server.',
    fields: { path },
  });

const wholeBucket = (path: string): HeadgateError =>
  new HeadgateError({
    kind: 'config',
    type: 'BadS3Path',
    message: `${path} is a whole bucket, which is never removed.`,
    remedy: 'Use a folder in it.',
    fields: { path },
  });
