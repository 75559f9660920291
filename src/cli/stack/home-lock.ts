// Whose a home is: one supervisor and its Temporal server, which holds the lock on the database for as long as it lives.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { z } from 'zod';
import { isSameProcess } from '../../adapters/runtimes/local/process-identity';
import { HeadgateError } from '../../contracts/errors';

const run = promisify(execFile);

const holderSchema = z.object({ program: z.number(), supervisor: z.number(), startedAt: z.string() });

type Holder = z.infer<typeof holderSchema>;

export const databasePath = (home: string): string => join(home, 'temporal.db');

/** Locked by the server; its text says who that is, and may be of one that has ended. */
export const lockPath = (home: string): string => join(home, 'temporal.lock');

function lastHolder(home: string): Holder | undefined {
  try {
    return holderSchema.parse(JSON.parse(readFileSync(lockPath(home), 'utf8')));
  } catch {
    return undefined;
  }
}

/** The process that keeps a stack on this home; undefined when there is none. Its server may just be starting again. */
export async function supervisorOf(home: string): Promise<number | undefined> {
  const holder = lastHolder(home);
  if (holder === undefined) return undefined;
  return (await isSameProcess(holder.supervisor, holder.startedAt)) ? holder.supervisor : undefined;
}

/** Command line of a process, empty when it is gone. */
async function commandOf(pid: number): Promise<string> {
  return run('ps', ['-o', 'args=', '-p', String(pid)]).then(
    ({ stdout }) => stdout,
    () => '',
  );
}

/** Ends the server of a supervisor that was killed. One whose supervisor lives is never touched. */
export async function endLeftover(home: string): Promise<void> {
  const holder = lastHolder(home);
  if (holder === undefined || (await supervisorOf(home)) !== undefined) return;
  const { program } = holder;
  const isServer = async (): Promise<boolean> => (await commandOf(program)).includes(databasePath(home));
  if (!(await isServer())) return;
  process.kill(program, 'SIGTERM');
  for (let tries = 0; await isServer(); tries += 1) {
    if (tries === 50) process.kill(program, 'SIGKILL');
    await delay(100);
  }
}

export const homeInUse = (home: string, supervisor: number | undefined, address: string | undefined): HeadgateError =>
  new HeadgateError({
    kind: 'config',
    type: 'HomeInUse',
    message: `A stack runs on the home ${home} already${address === undefined ? '' : `, at ${address}`}${supervisor === undefined ? '' : ` (process ${supervisor})`}. A second server on its database would destroy it.`,
    remedy: 'Use that one: leave out --address, --port and TEMPORAL_ADDRESS. Or set HEADGATE_HOME to another folder.',
    fields: { home, supervisor, address },
  });

export const isHomeInUse = (error: unknown): boolean => error instanceof HeadgateError && error.type === 'HomeInUse';
