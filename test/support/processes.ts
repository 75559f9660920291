// What runs on this machine, seen from outside: for tests that end processes and for tests that nothing was left behind.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { until } from './waiting';

export type ProcessSeen = {
  readonly pid: number;
  readonly parent: number;
  readonly state: string;
  readonly command: string;
};

export function listProcesses(): readonly ProcessSeen[] {
  const text = execFileSync('ps', ['-eo', 'pid=,ppid=,state=,args='], {
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  return text.split('\n').flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\S+)\s(.*)$/.exec(line);
    if (match === null) return [];
    const [, pid = '', parent = '', state = '', command = ''] = match;
    return [{ pid: Number(pid), parent: Number(parent), state, command }];
  });
}

/** The process and all below it, children before grandchildren. */
export function descendantsOf(pid: number): readonly ProcessSeen[] {
  const all = listProcesses();
  const family = all.filter((process) => process.pid === pid);
  for (const member of family) family.push(...all.filter((process) => process.parent === member.pid));
  return family;
}

/**
 * Processes that belong to a folder: their command line or, where the system shows it, their environment names it.
 * Children inherit the environment, so a process that lost its parent is still found. Dead ones that nobody waited for
 * (zombies) are left out: they hold nothing.
 */
export function processesOf(folder: string): readonly ProcessSeen[] {
  const named = environmentsNaming(folder);
  return listProcesses().filter(
    ({ pid, state, command }) =>
      pid !== process.pid && !state.startsWith('Z') && (command.includes(folder) || named.has(pid)),
  );
}

function environmentsNaming(folder: string): ReadonlySet<number> {
  const pids = new Set<number>();
  let entries: readonly string[] = [];
  try {
    entries = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  } catch {
    return pids;
  }
  for (const name of entries) {
    try {
      if (readFileSync(`/proc/${name}/environ`, 'utf8').includes(folder)) pids.add(Number(name));
    } catch {
      // ended meanwhile, or another user's
    }
  }
  return pids;
}

export const isAlive = (pid: number): boolean =>
  listProcesses().some((process) => process.pid === pid && !process.state.startsWith('Z'));

/** Kills at once, as a crash would. */
export async function crash(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  await until(`process ${pid} is dead`, () => !isAlive(pid), 10_000);
}

/** Throws with the command lines of what is still there after the grace time. */
export async function expectNothingLeft(folder: string, graceMs = 20_000): Promise<void> {
  let left: readonly ProcessSeen[] = [];
  try {
    await until(
      '',
      () => {
        left = processesOf(folder);
        return left.length === 0;
      },
      graceMs,
    );
  } catch {
    const lines = left.map(({ pid, command }) => `${pid} ${command.slice(0, 200)}`);
    throw new Error(`left behind:\n${lines.join('\n')}`);
  }
}
