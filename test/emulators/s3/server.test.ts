// The S3 server keeps the promise that everything here rests on: of many writers of one new key one wins.
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { S3Client } from '@aws-sdk/client-s3';
import { createS3Store } from '../../../src/adapters/stores/s3';
import { startS3Server, type S3Server } from './server';

let data: string;
let server: S3Server;
let client: S3Client;

beforeAll(async () => {
  data = await mkdtemp(join(tmpdir(), 'headgate-s3-'));
  server = await startS3Server({ data, buckets: ['lake'] });
  const { AWS_REGION: region, AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey } = server.env;
  client = new S3Client({
    endpoint: server.endpoint,
    region,
    forcePathStyle: true,
    credentials: { accessKeyId, secretAccessKey },
  });
});

afterAll(async () => {
  client.destroy();
  await server.stop();
  await rm(data, { recursive: true });
});

it('lets one of 16 writers make a key, in 20 rounds of 20', async () => {
  const store = createS3Store(client);
  for (let round = 1; round <= 20; round += 1) {
    const path = `s3://lake/race/${round}`;
    const won = await Promise.all(
      Array.from({ length: 16 }, async (_, writer) =>
        (await store.putIfAbsent(path, String(writer))) ? [writer] : [],
      ),
    );
    const winners = won.flat();
    expect(winners).toHaveLength(1);
    expect(await store.readText(path)).toBe(String(winners[0]));
  }
});

it('keeps objects as files of their bucket', async () => {
  await createS3Store(client).writeText('s3://lake/a b/ü.txt', 'text');
  expect(await readFile(join(data, 'buckets', 'lake', 'a b', 'ü.txt'), 'utf8')).toBe('text');
});
