// The commands that the S3 store sends, and what it makes of errors. Behaviour is in suite.ts.
import { Readable } from 'node:stream';
import { createS3Store } from '../../../src/adapters/stores/s3';
import { createFakeS3, s3Failure } from '../../fakes/s3-client';

const limits = { copyBytes: 10, copyPartBytes: 4, partBytes: 4 };

function start(options: Parameters<typeof createFakeS3>[0] = {}) {
  const s3 = createFakeS3(options);
  const pauses: number[] = [];
  const pause = async (ms: number) => pauses.push(ms);
  return { ...s3, pauses, store: createS3Store(s3.client, { limits, pause }) };
}

const commands = ({ sent }: Pick<ReturnType<typeof start>, 'sent'>) => sent.map(({ command }) => command);

test('a glob lists only below its literal folder, page by page', async () => {
  const { store, sent } = start();
  for (const name of ['a1', 'a2', 'a3', 'b1']) await store.writeText(`s3://bucket/raw/${name}.csv`, name);
  sent.length = 0;
  expect(await store.list('s3://bucket/raw/a*.csv')).toHaveLength(3);
  const lists = sent.filter(({ command }) => command === 'ListObjectsV2Command').map(({ input }) => input);
  const asked = { Bucket: 'bucket', Prefix: 'raw/', MaxKeys: 1000, EncodingType: 'url' };
  expect(lists).toMatchObject([asked, { ...asked, ContinuationToken: 'bucket/raw/a2.csv' }]);
});

test('an object of which the server tells no ETag has no identity, and that is told', async () => {
  const { store } = start({ etags: false });
  await store.writeText('s3://bucket/a', 'abc');
  const [seen] = await store.list('s3://bucket/a');
  if (seen === undefined) throw new Error('not there');
  await expect(store.fingerprint(seen)).rejects.toMatchObject({ kind: 'config', type: 'StoreLacks' });
  await store.remove('s3://bucket/a');
  await expect(store.fingerprint(seen)).rejects.toMatchObject({ type: 'InputVanished' });
});

test('an ETag is kept without its quotes', async () => {
  const { store } = start();
  await store.writeText('s3://bucket/a', 'abc');
  expect((await store.stat('s3://bucket/a'))?.etag).toBe('900150983cd24fb0d6963f7d28e17f72');
  expect((await store.list('s3://bucket/*')).map(({ etag }) => etag)).toEqual(['900150983cd24fb0d6963f7d28e17f72']);
});

test.each(['raw//a.csv', '/raw/a.csv'])('the key %s, to which no path leads, is not passed over', async (Key) => {
  const { store, client } = start();
  const { PutObjectCommand } = await import('@aws-sdk/client-s3');
  await client.send(new PutObjectCommand({ Bucket: 'bucket', Key, Body: 'a' }));
  await expect(store.list('s3://bucket/**/*.csv')).rejects.toMatchObject({ kind: 'data', type: 'NameNotPlain' });
  expect(await store.list('s3://bucket/*.parquet')).toEqual([]);
});

describe('putIfAbsent', () => {
  const path = 's3://bucket/r.json';

  test('asks S3 to refuse, and repeats a conflict after a pause', async () => {
    const { store, sent, failNext, pauses } = start();
    failNext.set('PutObjectCommand', [s3Failure('ConditionalRequestConflict', 409)]);
    expect(await store.putIfAbsent(path, '{}')).toBe(true);
    expect(pauses).toHaveLength(1);
    expect(sent).toHaveLength(2);
    expect(sent[0]?.input).toMatchObject({ Key: 'r.json', ContentType: 'application/json', IfNoneMatch: '*' });
    expect(await store.putIfAbsent(path, 'other')).toBe(false);
    expect(await store.readText(path)).toBe('{}');
  });

  test('a conflict without an end is one for the retries of the activity', async () => {
    const { store, sent, failNext } = start();
    failNext.set(
      'PutObjectCommand',
      Array.from({ length: 50 }, () => s3Failure('ConditionalRequestConflict', 409)),
    );
    await expect(store.putIfAbsent(path, '{}')).rejects.toMatchObject({ kind: 'throttle', type: 'WriteConflict' });
    expect(sent).toHaveLength(8);
  });

  test('a refusal of our own write, whose first answer was lost, is a success', async () => {
    const { store, afterNext } = start();
    afterNext.set('PutObjectCommand', () => {
      throw s3Failure('PreconditionFailed', 412, 2);
    });
    expect(await store.putIfAbsent(path, '{}')).toBe(true);
  });

  test('a refusal after a lost answer, by what another wrote in the same words, is none', async () => {
    const { store, failNext } = start();
    await store.putIfAbsent(path, '{}');
    failNext.set('PutObjectCommand', [s3Failure('PreconditionFailed', 412, 2)]);
    expect(await store.putIfAbsent(path, '{}')).toBe(false);
    failNext.set('PutObjectCommand', [s3Failure('ConditionalRequestConflict', 409)]);
    expect(await store.putIfAbsent(path, '{}')).toBe(false);
  });
});

