// npm run emulator:emr -- [--data DIR] [--port N] [--s3-port N]: S3 and EMR on this machine until Ctrl-C.
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { freePort } from '../../../src/setup/ports';
import { startEmulatorOnS3 } from './on-s3';
import { fillRaw, writeEnvironment } from './try-out';

const ports = { emr: 4810, s3: 4811 };
const buckets = ['raw', 'lake', 'logs'];

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      data: { type: 'string', default: join('.headgate', 'emr') },
      port: { type: 'string', default: String(ports.emr) },
      's3-port': { type: 'string', default: String(ports.s3) },
    },
  });
  const asked = Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM'), once(process, 'SIGHUP')]);
  const data = resolve(values.data);
  await mkdir(data, { recursive: true });
  const port = await freePort(Number(values.port));
  const running = await startEmulatorOnS3({ data, buckets, port, s3Port: Number(values['s3-port']) });
  const { s3Server, emulator, s3, tools } = running;
  await fillRaw(s3, 'raw', tools.python);

  const env = { ...s3Server.env, ...emulator.env, HEADGATE_HOME: join(data, 'home') };
  const file = join(data, 'env');
  await writeEnvironment(file, env);
  say(`EMR  ${emulator.endpoint}   switches under ${emulator.endpoint}/_control/`);
  say(`S3   ${s3Server.endpoint}   buckets ${buckets.join(', ')}; a sample is in s3://raw`);
  say(`All that is kept is in ${relative('.', data)}. Ctrl-C ends both.\n`);
  for (const [name, value] of Object.entries(env)) say(`export ${name}=${value}`);
  say(`\nIn another terminal:  . ${relative('.', file)}`);

  await asked;
  say('\nending');
  await running.stop();
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
