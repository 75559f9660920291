// What stores offer each other so that a file can go from one kind to another. Not for activities: they use the port.
import { createHash } from 'node:crypto';
import type { CopyOptions, ObjectStore, Seen } from '../../activities/ports';
import { changedSince } from './errors';

export interface ByteStore extends ObjectStore {
  /** The content that was seen; where another one is there, the bytes end with `InputChanged`, which a write must not survive. */
  read(path: string, seen?: Seen): Promise<AsyncIterable<Uint8Array>>;
  /** Whole or not at all. `size` is known when the source store tells it. */
  write(path: string, chunks: AsyncIterable<Uint8Array>, signal?: AbortSignal, size?: number): Promise<void>;
}

export async function* counted(
  chunks: AsyncIterable<Uint8Array>,
  onBytes: CopyOptions['onBytes'],
): AsyncIterable<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk;
    onBytes?.(chunk.byteLength);
  }
}

const hashed = 'sha256:';

/** Holds bytes against the fingerprint of a folder's file. */
export async function* proved(
  chunks: AsyncIterable<Uint8Array>,
  path: string,
  seen: Seen | undefined,
): AsyncIterable<Uint8Array> {
  const wanted = seen?.etag?.startsWith(hashed) === true ? seen.etag : undefined;
  const hash = createHash('sha256');
  for await (const chunk of chunks) {
    if (wanted !== undefined) hash.update(chunk);
    yield chunk;
  }
  if (seen !== undefined && wanted !== undefined && `${hashed}${hash.digest('hex')}` !== wanted) {
    throw changedSince(path, seen);
  }
}

/** The same bytes in pieces of one size, the last one smaller; none of nothing. */
export async function* inPieces(chunks: AsyncIterable<Uint8Array>, bytes: number): AsyncGenerator<Buffer, undefined> {
  let held: Uint8Array[] = [];
  let size = 0;
  for await (let chunk of chunks) {
    while (size + chunk.byteLength >= bytes) {
      held.push(chunk.subarray(0, bytes - size));
      const piece = Buffer.concat(held);
      chunk = chunk.subarray(bytes - size);
      [held, size] = [[], 0];
      yield piece;
    }
    if (chunk.byteLength > 0) held.push(chunk);
    size += chunk.byteLength;
  }
  if (size > 0) yield Buffer.concat(held);
  return undefined;
}
