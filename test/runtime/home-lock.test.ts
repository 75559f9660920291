// The lock of a home with real processes: one program holds it to its end, and only what nobody supervises is ended.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { processStart } from '../../src/adapters/runtimes/local/process-identity';
import { databasePath, endLeftover, lockPath, supervisorOf } from '../../src/cli/stack/home-lock';
import { takenCode, tiedCommand } from '../../src/cli/stack/tied';
import { crash, isAlive } from '../support/processes';
import { testTools } from '../support/tools';
import { until } from '../support/waiting';

let home: string;
let python: string;
const started: ChildProcess[] = [];

beforeAll(async () => {
  ({ python } = await testTools());
});
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'headgate-lock-')));
});
afterEach(() => {
  for (const child of started.splice(0)) child.kill('SIGKILL');
  rmSync(home, { recursive: true });
});

/** Stands for the server: it sleeps, and its command line names the database. */
async function startServer(): Promise<ChildProcess> {
  const startedAt = (await processStart(process.pid)) ?? '';
  const sleeping = ['-c', 'import time; time.sleep(60)', databasePath(home)];
  const { command, args } = tiedCommand({ python, lock: lockPath(home), startedAt }, python, sleeping);
  const child = spawn(command, [...args], { stdio: 'ignore' });
  started.push(child);
  return child;
}

const holder = (): number => (JSON.parse(readFileSync(lockPath(home), 'utf8')) as { program: number }).program;

const holding = async (): Promise<number> => {
  const { pid = 0 } = await startServer();
  await until('it holds the lock', () => holder() === pid);
  return pid;
};

test('a second server of a home cannot be, and the next one can when the first is killed', async () => {
  const first = await holding();
  const [code] = (await once(await startServer(), 'exit')) as [number];
  expect(code).toBe(takenCode);
  expect(holder()).toBe(first);
  await crash(first);
  expect(await holding()).not.toBe(first);
});

test('a server is left alone while its supervisor lives, and ended when nobody supervises it', async () => {
  const server = await holding();
  expect(await supervisorOf(home)).toBe(process.pid);
  await endLeftover(home);
  expect(isAlive(server)).toBe(true);
  writeFileSync(
    lockPath(home),
    JSON.stringify({ program: server, supervisor: process.pid, startedAt: 'another life' }),
  );
  expect(await supervisorOf(home)).toBeUndefined();
  await endLeftover(home);
  expect(isAlive(server)).toBe(false);
});

test('a process that has the id of a server of before is not touched', async () => {
  const { pid = 0 } = spawn(process.execPath, ['-e', 'setTimeout(() => {}, 20000)']);
  writeFileSync(lockPath(home), JSON.stringify({ program: pid, supervisor: pid, startedAt: 'another life' }));
  await endLeftover(home);
  expect(isAlive(pid)).toBe(true);
  process.kill(pid);
});
