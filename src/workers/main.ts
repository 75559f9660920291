// A worker as a process of its own. Under a supervisor (IPC channel) it ends when the supervisor is gone.
import { HeadgateError } from '../contracts/errors';
import { readConfig } from './config';
import { temporalTarget } from './connection';
import { createLog, installRuntime } from './log';
import { startWorker } from './worker';

function required(name: string): string {
  const value = process.env[name];
  if (value !== undefined && value !== '') return value;
  throw new HeadgateError({
    kind: 'config',
    type: 'MissingTool',
    message: `The worker needs ${name}.`,
    remedy: 'Start it with `headgate worker` or `headgate dev`, which install the tools and set it.',
    fields: { variable: name },
  });
}

async function main(): Promise<void> {
  const config = readConfig(process.env);
  const log = createLog(config.logLevel);
  installRuntime(log);
  const tools = { python: required('HEADGATE_PYTHON'), jars: required('HEADGATE_JARS') };
  const worker = await startWorker(config, tools, temporalTarget(), log);
  process.on('SIGTERM', worker.stop);
  process.on('SIGINT', worker.stop);
  process.on('disconnect', worker.stop);
  process.send?.({ type: 'ready' });
  log.info({ taskQueue: config.taskQueue }, 'worker ready');
  await worker.done;
  log.info('worker stopped');
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exit(1);
  },
);
