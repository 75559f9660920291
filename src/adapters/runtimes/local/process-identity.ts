// Tells processes apart although the system uses their ids again. The twin of process_start in resident/home.py.
import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** Start time of a process as its system tells it; undefined when the process is gone. */
export async function processStart(pid: number): Promise<string | undefined> {
  return existsSync('/proc/self/stat') ? startFromProc(pid) : startFromPs(pid);
}

/** The process that was announced with this start time still runs. */
export async function isSameProcess(pid: number, startedAt: string): Promise<boolean> {
  return (await processStart(pid)) === startedAt;
}

async function startFromProc(pid: number): Promise<string | undefined> {
  try {
    const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
    const boot = await readFile('/proc/sys/kernel/random/boot_id', 'ascii');
    // The name before the closing bracket may hold blanks and brackets of its own.
    const [state, ...rest] = stat
      .slice(stat.lastIndexOf(')') + 1)
      .trim()
      .split(/\s+/);
    // Z: ended, but nobody collected it yet.
    return state === 'Z' ? undefined : `${boot.trim()}:${rest[18]}`;
  } catch {
    return undefined;
  }
}

async function startFromPs(pid: number): Promise<string | undefined> {
  try {
    const { stdout } = await run('ps', ['-o', 'lstart=', '-p', String(pid)], { env: { ...process.env, LC_ALL: 'C' } });
    return stdout.trim() === '' ? undefined : stdout.trim();
  } catch {
    return undefined;
  }
}
