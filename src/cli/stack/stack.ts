// The embedded stack: Temporal's development server and a worker, as supervised child processes of this one.
import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { searchAttributeTypes } from '../../contracts/names';
import { processStart } from '../../adapters/runtimes/local/process-identity';
import { freePort } from '../../setup/ports';
import type { Config } from '../../workers/config';
import { connectClient, type TemporalTarget } from '../../workers/connection';
import { secureHome } from '../../workers/home';
import { databasePath, endLeftover, homeInUse, lockPath, supervisorOf } from './home-lock';
import { EndedAtOnceError, keepProcess, type KeptProcess } from './processes';
import { takenCode, tiedCommand } from './tied';

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
  const { home } = config;
  const taken = async (): Promise<Error> => homeInUse(home, await supervisorOf(home), readStackRecord(home)?.address);
  if ((await supervisorOf(home)) !== undefined) throw await taken();
  await endLeftover(home);
  const startedAt = await processStart(process.pid);
  if (startedAt === undefined) throw new Error(`the system does not tell when process ${process.pid} was started`);
  const chosen = await freePort(port);
  const uiPort = await freePort(chosen + 1000);
  const target: TemporalTarget = { address: `127.0.0.1:${chosen}`, namespace: 'default' };
  const server = await keepProcess({
    name: 'temporal server',
    ...tiedCommand({ python: tools.python, lock: lockPath(home), startedAt }, tools.temporal, [
      ...['server', 'start-dev', '--ip', '127.0.0.1', '--port', String(chosen), '--ui-port', String(uiPort)],
      ...['--db-filename', databasePath(home), '--log-level', 'error'],
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
  }).catch(async (error: unknown) => {
    if (error instanceof EndedAtOnceError && error.code === String(takenCode)) throw await taken();
    throw error;
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
