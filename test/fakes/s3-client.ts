// The part of S3 that the adapter uses, in memory, behind the client's `send`. Pages after two keys, as a real one
// does after a thousand.
import {
  CopyObjectCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';

const pageSize = 2;

export const s3Failure = (name: string, status: number): Error =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status } });

export type FakeS3 = {
  readonly client: S3Client;
  /** Every command so far: its class and its input. */
  readonly sent: { readonly command: string; readonly input: unknown }[];
  /** Errors for the next commands of a class, in order. */
  readonly failNext: Map<string, Error[]>;
};

export function createFakeS3(): FakeS3 {
  const objects = new Map<string, Buffer>();
  const sent: FakeS3['sent'] = [];
  const failNext: FakeS3['failNext'] = new Map();
  const modified = new Date('2026-01-01T00:00:00Z');
  const id = (input: { readonly Bucket?: string | undefined; readonly Key?: string | undefined }): string =>
    `${input.Bucket}/${input.Key}`;
  const etag = (body: Buffer): string => `"${createHash('md5').update(body).digest('hex')}"`;
  const need = (key: string, error: Error): Buffer => {
    const body = objects.get(key);
    if (body === undefined) throw error;
    return body;
  };

  async function answer(command: unknown): Promise<unknown> {
    if (command instanceof HeadObjectCommand) {
      const body = need(id(command.input), s3Failure('NotFound', 404));
      return { ContentLength: body.length, LastModified: modified, ETag: etag(body) };
    }
    if (command instanceof GetObjectCommand) {
      const whole = need(id(command.input), s3Failure('NoSuchKey', 404));
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(command.input.Range ?? '') ?? [];
      if (from !== undefined && Number(from) >= whole.length) throw s3Failure('InvalidRange', 416);
      const body = from === undefined ? whole : whole.subarray(Number(from), Number(to) + 1);
      const read = {
        transformToString: async () => body.toString('utf8'),
        transformToByteArray: async () => Uint8Array.from(body),
      };
      return { Body: Object.assign(Readable.from([body]), read) };
    }
    if (command instanceof PutObjectCommand) {
      const { Body } = command.input;
      const body =
        typeof Body === 'string' ? Buffer.from(Body) : Body instanceof Readable ? await buffer(Body) : undefined;
      if (body === undefined) throw new TypeError('unexpected body');
      if (command.input.IfNoneMatch === '*' && objects.has(id(command.input))) {
        throw s3Failure('PreconditionFailed', 412);
      }
      objects.set(id(command.input), body);
      return { ETag: etag(body) };
    }
    if (command instanceof CopyObjectCommand) {
      const source = decodeURIComponent(command.input.CopySource ?? '');
      objects.set(id(command.input), need(source, s3Failure('NoSuchKey', 404)));
      return {};
    }
    if (command instanceof DeleteObjectCommand) {
      objects.delete(id(command.input));
      return {};
    }
    if (command instanceof DeleteObjectsCommand) {
      for (const { Key } of command.input.Delete?.Objects ?? []) {
        objects.delete(id({ Bucket: command.input.Bucket, Key }));
      }
      return {};
    }
    if (command instanceof ListObjectsV2Command) {
      const { Bucket, Prefix = '', ContinuationToken: token = '', MaxKeys = 1000 } = command.input;
      const keys = [...objects.keys()]
        .filter((key) => key.startsWith(`${Bucket}/${Prefix}`) && key > token)
        .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
      const page = keys.slice(0, Math.min(MaxKeys, pageSize));
      return {
        Contents: page.map((key) => {
          const body = need(key, new Error(key));
          return { Key: key.slice(`${Bucket}/`.length), Size: body.length, LastModified: modified, ETag: etag(body) };
        }),
        IsTruncated: keys.length > page.length,
        NextContinuationToken: keys.length > page.length ? page.at(-1) : undefined,
      };
    }
    throw new TypeError('a command that the fake does not know');
  }

  const send = async (command: { input: unknown }, options: { abortSignal?: AbortSignal } = {}): Promise<unknown> => {
    const name = command.constructor.name;
    sent.push({ command: name, input: Object.assign({}, command.input) });
    options.abortSignal?.throwIfAborted();
    const failure = failNext.get(name)?.shift();
    if (failure !== undefined) throw failure;
    return answer(command);
  };
  // A real client for its type; without `send` it does nothing.
  return { client: Object.assign(new S3Client({ region: 'none' }), { send }), sent, failNext };
}
