// The one resident Spark process of a home: finds it, starts it once however many workers ask, ends it. Runs no jobs.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, open, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { z } from 'zod';
import { HeadgateError } from '../../../contracts/errors';
import { isSameProcess } from './process-identity';
import { ResidentClient } from './resident-client';
import { announcementSchema, endNoteSchema, helloSchema, type Announcement } from './resident-protocol';

export type ResidentSettings = {
  /** State folder of the installation; one resident process serves it. */
  readonly home: string;
  readonly python: string;
  /** Folders that hold `headgate_spark`, joined as PYTHONPATH wants it. */
  readonly pythonPath: string;
  /** Folder of Delta and the other jars that set-up pins. */
  readonly jars: string;
  /** Keeps the class-data archive. */
  readonly cacheDir: string;
  /** Heap of the JVM, as Java writes it. */
  readonly memory: string;
  readonly cores: number;
  readonly parallel: number;
  readonly idleSeconds: number;
  readonly orphanSeconds: number;
  /** Like `orphanSeconds`, while jobs still run. Default one hour. */
  readonly abandonedSeconds?: number;
  /** Only a process that says nothing this long is taken for wedged. Default 30: a busy one answers late. */
  readonly silentSeconds?: number;
  readonly java?: string;
  /** Run the jobs on a sample after the start, in the background. Default true. */
  readonly warmUp?: boolean;
  /** `module:function` that runs one job; for tests. */
  readonly runner?: string;
  readonly log: (message: string) => void;
};

const startLimitMs = 90_000;
const helloLimitMs = 5_000;
const silentSecondsDefault = 30;
const stopLimitMs = 30_000;
const pollMs = 50;
/** Exit code of a resident that found the home taken. */
const takenCode = 75;
const maxLogBytes = 5 * 1024 * 1024;

/** The announced process, whether it still lives or not. */
export async function announced(home: string): Promise<Announcement | undefined> {
  return readJson(join(home, 'resident.json'), announcementSchema);
}

/** Why an instance ended, as far as it could tell. */
export async function endReason(home: string, instance: string): Promise<string> {
  const note = await readJson(join(home, 'resident.end.json'), endNoteSchema);
  return note?.instance === instance ? note.reason : 'the resident Spark process vanished without a word (killed?)';
}

export type Resident = { readonly client: ResidentClient; readonly announcement: Announcement };

/** Connects to the process that serves the home; undefined when none answers. */
export async function connectResident(home: string): Promise<Resident | undefined> {
  const announcement = await announced(home);
  if (announcement === undefined) return undefined;
  let client: ResidentClient | undefined;
  try {
    client = await ResidentClient.open(announcement.socket);
    const hello = await client.request(helloSchema, { op: 'hello' }, helloLimitMs);
    // The socket path is used again by the next life, so the name counts.
    if (hello.instance === announcement.instance) return { client, announcement };
  } catch {
    // Nobody listens, or nobody answers: the same to the caller.
  }
  client?.destroy();
  return undefined;
}

/** Connects, and starts the process when there is none. Several workers may do this at the same time. */
export async function ensureResident(settings: ResidentSettings): Promise<Resident> {
  const deadline = Date.now() + startLimitMs;
  let child: Child | undefined;
  for (;;) {
    const resident = await connectResident(settings.home);
    if (resident !== undefined) return resident;
    if (child?.exitCode !== undefined && child.exitCode !== takenCode) throw await startFailed(settings, child);
    if (Date.now() > deadline) throw await startFailed(settings, child);
    if (child === undefined || child.exitCode === takenCode) {
      if (child === undefined) await endSilent(settings);
      else await delay(4 * pollMs);
      child = await startProcess(settings);
    }
    await delay(pollMs);
  }
}

/** Ends the process of the home: asks, then insists. Returns when it is gone; a process of another life is not touched. */
export async function stopResident(home: string, log: (message: string) => void): Promise<void> {
  const target = await announced(home);
  if (target === undefined || !(await isSameProcess(target.pid, target.startedAt))) return;
  signalProcess(target.pid, 'SIGTERM');
  if (await goneWithin(target, stopLimitMs)) return;
  log(`resident Spark process ${target.pid} did not end within ${stopLimitMs / 1000} s: ending it by force`);
  await kill(target);
}

