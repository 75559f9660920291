// The part of S3 that the adapter uses, in memory, behind the client's `send`. Pages after two keys, as a real one
// does after a thousand. Every write makes a version, as in a bucket that keeps them, when it is asked to.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CopyObjectCommand,
  CreateMultipartUploadCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadBucketCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutObjectCommand,
  S3Client,
  UploadPartCommand,
  UploadPartCopyCommand,
} from '@aws-sdk/client-s3';
import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

export const s3Failure = (name: string, status: number, attempts = 1): Error =>
  Object.assign(new Error(name), { name, $metadata: { httpStatusCode: status, attempts } });

type Stored = { readonly body: Buffer; readonly version: string; readonly metadata: Record<string, string> };

export type FakeS3 = {
  readonly client: S3Client;
  /** Every command so far: its class and its input. */
  readonly sent: { readonly command: string; readonly input: unknown }[];
  /** Errors for the next commands of a class, in order. */
  readonly failNext: Map<string, Error[]>;
  /** Called when a command has done its work, before its answer: may lose it by throwing. */
  afterNext: Map<string, () => void>;
  /** Multipart uploads that are neither completed nor aborted. */
  readonly openUploads: () => number;
  /** Most commands that ran at once since it was last asked. */
  readonly most: () => number;
};

type Place = { readonly Bucket?: string | undefined; readonly Key?: string | undefined };

type FakeOptions = {
  readonly versioned?: boolean;
  readonly buckets?: readonly string[];
  readonly pageSize?: number;
  readonly etags?: false;
};

