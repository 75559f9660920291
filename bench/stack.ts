// A `headgate dev` of its own for the bench, measured from the outside: client, processes, memory.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { delimiter, dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Client, Connection } from '@temporalio/client';
import type { StackRecord } from '../src/cli/stack/stack';
import { retriedActivities } from './attempts';
import { attemptsBeyondFirst, note, root, tell, type Bench } from './bench';

const run = promisify(execFile);

export async function eventually<Value>(
  what: string,
  read: () => Promise<Value | undefined>,
  seconds = 180,
  every = 20,
): Promise<Value> {
  const until = Date.now() + seconds * 1000;
  for (;;) {
    const value = await read().catch(() => undefined);
    if (value !== undefined) return value;
    if (Date.now() > until) throw new Error(`waited ${seconds} s for ${what}`);
    await delay(every);
  }
}

const freePort = (): Promise<number> =>
  new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address !== null ? address.port : 0));
    });
  });

export type BenchStack = {
  readonly client: Client;
  readonly record: () => StackRecord;
  readonly home: string;
  /** Seconds from the command to a worker that serves. */
  readonly startSeconds: number;
  /** Seconds from there until its Spark is warm. */
  readonly warmSeconds: number;
  /** Workflows whose activities the bench breaks on purpose. */
  readonly provoked: Set<string>;
};

type StartedStack = Omit<BenchStack, 'warmSeconds' | 'provoked'> & { stop(): Promise<void> };

/** A stack of its own for `measure`, warm from the start. Afterwards no activity may have needed a second attempt. */
export async function withStack(
  bench: Bench,
  part: string,
  measure: (stack: BenchStack) => Promise<void>,
): Promise<void> {
  note(`${part}: headgate dev starts and warms up …`);
  const started = await startDev(join(bench.work, `home-${part}`));
  try {
    const since = performance.now();
    const warmed = async () => ((await residentStats(started.home)).warmed ? true : undefined);
    await eventually('the warm-up of Spark', warmed, 300, 200);
    const provoked = new Set<string>();
    await measure({ ...started, warmSeconds: (performance.now() - since) / 1000, provoked });
    const retried = await retriedActivities(started.client, provoked);
    for (const { workflowId, activity, attempts, failure } of retried) {
      note(`  ${activity} of ${workflowId} took ${attempts} attempts: ${failure}`);
    }
    const beyondFirst = retried.reduce((sum, { attempts }) => sum + attempts - 1, 0);
    tell(bench, { part, name: attemptsBeyondFirst, value: beyondFirst, unit: '', goal: 0 });
  } finally {
    await started.stop();
  }
}

async function startDev(home: string): Promise<StartedStack> {
  const since = Date.now();
  const port = await freePort();
  const child: ChildProcess = spawn(
    process.execPath,
    [join(root, 'dist', 'cli', 'main.js'), 'dev', '--port', String(port)],
    {
      cwd: root,
      env: {
        ...process.env,
        HEADGATE_HOME: home,
        HEADGATE_PIPELINES: [join(root, 'pipelines'), dirname(home)].join(delimiter),
        TEMPORAL_ADDRESS: `127.0.0.1:${port}`,
      },
      stdio: 'ignore',
    },
  );
  const record = (): StackRecord => JSON.parse(readFileSync(join(home, 'dev.json'), 'utf8')) as StackRecord;
  const { address } = await eventually('headgate dev', async () => record());
  const startSeconds = (Date.now() - since) / 1000;
  const connection = await Connection.connect({ address });
  return {
    client: new Client({ connection }),
    record,
    home,
    startSeconds,
    stop: async () => {
      await connection.close();
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGTERM');
      await ended;
    },
  };
}

/** Resident set of a process, MB. */
export async function memoryMb(pid: number): Promise<number> {
  const { stdout } = await run('ps', ['-o', 'rss=', '-p', String(pid)]);
  return Math.round(Number(stdout.trim()) / 1024);
}

type Answer = { readonly result?: { readonly warmed: boolean; readonly pid: number; readonly javaPid: number } };

/** Asks the resident Spark process over its own socket, as a worker does. */
export function residentStats(home: string): Promise<NonNullable<Answer['result']>> {
  const { socket } = JSON.parse(readFileSync(join(home, 'resident.json'), 'utf8')) as { socket: string };
  return new Promise((resolve, reject) => {
    const connection = connect(socket, () => connection.write(`${JSON.stringify({ id: 1, op: 'stats' })}\n`));
    let text = '';
    connection.setEncoding('utf8');
    connection.once('error', reject);
    connection.on('data', (chunk: string) => {
      text += chunk;
      if (!text.includes('\n')) return;
      connection.end();
      const { result } = JSON.parse(text.split('\n', 1)[0] ?? '') as Answer;
      if (result === undefined) reject(new Error(`the resident process answered ${text}`));
      else resolve(result);
    });
  });
}