test.each([
  ['AccessDenied', 403, 'permission', 'AccessDenied'],
  ['SomethingNew', 403, 'permission', 'AccessDenied'],
  ['ExpiredToken', 400, 'permission', 'CredentialsExpired'],
  ['InvalidAccessKeyId', 403, 'permission', 'CredentialsRefused'],
  ['SignatureDoesNotMatch', 403, 'permission', 'CredentialsRefused'],
  ['RequestTimeTooSkewed', 403, 'config', 'ClockWrong'],
  ['InvalidObjectState', 403, 'data', 'ObjectArchived'],
  ['SlowDown', 503, 'throttle', 'SlowDown'],
  ['TooManyRequestsException', 429, 'throttle', 'SlowDown'],
  ['NoSuchBucket', 404, 'config', 'NoSuchBucket'],
  ['PermanentRedirect', 301, 'config', 'WrongRegion'],
  ['NotImplemented', 501, 'config', 'StoreLacks'],
  ['KMS.DisabledException', 400, 'config', 'KeyUnusable'],
  ['BadDigest', 400, 'infrastructure', 'ChecksumWrong'],
  ['CredentialsProviderError', 0, 'config', 'NoCredentials'],
  ['InternalError', 500, 'infrastructure', 'StoreFailed'],
  ['TimeoutError', 0, 'infrastructure', 'StoreFailed'],
  ['RequestTimeout', 400, 'infrastructure', 'StoreFailed'],
])('%s (%d) is of kind %s', async (name, status, kind, type) => {
  const { store, failNext } = start();
  for (const command of ['GetObjectCommand', 'HeadObjectCommand', 'PutObjectCommand', 'ListObjectsV2Command']) {
    failNext.set(
      command,
      [1, 2, 3].map(() => s3Failure(name, status)),
    );
  }
  const expected = { kind, type, fields: { path: 's3://bucket/a' } };
  await expect(store.readText('s3://bucket/a')).rejects.toMatchObject(expected);
  await expect(store.readRange('s3://bucket/a', 0, 1)).rejects.toMatchObject({ kind, type });
  await expect(store.stat('s3://bucket/a')).rejects.toMatchObject(expected);
  await expect(store.writeText('s3://bucket/a', '')).rejects.toMatchObject(expected);
  await expect(store.putIfAbsent('s3://bucket/a', '')).rejects.toMatchObject(expected);
  await expect(store.hasFolder('s3://bucket/a')).rejects.toMatchObject(expected);
});

test('what nobody has modelled is a defect that names the path, not an outage', async () => {
  const { store, failNext } = start();
  failNext.set('PutObjectCommand', [s3Failure('InvalidArgument', 400)]);
  const error: unknown = await store.writeText('s3://bucket/a', '').catch((thrown: unknown) => thrown);
  expect(error).toMatchObject({ name: 'InvalidArgument', message: 'Cannot write s3://bucket/a: InvalidArgument' });
  expect(error).not.toHaveProperty('kind');
});

test('a refused access names action, ARN and what S3 said', async () => {
  const { store, failNext } = start();
  const said = Object.assign(s3Failure('AccessDenied', 403), { message: 'User u is not authorized.' });
  failNext.set('PutObjectCommand', [said]);
  await expect(store.writeText('s3a://bucket/lake/a b.json', '')).rejects.toMatchObject({
    message: 'Cannot write s3a://bucket/lake/a b.json: access is refused (User u is not authorized).',
    remedy: expect.stringContaining('s3:PutObject, s3:AbortMultipartUpload on arn:aws:s3:::bucket/lake/a b.json'),
  });
  failNext.set('ListObjectsV2Command', [s3Failure('AccessDenied', 403)]);
  await expect(store.list('s3://bucket/lake/*')).rejects.toMatchObject({
    remedy: expect.stringContaining('s3:ListBucket on arn:aws:s3:::bucket '),
  });
  await store.writeText('s3://bucket/from', 'x');
  failNext.set('CopyObjectCommand', [s3Failure('AccessDenied', 403)]);
  await expect(store.copy('s3://bucket/from', 's3://other/to')).rejects.toMatchObject({
    remedy: expect.stringMatching(
      /s3:GetObject on arn:aws:s3:::bucket\/from, and s3:PutObject.* on arn:aws:s3:::other\/to/,
    ),
  });
});

