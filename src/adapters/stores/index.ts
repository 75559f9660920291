// One ObjectStore for every path: chooses the store by scheme. The S3 client is loaded at the first S3 path, because
// loading it costs more than a whole freeze.
//   createStores({ s3?: () => Promise<ByteStore> }): ObjectStore
import { HeadgateError } from '../../contracts/errors';
import { plainAddress, schemeOf } from '../../contracts/ids';
import type { ObjectStore } from '../../activities/ports';
import { createOnce } from '../once';
import { counted, type ByteStore } from './bytes';
import { createFolderStore } from './folder';

export type StoresOptions = {
  /** Default: a client from the worker's AWS environment. */
  readonly s3?: () => Promise<ByteStore>;
};

async function openS3(): Promise<ByteStore> {
  const [{ createS3Client }, { createS3Store }] = await Promise.all([import('./s3-client.js'), import('./s3.js')]);
  return createS3Store(await createS3Client());
}

export function createStores({ s3: connectS3 = openS3 }: StoresOptions = {}): ObjectStore {
  const folder = createFolderStore();
  const s3 = createOnce(connectS3);

  async function storeOf(path: string): Promise<ByteStore> {
    const scheme = schemeOf(path);
    if (scheme === undefined) return folder;
    if (scheme !== 's3') throw unknownScheme(path, scheme);
    return s3();
  }

  return {
    list: async (pattern) => (await storeOf(pattern)).list(pattern),
    stat: async (path) => (await storeOf(path)).stat(path),
    hasFolder: async (path) => (await storeOf(path)).hasFolder(path),
    fingerprint: async (stat) => (await storeOf(stat.path)).fingerprint(stat),
    readText: async (path) => (await storeOf(path)).readText(path),
    readRange: async (path, ...range) => (await storeOf(path)).readRange(path, ...range),
    writeText: async (path, text) => (await storeOf(path)).writeText(path, text),
    putIfAbsent: async (path, text) => (await storeOf(path)).putIfAbsent(path, text),
    remove: async (path) => (await storeOf(path)).remove(path),
    // A URI tells it by itself: no client is needed.
    canonical: async (path) => (schemeOf(path) === undefined ? folder.canonical(path) : plainAddress(path)),
    async copy(from, to, options = {}) {
      const [source, target] = await Promise.all([storeOf(from), storeOf(to)]);
      if (source === target) return source.copy(from, to, options);
      const { onBytes, signal, seen } = options;
      const size = (seen ?? (await source.stat(from)))?.size;
      return target.write(to, counted(await source.read(from, seen), onBytes), signal, size);
    },
  };
}

const unknownScheme = (path: string, scheme: string): HeadgateError =>
  new HeadgateError({
    kind: 'config',
    type: 'UnknownScheme',
    message: `Headgate cannot read ${path}: it has no store for ${scheme}://.`,
    remedy: 'Use an absolute folder path, or s3://.',
    fields: { path, scheme },
  });
