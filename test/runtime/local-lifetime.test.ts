// One resident per home, found or started by whoever needs it, and gone when it should be: with real processes. Only what
// depends on how the real JVM starts, dies and ends has one; the others have a stand-in, which starts at once.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createServer } from 'node:net';
import { processStart } from '../../src/adapters/runtimes/local/process-identity';
import { announcementSchema } from '../../src/adapters/runtimes/local/resident-protocol';
import type { JobHandle, JobOutcome, SparkRuntime } from '../../src/activities/ports';
import { findIn, follow, submitTo } from '../support/jobs';
import { crash, isAlive, processesOf } from '../support/processes';
import { until } from '../support/waiting';
import { createLocalHome, type LocalHome } from './local-home';

let local: LocalHome;
afterEach(() => local.remove());

const watch = (runtime: SparkRuntime, handle: JobHandle) => follow(runtime, local.store, handle);
const announcement = (home = local.home) =>
  announcementSchema.parse(JSON.parse(readFileSync(join(home, 'resident.json'), 'utf8')));

/** Not a failure of the job: it may run again. */
function expectLost(outcome: JobOutcome): string {
  if (outcome.kind !== 'lost') throw new Error(`expected a lost job, got ${JSON.stringify(outcome)}`);
  return outcome.reason;
}

describe('with Spark', () => {
  beforeEach(async () => {
    local = await createLocalHome('spark');
  });

  test('when the JVM is killed under a job, Python goes too, and the job runs again elsewhere', async () => {
    const runtime = local.runtime();
    const step = local.submission({ hold: true });
    const watching = watch(runtime, await submitTo(runtime, step));
    await until('the job runs', () => local.runs(step) === 1);
    const pids = await local.pids();
    await crash(pids.java);
    expect(expectLost(await watching)).toContain('SIGKILL');
    await local.gone(pids);
    expect(existsSync(join(local.home, 'resident.json'))).toBe(false);

    local.release(step);
    expect(await watch(runtime, await submitTo(runtime, step))).toMatchObject({ kind: 'succeeded' });
    expect(local.runs(step)).toBe(2);
  });

  test('when Python is killed while Spark starts, the JVM goes too', async () => {
    const runtime = local.runtime();
    await runtime.ensure();
    const pids = await local.pids();
    await crash(pids.python);
    await local.gone(pids);
    expect(isAlive(pids.java)).toBe(false);
  });

  test('stop ends everything and loses, not cancels, what ran', async () => {
    const runtime = local.runtime();
    const step = local.submission({ hold: true });
    const watching = watch(runtime, await submitTo(runtime, step));
    await until('the job runs', () => local.runs(step) === 1);
    const pids = await local.pids();
    await local.runtime().stop();
    expect(isAlive(pids.python)).toBe(false);
    await local.gone(pids);
    expect(expectLost(await watching)).toContain('SIGTERM');
    for (const trace of ['resident.json', 'resident.sock', 'resident-tmp']) {
      expect(existsSync(join(local.home, trace))).toBe(false);
    }
  });

  test('it warms itself with the real jobs, and removes their files', async () => {
    // On a busy machine this takes minutes, and to wait is not to use it.
    const runtime = local.runtime({ warmUp: true, runner: 'headgate_spark.runner:run_job', idleSeconds: 600 });
    await runtime.ensure();
    await until('warm', async () => (await runtime.stats())?.warmed, 580_000);
    expect((await runtime.stats())?.warmupSeconds).toBeGreaterThan(0);
    expect(existsSync(join(local.home, 'resident-tmp', 'warm-up'))).toBe(false);
  }, 600_000);
});