test.each([
  ['cn-north-1', 'aws-cn'],
  ['us-gov-west-1', 'aws-us-gov'],
])('in %s ARNs are of %s', async (region, partition) => {
  const { client, failNext } = start();
  const store = createS3Store(Object.assign(client, { config: { ...client.config, region: async () => region } }));
  failNext.set('PutObjectCommand', [s3Failure('AccessDenied', 403)]);
  await expect(store.writeText('s3://b/a', '')).rejects.toMatchObject({
    remedy: expect.stringContaining(`arn:${partition}:s3:::b/a`),
  });
});

test('another region is named where S3 names it', async () => {
  const { store, failNext } = start();
  const moved = Object.assign(s3Failure('PermanentRedirect', 301), {
    $response: { headers: { 'x-amz-bucket-region': 'eu-west-1' } },
  });
  failNext.set('GetObjectCommand', [
    moved,
    Object.assign(s3Failure('AuthorizationHeaderMalformed', 400), { Region: 'eu-west-1' }),
  ]);
  for (const _ of [1, 2]) {
    await expect(store.readText('s3://bucket/a')).rejects.toMatchObject({
      type: 'WrongRegion',
      remedy: expect.stringContaining('eu-west-1'),
    });
  }
});

test('a look that S3 refuses without a word is repeated in a way that it answers', async () => {
  const { store, failNext } = start();
  failNext.set('HeadObjectCommand', [s3Failure('400', 400)]);
  failNext.set('GetObjectCommand', [s3Failure('ExpiredToken', 400)]);
  await expect(store.stat('s3://bucket/a')).rejects.toMatchObject({ type: 'CredentialsExpired' });
});

test('an object in a bucket that is not there is no missing object', async () => {
  const { store, sent } = start({ buckets: ['bucket'] });
  await expect(store.stat('s3://typo/a')).rejects.toMatchObject({ kind: 'config', type: 'NoSuchBucket' });
  sent.length = 0;
  for (const name of ['a', 'b']) expect(await store.stat(`s3://bucket/${name}`)).toBeUndefined();
  expect(commands({ sent }).filter((name) => name === 'HeadBucketCommand')).toHaveLength(1);
});

test('a copy names its source escaped, and wants the content that was seen', async () => {
  const { store, sent } = start();
  await store.writeText('s3://bucket/raw/a b+ü.csv', 'x');
  await store.copy('s3a://bucket//raw/a b+ü.csv', 's3://other/copy.csv');
  expect(sent.at(-1)?.input).toEqual({
    Bucket: 'other',
    Key: 'copy.csv',
    CopySource: 'bucket/raw/a%20b%2B%C3%BC.csv',
    CopySourceIfMatch: '"9dd4e461268c8034f5c8564e155c67a6"',
  });
});

test('where the bucket keeps versions, the one that was seen is read and copied', async () => {
  const { store } = start({ versioned: true });
  await store.writeText('s3://bucket/a', 'seen');
  const seen = await store.stat('s3://bucket/a');
  if (seen === undefined) throw new Error('not there');
  await store.writeText('s3://bucket/a', 'other');
  expect(Buffer.from(await store.readRange('s3://bucket/a', 0, 9, seen)).toString()).toBe('seen');
  await store.copy('s3://bucket/a', 's3://bucket/b', { seen });
  expect(await store.readText('s3://bucket/b')).toBe('seen');
  const pinned = { ...seen, etag: 'another' };
  await expect(store.readRange('s3://bucket/a', 0, 9, pinned)).rejects.toMatchObject({ type: 'InputChanged' });
});

test('a body that breaks off is read on from there, in the same content', async () => {
  const { store, client, sent } = start();
  await store.writeText('s3://bucket/a', 'content');
  const { send } = client;
  let before = 'con';
  const broken = async function* () {
    if (before !== '') yield Buffer.from(before);
    throw Object.assign(new Error('reset'), { code: 'ECONNRESET' });
  };
  let cuts = 1;
  Object.assign(client, {
    send: async (...args: Parameters<typeof send>) => {
      const answer: unknown = await Promise.resolve(send.apply(client, args));
      const isRead = typeof answer === 'object' && answer !== null && 'Body' in answer;
      return isRead && (cuts -= 1) >= 0 ? { ...answer, Body: Readable.from(broken()) } : answer;
    },
  });
  expect(await store.readText('s3://bucket/a')).toBe('content');
  expect(sent.at(-1)?.input).toMatchObject({ Range: 'bytes=3-', IfMatch: '"9a0364b9e99bb480dd25e1f0284c8555"' });
  [cuts, before] = [1, 'content'];
  expect(await store.readText('s3://bucket/a')).toBe('content');
  [cuts, before] = [99, ''];
  await expect(store.readText('s3://bucket/a')).rejects.toMatchObject({ type: 'StoreFailed', kind: 'infrastructure' });
});

