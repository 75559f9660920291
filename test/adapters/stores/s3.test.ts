// The commands that the S3 store sends, and what it makes of errors. Behaviour is in object-store.test.ts.
import { createS3Store } from '../../../src/adapters/stores/s3';
import { createFakeS3, s3Failure } from '../../fakes/s3-client';

function start() {
  const s3 = createFakeS3();
  return { ...s3, store: createS3Store(s3.client) };
}

test('a glob lists only below its literal folder, page by page', async () => {
  const { store, sent } = start();
  for (const name of ['a1', 'a2', 'a3', 'b1']) await store.writeText(`s3://bucket/raw/${name}.csv`, name);
  sent.length = 0;
  expect(await store.list('s3://bucket/raw/a*.csv')).toHaveLength(3);
  const lists = sent.filter(({ command }) => command === 'ListObjectsV2Command').map(({ input }) => input);
  expect(lists).toEqual([
    { Bucket: 'bucket', Prefix: 'raw/', MaxKeys: 1000 },
    { Bucket: 'bucket', Prefix: 'raw/', MaxKeys: 1000, ContinuationToken: 'bucket/raw/a2.csv' },
  ]);
});

test('an ETag is kept without its quotes', async () => {
  const { store } = start();
  await store.writeText('s3://bucket/a', 'abc');
  expect((await store.stat('s3://bucket/a'))?.etag).toBe('900150983cd24fb0d6963f7d28e17f72');
  expect((await store.list('s3://bucket/*')).map(({ etag }) => etag)).toEqual(['900150983cd24fb0d6963f7d28e17f72']);
});

test('putIfAbsent asks S3 to refuse, and repeats a conflict', async () => {
  const { store, sent, failNext } = start();
  failNext.set('PutObjectCommand', [s3Failure('ConditionalRequestConflict', 409)]);
  expect(await store.putIfAbsent('s3://bucket/r.json', '{}')).toBe(true);
  expect(sent).toHaveLength(2);
  expect(sent[0]?.input).toEqual({
    Bucket: 'bucket',
    Key: 'r.json',
    Body: '{}',
    ContentType: 'application/json',
    IfNoneMatch: '*',
  });
  expect(await store.putIfAbsent('s3://bucket/r.json', 'other')).toBe(false);
});

test.each([
  ['AccessDenied', 403, 'permission', 'AccessDenied'],
  ['SomethingNew', 403, 'permission', 'AccessDenied'],
  ['SlowDown', 503, 'throttle', 'SlowDown'],
  ['NoSuchBucket', 404, 'config', 'NoSuchBucket'],
  ['CredentialsProviderError', 0, 'config', 'NoCredentials'],
  ['InternalError', 500, 'infrastructure', 'StoreFailed'],
])('%s (%d) is of kind %s', async (name, status, kind, type) => {
  const { store, failNext } = start();
  for (const command of ['GetObjectCommand', 'HeadObjectCommand', 'PutObjectCommand']) {
    failNext.set(command, [s3Failure(name, status)]);
  }
  const expected = { kind, type, fields: { path: 's3://bucket/a' } };
  await expect(store.readText('s3://bucket/a')).rejects.toMatchObject(expected);
  await expect(store.stat('s3://bucket/a')).rejects.toMatchObject(expected);
  await expect(store.writeText('s3://bucket/a', '')).rejects.toMatchObject(expected);
});

test('a copy names its source escaped', async () => {
  const { store, sent } = start();
  await store.writeText('s3://bucket/raw/a b+ü.csv', 'x');
  await store.copy('s3://bucket/raw/a b+ü.csv', 's3://other/copy.csv');
  expect(sent.at(-1)?.input).toEqual({
    Bucket: 'other',
    Key: 'copy.csv',
    CopySource: 'bucket/raw/a%20b%2B%C3%BC.csv',
  });
});

test('a path without a bucket is refused', async () => {
  await expect(start().store.stat('s3:///a')).rejects.toMatchObject({ kind: 'config', type: 'BadS3Path' });
});
