import { mkdtemp, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extractInputs, type ExtractProgress } from '../../src/activities/extract';
import { createStores } from '../../src/adapters/stores';
import { createS3Store } from '../../src/adapters/stores/s3';
import type { ObjectStore } from '../../src/activities/ports';
import type { FrozenBatch } from '../../src/contracts/batch';
import { createFakeS3 } from '../fakes/s3-client';
import { samplePipeline, sampleSource } from '../fakes/pipeline';
import { createRuns } from '../fakes/runs';

let root: string;
let store: ObjectStore;

beforeEach(async () => {
  root = await mkdtemp(`${tmpdir()}/headgate-extract-`);
  store = createStores({ s3: async () => createS3Store(s3.client) });
});

afterEach(() => rm(root, { recursive: true }));

const s3 = createFakeS3();

async function freeze(path = `${root}/raw/*`, extract: 'in-place' | 'copy' = 'copy') {
  const pipeline = samplePipeline({ sources: [sampleSource({ path, extract })], state: `${root}/state` });
  const frozen = await createRuns(store, pipeline).freeze();
  if (frozen.kind !== 'batch') throw new Error('no batch');
  return { pipeline, batch: frozen.batch };
}

const fill = async (files: Readonly<Record<string, string>>): Promise<void> => {
  for (const [name, text] of Object.entries(files)) await store.writeText(`${root}/raw/${name}`, text);
};

/** Content of the copies, in any order. */
async function copies({ digest }: FrozenBatch): Promise<readonly string[]> {
  const folder = `${root}/state/batches/${digest}/inputs`;
  const names = await readdir(folder);
  const texts = await Promise.all(names.map((name) => readFile(`${folder}/${name}`, 'utf8')));
  return texts.toSorted();
}

test('copies what must be copied, and tells how far it is', async () => {
  await fill({ 'a.csv': 'aa', 'b:1.csv': 'bbb', '[c].csv': 'c' });
  const frozen = await freeze(undefined, 'in-place');
  const seen: ExtractProgress[] = [];
  const result = await extractInputs(frozen, { store }, { onProgress: (progress) => seen.push(progress) });
  expect(result).toEqual({ copied: 2, skipped: 0, bytes: 4 });
  expect(await copies(frozen.batch)).toEqual(['bbb', 'c']);
  expect(seen.at(-1)).toEqual({ filesDone: 2, filesTotal: 2, bytesDone: 4, bytesTotal: 4 });
});

test('a second attempt copies only what is missing or wrong', async () => {
  await fill({ 'a.csv': 'aa', 'b.csv': 'bb', 'c.csv': 'cc' });
  const frozen = await freeze();
  await extractInputs(frozen, { store });
  const folder = `${root}/state/batches/${frozen.batch.digest}/inputs`;
  const [first = '', second = ''] = await readdir(folder);
  await rm(`${folder}/${first}`);
  await writeFile(`${folder}/${second}`, 'xx');
  expect(await extractInputs(frozen, { store })).toEqual({ copied: 2, skipped: 1, bytes: 4 });
  expect(await copies(frozen.batch)).toEqual(['aa', 'bb', 'cc']);
});

test.each([
  ['of another size', 'aaa'],
  ['of the same size', 'xx'],
])('a file that changed since the freeze, %s, is refused and its copy removed', async (_, text) => {
  await fill({ 'a.csv': 'aa' });
  const frozen = await freeze();
  await writeFile(`${root}/raw/a.csv`, text);
  await expect(extractInputs(frozen, { store })).rejects.toMatchObject({
    kind: 'inputs-changed',
    type: 'InputChanged',
    fields: { file: `${root}/raw/a.csv`, source: 'sales' },
  });
  expect(await copies(frozen.batch)).toEqual([]);
});

test('a file that is gone since the freeze is refused', async () => {
  await fill({ 'a.csv': 'aa' });
  const frozen = await freeze();
  await rm(`${root}/raw/a.csv`);
  await expect(extractInputs(frozen, { store })).rejects.toMatchObject({
    type: 'InputChanged',
    message: expect.stringContaining('is gone'),
  });
});

test('a file that was only touched is fine', async () => {
  await fill({ 'a.csv': 'aa' });
  const frozen = await freeze();
  await utimes(`${root}/raw/a.csv`, 1, 1);
  expect(await extractInputs(frozen, { store })).toMatchObject({ copied: 1 });
});

test('a copy that was made outlives its source', async () => {
  await fill({ 'a.csv': 'aa' });
  const frozen = await freeze();
  await extractInputs(frozen, { store });
  await rm(`${root}/raw/a.csv`);
  expect(await extractInputs(frozen, { store })).toEqual({ copied: 0, skipped: 1, bytes: 0 });
});

test('files come from S3, unless they changed there', async () => {
  await store.writeText('s3://bucket/raw/a.csv', 'aa');
  await store.writeText('s3://bucket/raw/b.csv', 'bb');
  const frozen = await freeze('s3://bucket/raw/*.csv');
  await extractInputs(frozen, { store });
  expect(await copies(frozen.batch)).toEqual(['aa', 'bb']);
  await rm(`${root}/state/batches/${frozen.batch.digest}/inputs`, { recursive: true });
  await store.writeText('s3://bucket/raw/a.csv', 'xx');
  await expect(extractInputs(frozen, { store })).rejects.toMatchObject({ type: 'InputChanged' });
  expect(await copies(frozen.batch)).not.toContain('xx');
});

test('what lies there in another size is no copy, where the ETag proves nothing', async () => {
  await store.writeText('s3://bucket/one/a.csv', 'aa');
  const frozen = await freeze('s3://bucket/one/a.csv');
  await extractInputs(frozen, { store });
  const folder = `${root}/state/batches/${frozen.batch.digest}/inputs`;
  const [name = ''] = await readdir(folder);
  await writeFile(`${folder}/${name}`, 'damaged');
  expect(await extractInputs(frozen, { store })).toEqual({ copied: 1, skipped: 0, bytes: 2 });
  expect(await copies(frozen.batch)).toEqual(['aa']);
});

test('an abort stops before the next file', async () => {
  await fill({ 'a.csv': 'aa' });
  const frozen = await freeze();
  await expect(extractInputs(frozen, { store }, { signal: AbortSignal.abort() })).rejects.toThrow(/abort/i);
});

test('a manifest that is gone asks for a new freeze', async () => {
  await fill({ 'a.csv': 'aa' });
  const frozen = await freeze();
  await rm(frozen.batch.manifestPath);
  await expect(extractInputs(frozen, { store })).rejects.toMatchObject({
    kind: 'inputs-changed',
    type: 'ManifestGone',
  });
});
