// Copies the frozen files that Spark cannot or must not read where they are. Resumable: what is there and right stays.
//   extractInputs({ batch }, { store }, { onProgress?, signal? }): Promise<ExtractResult>
import type { FrozenBatch, InputFile } from '../contracts/batch';
import { HeadgateError } from '../contracts/errors';
import { readManifest } from './freeze-manifest';
import type { ObjectStat, ObjectStore } from './ports';
import { escapeGlob } from '../domain/glob';
import { callsAtOnce, mapBounded } from '../domain/map-bounded';

export type ExtractInput = { readonly batch: Pick<FrozenBatch, 'manifestPath'> };

export type ExtractProgress = {
  readonly filesDone: number;
  readonly filesTotal: number;
  readonly bytesDone: number;
  readonly bytesTotal: number;
};

export type ExtractOptions = {
  readonly onProgress?: (progress: ExtractProgress) => void;
  readonly signal?: AbortSignal;
};

/** `skipped`: copies of an earlier attempt. */
export type ExtractResult = { readonly copied: number; readonly skipped: number; readonly bytes: number };

const tickMs = 1000;

export async function extractInputs(
  { batch }: ExtractInput,
  { store }: { readonly store: ObjectStore },
  { onProgress, signal }: ExtractOptions = {},
): Promise<ExtractResult> {
  const files = (await readManifest(batch.manifestPath, store)).files.filter((file) => file.readPath !== file.path);
  const bytesTotal = files.reduce((sum, file) => sum + file.size, 0);
  const done = { files: 0, bytes: 0, copied: 0, skipped: 0, copiedBytes: 0 };
  const tell = (): void =>
    onProgress?.({ filesDone: done.files, filesTotal: files.length, bytesDone: done.bytes, bytesTotal });

  const there = await listCopies(files, store);

  // Ticks also while a large copy is fingerprinted: silence would be taken for death.
  const ticks = setInterval(tell, tickMs);
  const extract = async (file: InputFile): Promise<void> => {
    signal?.throwIfAborted();
    if (await isCopied(file, there.get(file.readPath), store)) {
      done.skipped += 1;
      done.bytes += file.size;
    } else {
      const onBytes = (bytes: number): void => {
        done.bytes += bytes;
        tell();
      };
      await copyFrozen(file, store, { onBytes, ...(signal === undefined ? {} : { signal }) });
      done.copied += 1;
      done.copiedBytes += file.size;
    }
    done.files += 1;
    tell();
  };
  try {
    await mapBounded(files, callsAtOnce, extract);
  } finally {
    clearInterval(ticks);
  }
  return { copied: done.copied, skipped: done.skipped, bytes: done.copiedBytes };
}

/** Copies of earlier attempts, by one listing for all. */
async function listCopies(files: readonly InputFile[], store: ObjectStore): Promise<ReadonlyMap<string, ObjectStat>> {
  const folders = new Set(files.map(({ readPath }) => readPath.slice(0, readPath.lastIndexOf('/'))));
  const found = await mapBounded([...folders], callsAtOnce, (folder) => store.list(escapeGlob(folder)));
  return new Map(found.flat().map((stat) => [stat.path, stat]));
}

/** A copy appears whole or not at all, under a name made from the fingerprint; where it can, its content is proved. */
async function isCopied(file: InputFile, copy: ObjectStat | undefined, store: ObjectStore): Promise<boolean> {
  if (copy === undefined || copy.size !== file.size) return false;
  return !canProve(file, copy) || (await store.fingerprint(copy)) === file.etag;
}

/** S3 gives a copy an ETag of its own, which says nothing about the original. */
const canProve = (file: InputFile, copy: ObjectStat): boolean =>
  file.etag.startsWith('sha256:') && copy.etag === undefined;

/** The store makes no copy of another content than the frozen one. */
async function copyFrozen(
  file: InputFile,
  store: ObjectStore,
  options: { readonly onBytes: (bytes: number) => void; readonly signal?: AbortSignal },
): Promise<void> {
  try {
    await store.copy(file.path, file.readPath, { ...options, seen: file });
  } catch (error) {
    if (!(error instanceof HeadgateError && error.kind === 'inputs-changed')) throw error;
    throw changed(file, error.type === 'InputVanished' ? 'is gone' : 'has changed', error);
  }
}

const changed = (file: InputFile, what: string, cause: unknown): HeadgateError =>
  new HeadgateError({
    kind: 'inputs-changed',
    type: 'InputChanged',
    message: `${file.path} ${what} since the batch was frozen.`,
    remedy: 'Nothing to do: a new batch is frozen from the files that are there now.',
    fields: { file: file.path, source: file.source, frozenSize: file.size, frozenEtag: file.etag },
    cause,
  });
