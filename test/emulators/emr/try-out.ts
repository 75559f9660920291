// What the try-out has beside the servers: a sample in the bucket `raw`, and a file with the environment to use.
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';

const sparkFolder = resolve(__dirname, '..', '..', '..', 'spark');
const sampleRows = 20_000;

/** Sales and customers of the shipped pipeline; nothing where the bucket has anything. */
export async function fillRaw(s3: S3Client, bucket: string, python: string): Promise<void> {
  const { KeyCount: count } = await s3.send(new ListObjectsV2Command({ Bucket: bucket, MaxKeys: 1 }));
  if ((count ?? 0) > 0) return;
  const folder = await mkdtemp(join(tmpdir(), 'headgate-sample-'));
  try {
    const args = ['-m', 'headgate_spark.sample', '--out', folder, '--rows', String(sampleRows)];
    await promisify(execFile)(python, args, { env: { ...process.env, PYTHONPATH: sparkFolder } });
    for (const name of await readdir(folder)) {
      await s3.send(new PutObjectCommand({ Bucket: bucket, Key: name, Body: await readFile(join(folder, name)) }));
    }
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** To be read by a shell. The keys are those of a server on loopback. */
export async function writeEnvironment(file: string, env: Readonly<Record<string, string>>): Promise<void> {
  const lines = Object.entries(env).map(([name, value]) => `export ${name}=${value}\n`);
  await writeFile(file, lines.join(''), { mode: 0o600 });
}
