// One ObjectStore for every path: chooses the store by scheme. The S3 client is loaded at the first S3 path, because
// loading it costs more than a whole freeze.
//   createStores({ s3?: () => Promise<ByteStore> }): ObjectStore
import { HeadgateError } from '../../contracts/errors';
import { plainAddress } from '../../contracts/ids';
import type { ObjectStore } from '../../activities/ports';
import type { ByteStore } from './bytes';
import { counted, createFolderStore } from './folder';

export type StoresOptions = {
  /** Default: a client from the worker's AWS environment. */
  readonly s3?: () => Promise<ByteStore>;
};

async function openS3(): Promise<ByteStore> {
  const [{ S3Client }, { createS3Store }] = await Promise.all([import('@aws-sdk/client-s3'), import('./s3.js')]);
  const client = new S3Client({});
  try {
    await client.config.region();
  } catch (cause) {
    throw new HeadgateError({
      kind: 'config',
      type: 'NoRegion',
      message: 'The worker is asked for an S3 path and has no AWS region.',
      remedy: 'Set AWS_REGION, or AWS_PROFILE to a profile that has one.',
      cause,
    });
  }
  return createS3Store(client);
}

export function createStores({ s3: connectS3 = openS3 }: StoresOptions = {}): ObjectStore {
  const folder = createFolderStore();
  let s3: Promise<ByteStore> | undefined;

  async function storeOf(path: string): Promise<ByteStore> {
    const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(path)?.[1]?.toLowerCase();
    if (scheme === undefined) return folder;
    if (scheme !== 's3' && scheme !== 's3a') throw unknownScheme(path, scheme);
    s3 ??= connectS3().catch((error: unknown) => {
      s3 = undefined;
      throw error;
    });
    return s3;
  }

  return {
    list: async (pattern) => (await storeOf(pattern)).list(pattern),
    stat: async (path) => (await storeOf(path)).stat(path),
    hasFolder: async (path) => (await storeOf(path)).hasFolder(path),
    fingerprint: async (stat) => (await storeOf(stat.path)).fingerprint(stat),
    readText: async (path) => (await storeOf(path)).readText(path),
    readRange: async (path, start, end) => (await storeOf(path)).readRange(path, start, end),
    writeText: async (path, text) => (await storeOf(path)).writeText(path, text),
    putIfAbsent: async (path, text) => (await storeOf(path)).putIfAbsent(path, text),
    remove: async (path) => (await storeOf(path)).remove(path),
    // A URI tells it by itself: no client is needed.
    canonical: async (path) => (path.startsWith('/') ? folder.canonical(path) : plainAddress(path)),
    async copy(from, to, options = {}) {
      const [source, target] = await Promise.all([storeOf(from), storeOf(to)]);
      if (source === target) return source.copy(from, to, options);
      const size = (await source.stat(from))?.size;
      return target.write(to, counted(await source.read(from), options.onBytes), options.signal, size);
    },
  };
}

const unknownScheme = (path: string, scheme: string): HeadgateError =>
  new HeadgateError({
    kind: 'config',
    type: 'UnknownScheme',
    message: `Headgate cannot read ${path}: it has no store for ${scheme}://.`,
    remedy: 'Use an absolute folder path, s3:// or s3a://.',
    fields: { path, scheme },
  });
