// What stores offer each other so that a file can go from one kind to another. Not for activities: they use the port.
import type { ObjectStore } from '../../activities/ports';

export interface ByteStore extends ObjectStore {
  read(path: string): Promise<AsyncIterable<Uint8Array>>;
  /** Whole or not at all. `size` is known when the source store tells it. */
  write(path: string, chunks: AsyncIterable<Uint8Array>, signal?: AbortSignal, size?: number): Promise<void>;
}
