// The try-out as a user starts it: it says what to set, serves, and nothing of it is left however it ends.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { EMRClient, ListClustersCommand, RunJobFlowCommand } from '@aws-sdk/client-emr';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { processesOf } from './processes';
import { flow, step, until } from './support';

let data: string;
let child: ChildProcess;
let env: Record<string, string>;

beforeEach(async () => {
  data = mkdtempSync(join(tmpdir(), 'headgate-try-'));
  const bootstrap = resolve(__dirname, '..', '..', '..', 'src', 'setup', 'bootstrap.cjs');
  child = spawn(process.execPath, [bootstrap, 'emulator:emr', '--data', data, '--port', '0', '--s3-port', '0'], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, NODE_NO_WARNINGS: '1' },
  });
  let told = '';
  child.stdout?.on('data', (chunk: Buffer) => (told += chunk.toString()));
  const isTold = async (): Promise<boolean> => /In another terminal/.test(told);
  await until(isTold, Boolean, 120);
  env = Object.fromEntries([...told.matchAll(/^export (\w+)=(.*)$/gm)].map(([, name, value]) => [name, value]));
});

afterEach(async () => {
  child.kill('SIGKILL');
  await until(
    () => processesOf(data),
    (left) => left.length === 0,
  );
  await rm(data, { recursive: true, force: true });
});

const credentials = () => ({
  accessKeyId: env['AWS_ACCESS_KEY_ID'] ?? '',
  secretAccessKey: env['AWS_SECRET_ACCESS_KEY'] ?? '',
});

const emr = (): EMRClient =>
  new EMRClient({
    endpoint: env['AWS_ENDPOINT_URL_EMR'] ?? '',
    region: env['AWS_REGION'] ?? '',
    credentials: credentials(),
  });

it('serves both with what it says to set, and Ctrl-C ends it and keeps the data', async () => {
  expect((await emr().send(new ListClustersCommand({}))).Clusters).toEqual([]);
  const s3 = new S3Client({
    endpoint: env['AWS_ENDPOINT_URL_S3'] ?? '',
    region: env['AWS_REGION'] ?? '',
    forcePathStyle: true,
    credentials: credentials(),
  });
  await s3.send(new PutObjectCommand({ Bucket: 'lake', Key: 'kept', Body: 'x' }));
  child.kill('SIGINT');
  expect(await once(child, 'exit')).toEqual([0, null]);
  expect(await processesOf(data)).toEqual([]);
  expect(await readdir(join(data, 'buckets', 'lake'))).toEqual(['kept']);
  expect((await readdir(join(data, 'buckets', 'raw'))).toSorted()).toEqual(['customer_data.parquet', 'sales_data.csv']);
  const { stdout } = spawnSync('/bin/sh', ['-c', `. ${data}/env && echo $AWS_ENDPOINT_URL_EMR`], { encoding: 'utf8' });
  expect(stdout.trim()).toBe(env['AWS_ENDPOINT_URL_EMR']);
});

it('leaves neither server nor step when it is killed', async () => {
  const hang = step('hang', ['spark-submit', '--conf', 'spark.jars=s3://lake/none', 's3://lake/none.py']);
  await emr().send(new RunJobFlowCommand({ ...flow, Steps: [hang] }));
  // The S3 server and its supervisor, the step and its supervisor.
  await until(
    () => processesOf(data),
    (found) => found.filter((pid) => pid !== child.pid).length >= 4,
  );
  child.kill('SIGKILL');
  await until(
    () => processesOf(data),
    (found) => found.length === 0,
    20,
  );
});
