// headgate dev and headgate worker: long-running processes in the foreground.
import { once } from 'node:events';
import type { Config } from '../../workers/config';
import { temporalTarget } from '../../workers/connection';
import { createLog, installRuntime } from '../../workers/log';
import { startWorker } from '../../workers/worker';
import { exitCodes, note, out } from '../output';
import { stackTools } from '../session';
import { startStack } from '../stack/stack';
import { paint } from '../terminal';

const ended = (): Promise<unknown> => Promise.race([once(process, 'SIGINT'), once(process, 'SIGTERM')]);

/** Server, UI and worker until Ctrl-C; each is started again when it dies. */
export async function devCommand(config: Config, options: { readonly port: number }): Promise<number> {
  const end = ended();
  const stack = await startStack({ config, tools: await stackTools(), port: options.port, onEvent: note });
  out(`Temporal   ${stack.target.address}   (TEMPORAL_ADDRESS=${stack.target.address})`);
  out(`UI         ${stack.ui}`);
  out(`worker     task queue ${config.taskQueue}, pipelines from ${config.pipelines}`);
  out(`home       ${config.home}`);
  out(paint.dim('Ctrl-C ends all of it.'));
  await end;
  note('stopping …');
  await stack.stop();
  return exitCodes.done;
}

/** A worker against a server that runs elsewhere. */
export async function workerCommand(config: Config, options: { readonly address?: string }): Promise<number> {
  const log = createLog(config.logLevel);
  const tools = await stackTools();
  installRuntime(log);
  const worker = await startWorker(config, tools, temporalTarget(options.address), log);
  note(`worker ready on task queue '${config.taskQueue}'; Ctrl-C ends it`);
  process.on('SIGINT', worker.stop);
  process.on('SIGTERM', worker.stop);
  await worker.done;
  return exitCodes.done;
}
