// Routing by scheme, and copies from one kind of store to another.
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createStores } from '../../../src/adapters/stores';
import { createS3Store } from '../../../src/adapters/stores/s3';
import { createFakeS3 } from '../../fakes/s3-client';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'headgate-stores-'));
});

afterEach(() => rm(root, { recursive: true }));

function start() {
  const s3 = createFakeS3();
  let connections = 0;
  const connect = async () => {
    connections += 1;
    return createS3Store(s3.client);
  };
  return { store: createStores({ s3: connect }), connections: () => connections };
}

test('S3 is connected once, at the first S3 path', async () => {
  const { store, connections } = start();
  await store.writeText(join(root, 'a'), 'x');
  expect(connections()).toBe(0);
  await Promise.all([
    store.stat('s3://bucket/a'),
    store.stat('s3a://bucket/a'),
    store.list('S3://bucket/a'.toLowerCase()),
  ]);
  expect(connections()).toBe(1);
});

test('a connection that failed is tried again', async () => {
  let attempts = 0;
  const s3 = createFakeS3();
  const connect = async () => {
    attempts += 1;
    if (attempts === 1) throw new Error('no region yet');
    return createS3Store(s3.client);
  };
  const store = createStores({ s3: connect });
  await expect(store.stat('s3://bucket/a')).rejects.toThrow('no region yet');
  expect(await store.stat('s3://bucket/a')).toBeUndefined();
});

test('files go from S3 to a folder and back, with progress', async () => {
  const { store } = start();
  await store.writeText('s3://bucket/raw/a.csv', 'content');
  let bytes = 0;
  await store.copy('s3://bucket/raw/a.csv', join(root, 'deep/a.csv'), { onBytes: (count) => (bytes += count) });
  expect(await readFile(join(root, 'deep/a.csv'), 'utf8')).toBe('content');
  expect(bytes).toBe(7);
  await writeFile(join(root, 'b'), 'back');
  await store.copy(join(root, 'b'), 's3a://bucket/b');
  expect(await store.readText('s3://bucket/b')).toBe('back');
});

test.each(['S3 to a folder', 'a folder to S3'])(
  'what was seen and is now another content does not go from %s',
  async (way) => {
    const { store } = start();
    const [folder, bucket] = [join(root, 'a.csv'), 's3://bucket/a.csv'];
    const [from, to] = way === 'S3 to a folder' ? [bucket, folder] : [folder, bucket];
    await store.writeText(from, 'first');
    const stat = await store.stat(from);
    if (stat === undefined) throw new Error('not there');
    const seen = { ...stat, etag: await store.fingerprint(stat) };
    await store.copy(from, to, { seen });
    await store.remove(to);
    await store.writeText(from, 'other');
    await expect(store.copy(from, to, { seen })).rejects.toMatchObject({
      kind: 'inputs-changed',
      type: 'InputChanged',
    });
    expect(await store.stat(to)).toBeUndefined();
  },
);

test('all names of one place lead there', async () => {
  const { store } = start();
  await store.writeText('s3://bucket/a/b', 'x');
  for (const name of ['s3a://bucket/a/b', 's3n://bucket//a/b', 'S3://bucket/a//b', 's3:///bucket/a/b']) {
    expect(await store.readText(name)).toBe('x');
    expect(await store.stat(name)).toMatchObject({ path: 's3://bucket/a/b' });
    expect(await store.canonical(`${name}//`)).toBe('s3://bucket/a/b');
  }
});

test.each(['gs://bucket/a', 'https://example.org/a', 'abfss://c@a/a'])('%s is refused by name', async (path) => {
  await expect(start().store.list(path)).rejects.toMatchObject({ kind: 'config', type: 'UnknownScheme' });
});
