// The reading half of the S3 store. What is read is what was seen: S3 itself refuses another ETag, and a read that broke
// off goes on in the same content only.
import { GetObjectCommand, HeadBucketCommand, HeadObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { GetObjectCommandInput, GetObjectCommandOutput } from '@aws-sdk/client-s3';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { ObjectStat, Seen } from '../../activities/ports';
import { plainAddress } from '../../contracts/ids';
import type { ByteStore } from './bytes';
import { changedSince, nameOf, vanished } from './errors';
import { locate, quoted, type Location } from './s3-address';
import { httpStatus, isOutage, s3Error, type Operation } from './s3-errors';

/** The client's retries end with the head of an answer: a body that breaks off is asked for again from there. */
const bodyAttempts = 4;

const rangeBeyondEnd = 416;

const missing = new Set(['NotFound', 'NoSuchKey', 'NoSuchVersion']);

export const isMissing = (error: unknown): boolean => missing.has(nameOf(error));

export const isAnother = (error: unknown): boolean => httpStatus(error) === 412;

const pinOf = (seen: Seen | undefined): { readonly IfMatch?: string; readonly VersionId?: string } => ({
  ...(seen?.etag === undefined ? {} : { IfMatch: quoted(seen.etag) }),
  ...(seen?.version === undefined ? {} : { VersionId: seen.version }),
});

export function createS3Reader(client: S3Client) {
  const buckets = new Map<string, Promise<unknown>>();

  async function guard<T>(operation: Operation, path: string, work: () => Promise<T>, to?: string): Promise<T> {
    try {
      return await work();
    } catch (error) {
      const region = await client.config.region();
      throw s3Error(error, { operation, path, region, ...(to === undefined ? {} : { to }) });
    }
  }

  /** The answer to a HEAD has no body, and says of a missing bucket what it says of a missing key. */
  async function demandBucket(Bucket: string): Promise<void> {
    const known = buckets.get(Bucket) ?? client.send(new HeadBucketCommand({ Bucket }));
    buckets.set(Bucket, known);
    try {
      await known;
    } catch (error) {
      buckets.delete(Bucket);
      if (isMissing(error))
        throw Object.assign(new Error('no such bucket', { cause: error }), { name: 'NoSuchBucket' });
    }
  }

  /** Asks again in a way that S3 may answer with its reason. */
  async function reasonOf(error: unknown, at: Location): Promise<unknown> {
    if (![301, 400, 403].includes(httpStatus(error) ?? 0)) return error;
    try {
      const { Body } = await client.send(new GetObjectCommand({ ...at, Range: 'bytes=0-0' }));
      if (Body instanceof Readable) Body.destroy();
      return error;
    } catch (reason) {
      return isMissing(reason) || httpStatus(reason) === rangeBeyondEnd ? error : reason;
    }
  }

  const stat = (asked: string): Promise<ObjectStat | undefined> =>
    guard('look at', asked, async () => {
      const at = locate(asked);
      if (at.Key === '' || asked.endsWith('/')) return undefined;
      try {
        const head = await client.send(new HeadObjectCommand(at));
        return toStat(plainAddress(asked), head.ContentLength, head.LastModified, head.ETag, head.VersionId);
      } catch (error) {
        if (!isMissing(error)) throw await reasonOf(error, at);
        await demandBucket(at.Bucket);
        return undefined;
      }
    });

  async function get(what: GetObjectCommandInput, mayBeAtEnd: boolean): Promise<GetObjectCommandOutput | undefined> {
    try {
      return await client.send(new GetObjectCommand(what));
    } catch (error) {
      if (mayBeAtEnd && httpStatus(error) === rangeBeyondEnd) return undefined;
      throw error;
    }
  }

  /** From `start` to before `end`; goes on where it broke off. */
  async function* chunks(path: string, seen?: Seen, start = 0, end?: number): AsyncIterable<Uint8Array> {
    let [position, pin, broken] = [start, pinOf(seen), 0];
    for (;;) {
      const last = end === undefined ? '' : String(end - 1);
      const Range = position === 0 && end === undefined ? {} : { Range: `bytes=${position}-${last}` };
      const answer = await get({ ...locate(path), ...pin, ...Range }, broken > 0);
      // What broke off after its last byte was whole.
      if (answer === undefined) return;
      const { Body, ETag } = answer;
      if (!(Body instanceof Readable)) throw new TypeError(`S3 answered without a body for ${path}`);
      pin = { ...pin, ...(ETag === undefined ? {} : { IfMatch: ETag }) };
      try {
        for await (const chunk of Body as AsyncIterable<Uint8Array>) {
          position += chunk.byteLength;
          yield chunk;
        }
        return;
      } catch (error) {
        broken += 1;
        if (!isOutage(error) || broken >= bodyAttempts) throw error;
      }
    }
  }

  /** Nothing where there is no such object. */
  async function* guarded(path: string, seen: Seen | undefined, content: AsyncIterable<Uint8Array>) {
    try {
      yield* content;
    } catch (error) {
      if (isMissing(error)) throw vanished(path, error);
      if (isAnother(error)) throw changedSince(path, seen ?? { size: 0, modifiedMs: 0 }, error);
      if (httpStatus(error) === rangeBeyondEnd) return;
      throw s3Error(error, { operation: 'read', path, region: await client.config.region() });
    }
  }

  return {
    stat,
    guard,
    async readText(path: string): Promise<string | undefined> {
      return guard('read', path, async () => {
        try {
          return (await buffer(chunks(path))).toString('utf8');
        } catch (error) {
          if (isMissing(error)) return undefined;
          throw error;
        }
      });
    },
    async readRange(path: string, start: number, end: number, seen?: Seen): Promise<Uint8Array> {
      // S3 counts the last byte in, and refuses a range without one.
      const content = chunks(path, seen, start, Math.max(start + 1, end));
      return (await buffer(guarded(path, seen, content))).subarray(0, Math.max(0, end - start));
    },
    read: async (path: string, seen?: Seen) => guarded(path, seen, chunks(path, seen)),
  } satisfies Pick<ByteStore, 'stat' | 'readText' | 'readRange' | 'read'> & { guard: typeof guard };
}

export const toStat = (
  path: string,
  size = 0,
  modified = new Date(0),
  etag?: string,
  version?: string,
): ObjectStat => ({
  path,
  size,
  // Listings of some servers are finer than what they say of one object.
  modifiedMs: Math.floor(modified.getTime() / 1000) * 1000,
  ...(etag === undefined ? {} : { etag: etag.replaceAll('"', '') }),
  ...(version === undefined || version === 'null' ? {} : { version }),
});
