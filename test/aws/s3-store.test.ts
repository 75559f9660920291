// The S3 store on a real S3 server, over the network: the suite of all stores, and what only a server can show.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ListMultipartUploadsCommand, type S3Client } from '@aws-sdk/client-s3';
import { createS3Store } from '../../src/adapters/stores/s3';
import { createS3Client } from '../../src/adapters/stores/s3-client';
import { mapBounded } from '../../src/domain/map-bounded';
import { storeSuite } from '../adapters/stores/suite';
import { startS3Server, type S3Server } from '../emulators/s3/server';
import { startFaults, type Faults } from './faults';

let data: string;
let server: S3Server;
let faults: Faults;
let client: S3Client;
let roots = 0;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'headgate-s3-'));
  server = await startS3Server({ data, buckets: ['lake'] });
  Object.assign(process.env, server.env);
  faults = await startFaults(server.endpoint);
  client = await createS3Client();
});

afterAll(async () => {
  client.destroy();
  await faults.stop();
  await server.stop();
  await rm(data, { recursive: true });
});

const newRoot = async (): Promise<string> => `s3a://lake/suite ${(roots += 1)}`;

storeSuite({ create: () => createS3Store(client), newRoot, hasKeysBelowKeys: false });

test('lists more than one page, whole and in order', async () => {
  const store = createS3Store(client);
  const paths = Array.from({ length: 2500 }, (_, index) => `s3://lake/many/part-${String(index).padStart(5, '0')}.csv`);
  await mapBounded(paths, 32, (path) => store.writeText(path, 'x'));
  expect((await store.list('s3://lake/many/*.csv')).map(({ path }) => path)).toEqual(paths);
  await store.remove('s3://lake/many');
  expect(await store.list('s3://lake/many')).toEqual([]);
});

describe('large objects', () => {
  const MiB = 1024 ** 2;
  const limits = { copyBytes: 6 * MiB, copyPartBytes: 5 * MiB, partBytes: 5 * MiB };
  const piece = (index: number): Buffer => Buffer.alloc(MiB, index + 1);
  const chunks = async function* (count: number) {
    for (let index = 0; index < count; index += 1) yield piece(index);
  };
  const openUploads = async () =>
    (await client.send(new ListMultipartUploadsCommand({ Bucket: 'lake' }))).Uploads ?? [];

  test('are put together and copied in parts, byte for byte', async () => {
    const store = createS3Store(client, { limits });
    await store.write('s3://lake/large/a b+c', chunks(13), undefined, 13 * MiB);
    await store.copy('s3://lake/large/a b+c', 's3://lake/large/copy');
    for (const path of ['s3://lake/large/a b+c', 's3://lake/large/copy']) {
      expect((await store.stat(path))?.size).toBe(13 * MiB);
      for (const index of [0, 4, 5, 12]) {
        const read = await store.readRange(path, index * MiB, (index + 1) * MiB);
        expect(Buffer.compare(Buffer.from(read), piece(index))).toBe(0);
      }
    }
    expect(await openUploads()).toEqual([]);
  });

  test('leave nothing when their source breaks, or they are cancelled', async () => {
    const store = createS3Store(client, { limits });
    const stop = new AbortController();
    const cut = async function* (how: () => void) {
      yield* chunks(11);
      how();
      yield* chunks(11);
    };
    const fail = () => {
      throw new Error('source broke');
    };
    await expect(store.write('s3://lake/large/cut', cut(fail), undefined, 22 * MiB)).rejects.toThrow('source broke');
    const cancelled = store.write(
      's3://lake/large/cut',
      cut(() => stop.abort()),
      stop.signal,
      22 * MiB,
    );
    await expect(cancelled).rejects.toThrow(/abort/i);
    expect(await store.stat('s3://lake/large/cut')).toBeUndefined();
    expect(await openUploads()).toEqual([]);
  });
});

describe('behind a network that fails', () => {
  const open = async (maxAttempts = 3) => {
    const broken = await createS3Client({ endpoint: faults.endpoint, maxAttempts });
    return { store: createS3Store(broken, { pause: async () => undefined }), close: () => broken.destroy() };
  };

  test.each(['503', '500', 'cut', 'lost'] as const)(
    'every call goes on after one %s, and says what is true',
    async (fault) => {
      const { store, close } = await open();
      const root = `s3://lake/faults-${fault}`;
      const path = `${root}/a`;
      for (const call of [
        async () => expect(await store.putIfAbsent(path, 'first')).toBe(true),
        async () => expect(await store.putIfAbsent(path, 'first')).toBe(false),
        async () => expect(await store.readText(path)).toBe('first'),
        async () => expect(await store.list(`${root}/*`)).toHaveLength(1),
        async () => store.copy(path, `${root}/b`),
        async () => store.writeText(`${root}/c`, 'third'),
        async () => store.remove(`${root}/b`),
      ]) {
        faults.next(fault);
        await call();
        expect(faults.left()).toBe(0);
      }
      expect((await store.list(root)).map((stat) => stat.path)).toEqual([path, `${root}/c`]);
      close();
    },
  );

  test('a body that is cut in the middle is read to its end', async () => {
    const { store, close } = await open();
    const text = 'x'.repeat(3_000_000);
    await store.writeText('s3://lake/cut', text);
    faults.next('half');
    expect(await store.readText('s3://lake/cut')).toBe(text);
    expect(faults.left()).toBe(0);
    close();
  });

  test.each([
    ['503', { kind: 'throttle', type: 'SlowDown' }],
    ['cut', { kind: 'infrastructure', type: 'StoreFailed' }],
    ['409', { kind: 'throttle', type: 'WriteConflict' }],
  ] as const)('%s without an end is told as what it is', async (fault, expected) => {
    const { store, close } = await open(2);
    faults.always(fault);
    await expect(store.putIfAbsent(`s3://lake/never-${fault}`, 'x')).rejects.toMatchObject(expected);
    faults.always(undefined);
    expect(await store.putIfAbsent(`s3://lake/never-${fault}`, 'x')).toBe(true);
    close();
  });

  test('what arrives damaged is refused by the server, and the write repeated or failed', async () => {
    const { store, close } = await open();
    faults.next('flip');
    await expect(store.writeText('s3://lake/damaged', 'whole content')).rejects.toMatchObject({
      kind: 'infrastructure',
    });
    expect(await store.stat('s3://lake/damaged')).toBeUndefined();
    close();
  });
});

test('refused credentials and a missing bucket are told as such', async () => {
  const strangers = await createS3Client({ credentials: { accessKeyId: 'nobody', secretAccessKey: 'nothing' } });
  const refused = createS3Store(strangers);
  for (const call of [
    () => refused.stat('s3://lake/a'),
    () => refused.list('s3://lake/*'),
    () => refused.putIfAbsent('s3://lake/a', ''),
  ]) {
    await expect(call()).rejects.toMatchObject({ kind: 'permission' });
  }
  strangers.destroy();
  const store = createS3Store(client);
  for (const call of [
    () => store.stat('s3://none/a'),
    () => store.list('s3://none/*'),
    () => store.readText('s3://none/a'),
    () => store.writeText('s3://none/a', ''),
  ]) {
    await expect(call()).rejects.toMatchObject({ kind: 'config', type: 'NoSuchBucket' });
  }
});
