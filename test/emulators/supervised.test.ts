// A supervised child has its own group, and nothing of that group outlives the child, the supervisor or us.
import { mkdtempSync } from 'node:fs';
import { readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ensureTools } from '../../src/setup/tools';
import { processesOf } from './emr/processes';
import { until } from './emr/support';
import { supervise, type Supervised } from './supervised';

let folder: string;
let python: string;

beforeAll(async () => {
  ({ python } = await ensureTools('test'));
});

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'headgate-child-'));
});

afterEach(async () => {
  await rm(folder, { recursive: true });
});

/** Each process of it carries the folder in its environment. */
const start = (script: string): Supervised =>
  supervise({
    python,
    command: ['/bin/sh', '-c', script],
    env: { PATH: process.env['PATH'], MARK: folder },
    cwd: folder,
    stdout: join(folder, 'out'),
    stderr: join(folder, 'err'),
  });

const said = (text: string) =>
  until(
    () => readFile(join(folder, 'out'), 'utf8').catch(() => ''),
    (found) => found.includes(text),
    10,
  );

const nothingLeft = () =>
  until(
    () => processesOf(folder),
    (found) => found.length === 0,
    10,
  );

it('tells code and output apart', async () => {
  expect(await start('echo out; echo err >&2; exit 7').ended).toBe(7);
  const files = await Promise.all(['out', 'err'].map((name) => readFile(join(folder, name), 'utf8')));
  expect(files).toEqual(['out\n', 'err\n']);
});

it('interrupts the child alone, which may answer as it likes', async () => {
  const child = start('trap "echo heard; exit 3" TERM; echo ready; while :; do sleep 0.1; done');
  await said('ready');
  child.interrupt();
  expect(await child.ended).toBe(3);
  await said('heard');
});

it('ends as a signal does where the child does not listen', async () => {
  const child = start('echo ready; exec sleep 600');
  await said('ready');
  child.interrupt();
  expect(await child.ended).toBe(143);
});

it('kills the group, also one that does not listen', async () => {
  const child = start('trap "" TERM; sleep 600 & echo ready; wait');
  await said('ready');
  child.interrupt();
  child.kill();
  expect(await child.ended).toBe(137);
  await nothingLeft();
});

it('leaves none of the group when the child has ended by itself', async () => {
  for (let round = 0; round < 10; round += 1) {
    expect(await start('(sleep 600 & sleep 600) & sleep 600 & exit 0').ended).toBe(0);
    expect(await processesOf(folder)).toEqual([]);
  }
});

it('leaves no child when the supervisor is killed', async () => {
  const child = start('echo ready; exec sleep 600');
  await said('ready');
  const pid = await child.pid;
  const [supervisor = 0] = (await processesOf(folder)).filter((found) => found !== pid);
  process.kill(supervisor, 'SIGKILL');
  await nothingLeft();
  expect(await child.ended).toBe(128);
});
