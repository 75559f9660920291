// Objects that S3 takes in parts only. An upload that does not complete is aborted: its parts would cost money for ever.
import {
  AbortMultipartUploadCommand,
  CompleteMultipartUploadCommand,
  CreateMultipartUploadCommand,
  HeadObjectCommand,
  UploadPartCommand,
  UploadPartCopyCommand,
  type CompletedPart,
  type CopyPartResult,
  type S3Client,
} from '@aws-sdk/client-s3';
import { randomUUID } from 'node:crypto';
import { mapBounded } from '../../domain/map-bounded';
import type { Location } from './s3-address';
import { nameOf } from './errors';

/** What one request may carry. */
export type Limits = {
  /** Of a copy that S3 makes in one request. It takes 5 GiB; a smaller one ends sooner when it is cancelled. */
  readonly copyBytes: number;
  readonly copyPartBytes: number;
  readonly partBytes: number;
};

const MiB = 1024 ** 2;

export const s3Limits: Limits = { copyBytes: 512 * MiB, copyPartBytes: 512 * MiB, partBytes: 8 * MiB };

const mostParts = 10_000;
/** Of one object: a copy in parts is work of S3, not of this machine. */
const partCopiesAtOnce = 8;

/** Parts of an object of unknown size must do for a large one. */
export const partBytesFor = (size: number | undefined, least: number): number =>
  size === undefined ? 4 * least : Math.max(least, Math.ceil(size / mostParts));

/** Name of the writer in the object's metadata: tells our own write from another's when an answer was lost. */
export const writerOf = (writer: string): { readonly Metadata: Readonly<Record<string, string>> } => ({
  Metadata: { 'headgate-writer': writer },
});

export async function isWrittenBy(writer: string, at: Location, client: S3Client): Promise<boolean> {
  const { Metadata } = await client.send(new HeadObjectCommand(at));
  return Metadata?.['headgate-writer'] === writer;
}

export const until = (signal: AbortSignal | undefined): { readonly abortSignal?: AbortSignal } =>
  signal === undefined ? {} : { abortSignal: signal };

type Upload = Location & { readonly UploadId: string | undefined };

export type PartsJob = { readonly client: S3Client; readonly to: Location; readonly signal?: AbortSignal };

const toPart = (PartNumber: number, made: CopyPartResult | undefined): CompletedPart => ({
  PartNumber,
  ...(made?.ETag === undefined ? {} : { ETag: made.ETag }),
  ...(made?.ChecksumCRC32 === undefined ? {} : { ChecksumCRC32: made.ChecksumCRC32 }),
});

async function upload(
  { client, to, signal }: PartsJob,
  fill: (upload: Upload) => Promise<readonly CompletedPart[]>,
): Promise<void> {
  const writer = randomUUID();
  const start = new CreateMultipartUploadCommand({ ...to, ...writerOf(writer) });
  const { UploadId } = await client.send(start, until(signal));
  try {
    const Parts = [...(await fill({ ...to, UploadId }))];
    signal?.throwIfAborted();
    const end = new CompleteMultipartUploadCommand({ ...to, UploadId, MultipartUpload: { Parts } });
    try {
      await client.send(end);
    } catch (error) {
      // Completed by a request whose answer was lost, there is no upload any more.
      if (nameOf(error) !== 'NoSuchUpload' || !(await isWrittenBy(writer, to, client))) throw error;
    }
  } catch (error) {
    // What went wrong first counts; parts that stay are the business of the bucket's lifecycle rule.
    await client.send(new AbortMultipartUploadCommand({ ...to, UploadId })).catch(() => undefined);
    throw error;
  }
}

/** One part after another: a copy of many files at once sends many of them already. */
export function uploadPieces(job: PartsJob, pieces: AsyncIterable<Buffer>): Promise<void> {
  return upload(job, async (at) => {
    const parts: CompletedPart[] = [];
    for await (const Body of pieces) {
      job.signal?.throwIfAborted();
      const PartNumber = parts.length + 1;
      const command = new UploadPartCommand({ ...at, PartNumber, Body });
      parts.push(toPart(PartNumber, await job.client.send(command, until(job.signal))));
    }
    return parts;
  });
}

/** `source`: what every part must be copied from, and on which conditions. */
export function copyInParts(
  job: PartsJob,
  source: { readonly CopySource: string; readonly CopySourceIfMatch?: string },
  { size, partBytes, onBytes }: { size: number; partBytes: number; onBytes?: ((bytes: number) => void) | undefined },
): Promise<void> {
  const bytes = partBytesFor(size, partBytes);
  const starts = Array.from({ length: Math.ceil(size / bytes) }, (_, index) => index * bytes);
  return upload(job, (at) =>
    mapBounded(starts, partCopiesAtOnce, async (start, index) => {
      job.signal?.throwIfAborted();
      const end = Math.min(start + bytes, size);
      const range = { PartNumber: index + 1, CopySourceRange: `bytes=${start}-${end - 1}` };
      const command = new UploadPartCopyCommand({ ...at, ...source, ...range });
      const { CopyPartResult: made } = await job.client.send(command, until(job.signal));
      onBytes?.(end - start);
      return toPart(index + 1, made);
    }),
  );
}