describe('whatever runs in it', () => {
  beforeEach(async () => {
    local = await createLocalHome('stand-in');
  });

  test('workers that start at the same time share one process', async () => {
    const runtimes = [1, 2, 3].map(() => local.runtime());
    await Promise.all(runtimes.map((runtime) => runtime.ensure()));
    const pids = await local.pids();
    const stats = await Promise.all(runtimes.map((runtime) => runtime.stats()));
    expect(stats.map((one) => one?.pid)).toEqual([pids.python, pids.python, pids.python]);
    expect(stats.at(-1)?.clients).toBe(3);
    await until('starters that came second are gone', () => processesOf(local.home).length === 2);
  });

  test('a worker that crashes leaves its job to the next one, run once', async () => {
    const crashed = local.runtime();
    const step = local.submission({ hold: true });
    const handle = await submitTo(crashed, step);
    const watching = watch(crashed, handle);
    await until('the job runs', () => local.runs(step) === 1);
    const { instance } = announcement();
    crashed.disconnect();

    const next = local.runtime();
    const found = await findIn(next, step);
    expect(found).toEqual(handle);
    local.release(step);
    expect(await watch(next, handle)).toMatchObject({ kind: 'succeeded' });
    expect(announcement().instance).toBe(instance);
    // The first one was only disconnected: it found its way back to the same process.
    expect(await watching).toMatchObject({ kind: 'succeeded' });
    expect(local.runs(step)).toBe(1);
  });

  test('when the JVM is killed while idle, Python goes too', async () => {
    const runtime = local.runtime();
    await runtime.ensure();
    await until('Spark is ready', async () => (await runtime.stats())?.ready);
    const pids = await local.pids();
    await crash(pids.java);
    await local.gone(pids);
    expect(await runtime.stats()).toBeUndefined();
  });

  test('stop and release without a process do nothing', async () => {
    const runtime = local.runtime();
    await runtime.stop();
    await runtime.release();
    expect(await runtime.stats()).toBeUndefined();
    expect(processesOf(local.home)).toEqual([]);
  });

  test('release leaves the process to other workers and to jobs, and ends it without them', async () => {
    const [one, two] = [local.runtime(), local.runtime()];
    const step = local.submission({ hold: true });
    const handle = await submitTo(one, step);
    await two.ensure();
    const pids = await local.pids();
    await one.release();
    expect(isAlive(pids.python)).toBe(true);
    await two.release();
    expect(isAlive(pids.python)).toBe(true);
    local.release(step);
    const last = local.runtime();
    expect(await watch(last, handle)).toMatchObject({ kind: 'succeeded' });
    await last.release();
    await local.gone(pids);
  });

  test('a process that nobody asks for anything ends, and comes back on demand', async () => {
    const runtime = local.runtime({ idleSeconds: 1 });
    await runtime.ensure();
    await local.gone(await local.pids());
    const step = local.submission();
    expect(await watch(runtime, await submitTo(runtime, step))).toMatchObject({ kind: 'succeeded' });
  });

  test('a process without clients ends, but not under its jobs', async () => {
    const runtime = local.runtime({ orphanSeconds: 1 });
    const step = local.submission({ hold: true });
    await submitTo(runtime, step);
    await until('the job runs', () => local.runs(step) === 1);
    const pids = await local.pids();
    runtime.disconnect();
    local.release(step);
    await local.gone(pids);
    expect(existsSync(step.reportPath)).toBe(true);
  });

  test('abandoned jobs do not keep the process for ever', async () => {
    const runtime = local.runtime({ orphanSeconds: 1, abandonedSeconds: 2 });
    const step = local.submission({ hold: true });
    await submitTo(runtime, step);
    await until('the job runs', () => local.runs(step) === 1);
    const pids = await local.pids();
    runtime.disconnect();
    await local.gone(pids);
    expect(existsSync(step.reportPath)).toBe(false);
  });

  test('a process whose home was removed ends', async () => {
    await local.runtime().ensure();
    const pids = await local.pids();
    rmSync(local.home, { recursive: true });
    await local.gone(pids);
    expect(existsSync(local.home)).toBe(false);
  });

  test('a home that was removed and made again gets its own process, and the old one goes', async () => {
    const old = local.runtime();
    await old.ensure();
    const pids = await local.pids();
    renameSync(local.home, `${local.home}-old`);
    mkdirSync(local.home, { mode: 0o700 });
    const runtime = local.runtime();
    await runtime.ensure();
    await local.gone(pids);
    expect((await runtime.stats())?.pid).not.toBe(pids.python);
    rmSync(`${local.home}-old`, { recursive: true });
  });

  test('an announcement of a dead process does not stand in the way', async () => {
    const runtime = local.runtime();
    await runtime.ensure();
    const pids = await local.pids();
    await crash(pids.python);
    await local.gone(pids);
    expect(announcement().pid).toBe(pids.python);
    await runtime.ensure();
    expect((await local.pids()).python).not.toBe(pids.python);
  });

  test('an announcement whose process id now belongs to another is not believed, and that one is not harmed', async () => {
    mkdirSync(local.home, { recursive: true, mode: 0o700 });
    const socket = join(local.home, 'resident.sock');
    const stale = { pid: process.pid, startedAt: 'another life', instance: 'stale', socket };
    writeFileSync(join(local.home, 'resident.json'), JSON.stringify(stale));
    const runtime = local.runtime();
    await runtime.stop();
    await runtime.ensure();
    expect((await runtime.stats())?.pid).not.toBe(process.pid);
  });

  test('a process that holds the home but answers nobody is replaced', async () => {
    await local.runtime().ensure();
    const pids = await local.pids();
    process.kill(pids.python, 'SIGSTOP');
    const runtime = local.runtime({ silentSeconds: 1 });
    await runtime.ensure();
    await local.gone(pids);
    expect((await runtime.stats())?.pid).not.toBe(pids.python);
  }, 120_000);

  test('a socket that speaks something else is not taken for a resident', async () => {
    mkdirSync(local.home, { recursive: true, mode: 0o700 });
    const socket = join(local.home, 'other.sock');
    const other = createServer((connection) => connection.end('220 hello\n')).listen(socket);
    const startedAt = await processStart(process.pid);
    const stale = { pid: 1, startedAt, instance: 'stale', socket };
    writeFileSync(join(local.home, 'resident.json'), JSON.stringify(stale));
    const runtime = local.runtime();
    await runtime.ensure();
    expect((await runtime.stats())?.instance).not.toBe('stale');
    other.close();
  });

  test('a Python that is not there is named', async () => {
    const runtime = local.runtime({ python: '/nowhere/python' });
    await expect(runtime.ensure()).rejects.toMatchObject({
      kind: 'config',
      type: 'SparkStartFailed',
      fields: { python: '/nowhere/python' },
    });
  });

  test('a Java that is not there is named, at once and not after the time limit', async () => {
    const runtime = local.runtime({ java: '/nowhere/java' });
    await expect(runtime.ensure()).rejects.toMatchObject({
      type: 'SparkStartFailed',
      message: expect.stringContaining('/nowhere/java'),
    });
  }, 20_000);
});

describe('a home with a long path', () => {
  beforeEach(async () => {
    local = await createLocalHome('stand-in', 'x'.repeat(150));
  });

  test('gets a socket elsewhere, and leaves none', async () => {
    const runtime = local.runtime();
    await runtime.ensure();
    const { socket } = announcement(local.home);
    expect(socket.startsWith(local.home)).toBe(false);
    expect(existsSync(socket)).toBe(true);
    await runtime.stop();
    expect(existsSync(socket)).toBe(false);
  });
});