export function createFakeS3({ versioned = false, buckets, pageSize = 2, etags }: FakeOptions = {}): FakeS3 {
  const objects = new Map<string, Stored[]>();
  const uploads = new Map<string, { metadata: Record<string, string>; parts: Map<number, Buffer> }>();
  let [made, running, most] = [0, 0, 0];
  const sent: FakeS3['sent'] = [];
  const failNext: FakeS3['failNext'] = new Map();
  const afterNext: FakeS3['afterNext'] = new Map();
  const modified = new Date('2026-01-01T00:00:00Z');
  const id = ({ Bucket, Key }: Place): string => `${Bucket}/${Key}`;
  const etag = (body: Buffer): string | undefined =>
    etags === false ? undefined : `"${createHash('md5').update(body).digest('hex')}"`;
  const newest = (key: string): Stored | undefined => objects.get(key)?.at(-1);
  const store = (key: string, body: Buffer, metadata: Record<string, string> = {}): void => {
    const stored = { body, version: `v${(made += 1)}`, metadata };
    objects.set(key, versioned ? [...(objects.get(key) ?? []), stored] : [stored]);
  };

  /** As IfMatch and a version want it. */
  function need(key: string, missing: string, pin: { match?: string | undefined; version?: string | undefined } = {}) {
    const all = objects.get(key) ?? [];
    const found = pin.version === undefined ? all.at(-1) : all.find(({ version }) => version === pin.version);
    if (found === undefined) throw s3Failure(pin.version === undefined ? missing : 'NoSuchVersion', 404);
    const isWanted = pin.match === undefined || pin.match === etag(found.body)?.replaceAll('"', '');
    if (!isWanted && pin.match !== etag(found.body)) throw s3Failure('PreconditionFailed', 412);
    return found;
  }

  function sourceOf(input: {
    readonly CopySource?: string | undefined;
    readonly CopySourceIfMatch?: string | undefined;
  }) {
    const [path = '', version] = (input.CopySource ?? '').split('?versionId=');
    return need(decodeURIComponent(path), 'NoSuchKey', { match: input.CopySourceIfMatch, version }).body;
  }

  const uploadOf = (name: string | undefined) => {
    const upload = uploads.get(name ?? '');
    if (upload === undefined) throw s3Failure('NoSuchUpload', 404);
    return upload;
  };

  function bytesOf(Body: unknown): Buffer {
    if (typeof Body === 'string' || Body instanceof Uint8Array) return Buffer.from(Body);
    throw new TypeError('unexpected body');
  }

  function multipart(command: unknown): object | undefined {
    if (command instanceof CreateMultipartUploadCommand) {
      const UploadId = `u${(made += 1)}`;
      uploads.set(UploadId, { metadata: command.input.Metadata ?? {}, parts: new Map() });
      return { UploadId };
    }
    if (command instanceof UploadPartCommand) {
      const { UploadId, PartNumber = 0, Body } = command.input;
      uploadOf(UploadId).parts.set(PartNumber, bytesOf(Body));
      return { ETag: etag(bytesOf(Body)) };
    }
    if (command instanceof UploadPartCopyCommand) {
      const { UploadId, PartNumber = 0, CopySourceRange = '' } = command.input;
      const [, from, to] = /^bytes=(\d+)-(\d+)$/.exec(CopySourceRange) ?? [];
      const body = sourceOf(command.input).subarray(Number(from), Number(to) + 1);
      uploadOf(UploadId).parts.set(PartNumber, body);
      return { CopyPartResult: { ETag: etag(body) } };
    }
    if (command instanceof CompleteMultipartUploadCommand) {
      const { UploadId, MultipartUpload } = command.input;
      const { parts, metadata } = uploadOf(UploadId);
      const wanted = (MultipartUpload?.Parts ?? []).map(
        ({ PartNumber = 0 }) => parts.get(PartNumber) ?? Buffer.alloc(0),
      );
      store(id(command.input), Buffer.concat(wanted), metadata);
      uploads.delete(UploadId ?? '');
      return {};
    }
    if (command instanceof AbortMultipartUploadCommand) {
      uploadOf(command.input.UploadId);
      uploads.delete(command.input.UploadId ?? '');
      return {};
    }
    return undefined;
  }

  function list({ Bucket, Prefix = '', ContinuationToken: token = '', MaxKeys = 1000 }: ListObjectsV2Command['input']) {
    const keys = [...objects.keys()]
      .filter((key) => key.startsWith(`${Bucket}/${Prefix}`) && key > token)
      .toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    const page = keys.slice(0, Math.min(MaxKeys, pageSize));
    return {
      Contents: page.map((key) => {
        const { body } = need(key, key);
        return {
          Key: encodeURIComponent(key.slice(`${Bucket}/`.length)),
          Size: body.length,
          LastModified: modified,
          ETag: etag(body),
        };
      }),
      EncodingType: 'url',
      IsTruncated: keys.length > page.length,
      NextContinuationToken: keys.length > page.length ? page.at(-1) : undefined,
    };
  }

  function answer(command: unknown): object {
    if (command instanceof HeadObjectCommand) {
      const { body, version, metadata } = need(id(command.input), 'NotFound');
      const more = versioned ? { VersionId: version } : {};
      return { ContentLength: body.length, LastModified: modified, ETag: etag(body), Metadata: metadata, ...more };
    }
    if (command instanceof HeadBucketCommand) {
      if (buckets?.includes(command.input.Bucket ?? '') === false) throw s3Failure('NotFound', 404);
      return {};
    }
    if (command instanceof GetObjectCommand) {
      const { IfMatch: match, VersionId: version, Range = '' } = command.input;
      const whole = need(id(command.input), 'NoSuchKey', { match, version }).body;
      const [, from, to = ''] = /^bytes=(\d+)-(\d*)$/.exec(Range) ?? [];
      if (from !== undefined && Number(from) >= whole.length) throw s3Failure('InvalidRange', 416);
      const end = to === '' ? whole.length : Number(to) + 1;
      return { Body: Readable.from([whole.subarray(Number(from ?? 0), end)]), ETag: etag(whole) };
    }
    if (command instanceof PutObjectCommand) {
      if (command.input.IfNoneMatch === '*' && newest(id(command.input)) !== undefined) {
        throw s3Failure('PreconditionFailed', 412);
      }
      store(id(command.input), bytesOf(command.input.Body), command.input.Metadata);
      return {};
    }
    if (command instanceof CopyObjectCommand) {
      store(id(command.input), sourceOf(command.input));
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
    if (command instanceof ListObjectsV2Command) return list(command.input);
    const done = multipart(command);
    if (done !== undefined) return done;
    throw new TypeError('a command that the fake does not know');
  }

  const send = async (command: { input: unknown }, options: { abortSignal?: AbortSignal } = {}): Promise<unknown> => {
    const name = command.constructor.name;
    sent.push({ command: name, input: Object.assign({}, command.input) });
    options.abortSignal?.throwIfAborted();
    running += 1;
    most = Math.max(most, running);
    await new Promise(setImmediate);
    running -= 1;
    const failure = failNext.get(name)?.shift();
    if (failure !== undefined) throw failure;
    const answered = answer(command);
    const after = afterNext.get(name);
    afterNext.delete(name);
    after?.();
    return answered;
  };
  const peak = (): number => {
    const before = most;
    most = 0;
    return before;
  };
  // A real client for its type; without `send` it does nothing.
  const client = Object.assign(new S3Client({ region: 'none' }), { send });
  return { client, sent, failNext, afterNext, openUploads: () => uploads.size, most: peak };
}
