// The embedded stack: Temporal's development server and a worker, as supervised child processes of this one.
import { execFile } from 'node:child_process';
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { searchAttributeTypes } from '../../contracts/names';
import { freePort } from '../../setup/ports';
import type { Config } from '../../workers/config';
import { connectClient, type TemporalTarget } from '../../workers/connection';
import { secureHome } from '../../workers/home';
import { keepProcess, type KeptProcess } from './processes';
import { tiedCommand } from './tied';

export type StackTools = { readonly python: string; readonly jars: string; readonly temporal: string };

export type Stack = {
  readonly target: TemporalTarget;
  readonly ui: string;
  /** Ends the worker (and with it the resident Spark process), then the server. */
  readonly stop: () => Promise<void>;
};

const recordSchema = z.object({
  address: z.string(),
  ui: z.string(),
  pids: z.object({ supervisor: z.number(), server: z.number().optional(), worker: z.number().optional() }),
});

/** What `dev.json` tells other commands about a stack that runs. */
export type StackRecord = z.infer<typeof recordSchema>;

const run = promisify(execFile);

const stackRecordPath = (home: string): string => join(home, 'dev.json');

export function readStackRecord(home: string): StackRecord | undefined {
  try {
    return recordSchema.parse(JSON.parse(readFileSync(stackRecordPath(home), 'utf8')));
  } catch {
    return undefined;
  }
}

function writeRecord(home: string, record: StackRecord): void {
  const temporary = `${stackRecordPath(home)}.${process.pid}`;
  writeFileSync(temporary, JSON.stringify(record, null, 2), { mode: 0o600 });
  renameSync(temporary, stackRecordPath(home));
}

const title: Record<'KEYWORD' | 'DATETIME', string> = { KEYWORD: 'Keyword', DATETIME: 'Datetime' };

/** Command line of a process, empty when it is gone. */
async function commandOf(pid: number): Promise<string> {
  return run('ps', ['-o', 'args=', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => '',
  );
}

/** A supervisor that was killed may have left its server: two servers on one database would destroy it. */
async function endLeftover(home: string, database: string): Promise<void> {
  const server = readStackRecord(home)?.pids.server;
  if (server === undefined || !(await commandOf(server)).includes(database)) return;
  process.kill(server, 'SIGTERM');
  for (let tries = 0; (await commandOf(server)).includes(database); tries += 1) {
    if (tries === 50) process.kill(server, 'SIGKILL');
    await delay(100);
  }
}

async function answers(target: TemporalTarget): Promise<void> {
  for (;;) {
    try {
      const client = await connectClient(target, 1000);
      try {
        await client.workflowService.describeNamespace({ namespace: target.namespace });
        return;
      } finally {
        await client.connection.close();
      }
    } catch {
      await delay(100);
    }
  }
}

export type StackOptions = {
  readonly config: Config;
  readonly tools: StackTools;
  /** Preferred port of the server; another free one when it is taken. */
  readonly port: number;
  readonly onEvent: (message: string) => void;
};

async function startServer({ config, tools, port, onEvent }: StackOptions) {
  secureHome(config.home);
  const database = join(config.home, 'temporal.db');
  await endLeftover(config.home, database);
  const chosen = await freePort(port);
  const uiPort = await freePort(chosen + 1000);
  const target: TemporalTarget = { address: `127.0.0.1:${chosen}`, namespace: 'default' };
  const server = await keepProcess({
    name: 'temporal server',
    ...tiedCommand(tools.python, tools.temporal, [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(chosen), '--ui-port', String(uiPort)],
      ...['--db-filename', database, '--log-level', 'error'],
      ...['--sqlite-pragma', 'journal_mode=WAL', '--sqlite-pragma', 'synchronous=NORMAL'],
      // The default of 20 polls a second adds 50 ms to every task once a short burst is spent.
      ...['--dynamic-config-value', 'history.transferProcessorMaxPollRPS=1000'],
      ...['--dynamic-config-value', 'system.enableActivityEagerExecution=true'],
      ...Object.entries(searchAttributeTypes).flatMap(([name, type]) => [
        '--search-attribute',
        `${name}=${title[type]}`,
      ]),
    ]),
    env: process.env,
    logFile: join(config.home, 'temporal.log'),
    ready: () => answers(target),
    onRestart: (code) => onEvent(`the Temporal server ended (${code}); starting it again on the same database`),
  });
  return { target, ui: `http://127.0.0.1:${uiPort}`, process: server };
}

export async function startWorkerProcess(
  { config, tools, onEvent }: StackOptions,
  target: TemporalTarget,
): Promise<KeptProcess> {
  secureHome(config.home);
  return keepProcess({
    name: 'worker',
    command: process.execPath,
    args: ['--max-old-space-size=512', join(__dirname, '..', '..', 'workers', 'main.js')],
    env: {
      ...process.env,
      TEMPORAL_ADDRESS: target.address,
      TEMPORAL_NAMESPACE: target.namespace,
      HEADGATE_HOME: config.home,
      HEADGATE_PYTHON: tools.python,
      HEADGATE_JARS: tools.jars,
    },
    logFile: join(config.home, 'worker.log'),
    ipc: true,
    ready: (child) =>
      new Promise((resolve) => {
        child.once('message', () => resolve());
      }),
    onRestart: (code) => onEvent(`the worker ended (${code}); starting it again`),
  });
}

/** Server and worker. `dev.json` in the home folder tells other commands where they are while they run. */
export async function startStack(options: StackOptions): Promise<Stack> {
  const { config } = options;
  const server = await startServer(options);
  let worker: KeptProcess;
  try {
    worker = await startWorkerProcess(options, server.target);
  } catch (error) {
    await server.process.stop();
    throw error;
  }
  const record = (): void => {
    const pids = { server: server.process.pid(), worker: worker.pid() };
    writeRecord(config.home, {
      address: server.target.address,
      ui: server.ui,
      pids: {
        supervisor: process.pid,
        ...pids,
      },
    });
  };
  record();
  const refresh = setInterval(record, 500);
  return {
    target: server.target,
    ui: server.ui,
    stop: async () => {
      clearInterval(refresh);
      await worker.stop();
      await server.process.stop(10_000);
      rmSync(stackRecordPath(config.home), { force: true });
    },
  };
}