/** Whether the announced process has ended within the time. */
export async function goneWithin({ pid, startedAt }: Announcement, limitMs: number): Promise<boolean> {
  const deadline = Date.now() + limitMs;
  while (await isSameProcess(pid, startedAt)) {
    if (Date.now() > deadline) return false;
    await delay(pollMs);
  }
  return true;
}

/** A process that holds the home but answers nobody (stopped, or wedged) would block it for ever. */
async function endSilent({ home, log, silentSeconds = silentSecondsDefault }: ResidentSettings): Promise<void> {
  const target = await announced(home);
  if (target === undefined || !(await isSameProcess(target.pid, target.startedAt))) return;
  for (const end = Date.now() + silentSeconds * 1000; Date.now() < end; await delay(pollMs)) {
    const resident = await connectResident(home);
    resident?.client.destroy();
    if (resident !== undefined || !(await isSameProcess(target.pid, target.startedAt))) return;
  }
  log(`resident Spark process ${target.pid} does not answer: ending it`);
  await kill(target);
}

async function kill(target: Announcement): Promise<void> {
  // It leads its own process group; its JVM ends with it in any case.
  if (await isSameProcess(target.pid, target.startedAt)) signalProcess(-target.pid, 'SIGKILL');
  await goneWithin(target, helloLimitMs);
}

function signalProcess(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It ended in between.
  }
}

type Child = { exitCode: number | undefined; error?: Error };

async function startProcess(settings: ResidentSettings): Promise<Child> {
  await mkdir(settings.home, { recursive: true, mode: 0o700 });
  const log = await openLog(settings.home);
  const { SPARK_REMOTE: _, ...env } = process.env;
  const child: Child = { exitCode: undefined };
  try {
    const started = spawn(settings.python, ['-m', 'headgate_spark.resident', ...argumentsOf(settings)], {
      cwd: settings.home,
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
      env: { ...env, PYTHONPATH: settings.pythonPath, PYTHONUNBUFFERED: '1', HEADGATE_JARS: settings.jars },
    });
    started.once('error', (error) => Object.assign(child, { exitCode: -1, error }));
    started.once('exit', (code) => {
      child.exitCode = code ?? -1;
    });
    started.unref();
  } finally {
    await log.close();
  }
  return child;
}

function argumentsOf(settings: ResidentSettings): readonly string[] {
  return [
    ...['--home', settings.home, '--cache', settings.cacheDir, '--memory', settings.memory],
    ...['--cores', String(settings.cores), '--parallel', String(settings.parallel)],
    ...['--idle-seconds', String(settings.idleSeconds), '--orphan-seconds', String(settings.orphanSeconds)],
    ...(settings.abandonedSeconds === undefined ? [] : ['--abandoned-seconds', String(settings.abandonedSeconds)]),
    ...(settings.java === undefined ? [] : ['--java', settings.java]),
    ...(settings.runner === undefined ? [] : ['--runner', settings.runner]),
    ...(settings.warmUp === false ? ['--no-warm-up'] : []),
  ];
}

const logPath = (home: string): string => join(home, 'resident.log');

async function openLog(home: string) {
  const path = logPath(home);
  if (existsSync(path) && (await stat(path)).size > maxLogBytes) await rename(path, `${path}.1`);
  return open(path, 'a', 0o600);
}

async function startFailed(settings: ResidentSettings, child: Child | undefined): Promise<HeadgateError> {
  const path = logPath(settings.home);
  const text = existsSync(path) ? await readFile(path, 'utf8') : '';
  const last = text.trim().split('\n').at(-1) ?? '';
  const code = child?.exitCode;
  const cause =
    child?.error?.message ?? (code === undefined ? 'it did not answer in time' : `it ended with code ${code}`);
  return new HeadgateError({
    kind: child?.error === undefined ? 'infrastructure' : 'config',
    type: 'SparkStartFailed',
    message: `The resident Spark process did not start: ${cause}. ${last}`.trim(),
    remedy: `Run \`headgate doctor\`; the whole log is ${path}.`,
    fields: { python: settings.python, home: settings.home, log: path, exitCode: code ?? null },
    cause: child?.error,
  });
}

async function readJson<T>(path: string, schema: z.ZodType<T>): Promise<T | undefined> {
  try {
    return schema.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch {
    return undefined;
  }
}