describe('in parts', () => {
  const chunks = async function* (...texts: readonly string[]) {
    for (const text of texts) yield Buffer.from(text);
  };

  test.each([
    [[], ''],
    [['abcd'], 'abcd'],
    [['ab', 'c'], 'abc'],
  ])('what fits into one request is one: %j', async (texts, whole) => {
    const { store, sent } = start();
    await store.write('s3://bucket/a', chunks(...texts));
    expect(commands({ sent })).toEqual(['PutObjectCommand']);
    expect(await store.readText('s3://bucket/a')).toBe(whole);
  });

  test.each([[['abcde']], [['ab', 'cdefgh', 'ijklm']], [['abcdefghijkl']]])('%j is put together', async (texts) => {
    const { store, sent, openUploads } = start();
    await store.write('s3://bucket/a', chunks(...texts), undefined, texts.join('').length);
    expect(commands({ sent }).slice(-1)).toEqual(['CompleteMultipartUploadCommand']);
    expect(await store.readText('s3://bucket/a')).toBe(texts.join(''));
    expect(openUploads()).toBe(0);
  });

  test('a copy that is too large for one request is made by S3 in parts, each of the content that was seen', async () => {
    const { store, sent } = start();
    await store.writeText('s3://bucket/a', 'abcdefghijklm');
    let bytes = 0;
    await store.copy('s3://bucket/a', 's3://bucket/b', { onBytes: (count) => (bytes += count) });
    expect(await store.readText('s3://bucket/b')).toBe('abcdefghijklm');
    expect(bytes).toBe(13);
    const parts = sent.filter(({ command }) => command === 'UploadPartCopyCommand').map(({ input }) => input);
    expect(parts).toHaveLength(4);
    const { etag } = (await store.stat('s3://bucket/a')) ?? {};
    for (const part of parts) expect(part).toMatchObject({ CopySourceIfMatch: `"${etag}"` });
  });

  test('a source that fails leaves neither object nor upload', async () => {
    const { store, openUploads } = start();
    const failing = async function* () {
      yield Buffer.from('abcdefgh');
      yield Buffer.from('ijklmnop');
      throw new Error('source broke');
    };
    await expect(store.write('s3://bucket/a', failing())).rejects.toThrow('source broke');
    expect(openUploads()).toBe(0);
    expect(await store.stat('s3://bucket/a')).toBeUndefined();
  });

  test.each(['UploadPartCommand', 'CompleteMultipartUploadCommand'])('a %s that fails leaves nothing', async (name) => {
    const { store, failNext, openUploads } = start();
    failNext.set(name, [s3Failure('SlowDown', 503)]);
    await expect(store.write('s3://bucket/a', chunks('abcdefgh'), undefined, 8)).rejects.toMatchObject({
      type: 'SlowDown',
    });
    expect(openUploads()).toBe(0);
    expect(await store.stat('s3://bucket/a')).toBeUndefined();
  });

  test('a cancelled copy leaves neither object nor upload', async () => {
    const { store, afterNext, openUploads } = start();
    const stop = new AbortController();
    await store.writeText('s3://bucket/a', 'abcdefghijklm');
    afterNext.set('UploadPartCopyCommand', () => stop.abort());
    await expect(store.copy('s3://bucket/a', 's3://bucket/b', { signal: stop.signal })).rejects.toThrow(/abort/i);
    expect(openUploads()).toBe(0);
    expect(await store.stat('s3://bucket/b')).toBeUndefined();
  });

  test('an abort that is refused does not hide what went wrong', async () => {
    const { store, failNext } = start();
    failNext.set('UploadPartCommand', [s3Failure('SlowDown', 503)]);
    failNext.set('AbortMultipartUploadCommand', [s3Failure('AccessDenied', 403)]);
    await expect(store.write('s3://bucket/a', chunks('abcdefgh'), undefined, 8)).rejects.toMatchObject({
      type: 'SlowDown',
    });
  });

  test('an upload that was completed, and whose answer was lost, is complete; one of somebody else is not', async () => {
    const { store, afterNext, failNext } = start();
    afterNext.set('CompleteMultipartUploadCommand', () => {
      throw s3Failure('NoSuchUpload', 404, 2);
    });
    await store.write('s3://bucket/a', chunks('abcdefgh'), undefined, 8);
    expect(await store.readText('s3://bucket/a')).toBe('abcdefgh');
    failNext.set('CompleteMultipartUploadCommand', [s3Failure('NoSuchUpload', 404, 2)]);
    await expect(store.write('s3://bucket/a', chunks('abcdefgh'), undefined, 8)).rejects.toThrow('NoSuchUpload');
  });
});

test('a path without a bucket is refused, and a whole bucket is not removed', async () => {
  const { store, sent } = start();
  await expect(store.stat('s3://')).rejects.toMatchObject({ kind: 'config', type: 'BadS3Path' });
  await expect(store.remove('s3://bucket//')).rejects.toMatchObject({ kind: 'config', type: 'BadS3Path' });
  expect(sent).toEqual([]);
});
