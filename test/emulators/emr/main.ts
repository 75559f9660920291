// npm run emulator:emr -- [--data DIR] [--port N] [--s3-port N] [--buckets A,B]: S3 and EMR on this machine until Ctrl-C.
import { once } from 'node:events';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureTools } from '../../../src/setup/tools';
import { startS3Server } from '../s3/server';
import { startEmrEmulator } from './emulator';
import { createS3Client, createS3Logs } from './s3-logs';
import { SparkExecutor } from './spark-executor';

const ports = { emr: 4810, s3: 4811 };

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string' },
      port: { type: 'string', default: String(ports.emr) },
      's3-port': { type: 'string', default: String(ports.s3) },
      buckets: { type: 'string', default: 'lake,raw,state,logs' },
    },
  });
  const asked = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process, 'SIGHUP')]);
  const tools = await ensureTools('test');
  const data = values.data === undefined ? await mkdtemp(join(tmpdir(), 'headgate-emr-')) : resolve(values.data);
  await mkdir(data, { recursive: true });
  const buckets = values.buckets.split(',').filter((name) => name !== '');
  const s3Server = await startS3Server({ data, buckets, port: Number(values['s3-port']) });
  const s3 = createS3Client(s3Server);
  const { javaHome } = tools;
  const executor = new SparkExecutor({
    sparks: { 'emr-spark-8.': tools },
    s3: s3Server,
    folder: join(data, 'clusters'),
    ...(javaHome === undefined ? {} : { javaHome }),
  });
  const emulator = await startEmrEmulator({ port: Number(values.port), executor, logs: createS3Logs(s3) });

  say(`EMR  ${emulator.endpoint}   S3  ${s3Server.endpoint}   buckets  ${buckets.join(', ')}`);
  say(`What they keep is in ${data}; switches are under ${emulator.endpoint}/_control/. Ctrl-C ends both.\n`);
  say('In another terminal:');
  for (const [name, value] of Object.entries({ ...s3Server.env, ...emulator.env })) say(`export ${name}=${value}`);

  await asked;
  say('\nending');
  await emulator.stop();
  s3.destroy();
  await s3Server.stop();
  if (values.data === undefined) await rm(data, { recursive: true, force: true });
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
