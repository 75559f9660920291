// One stack per home, with real processes: a second one attaches or is refused, what a dead one left is taken over, and a
// command whose stack ends brings its own and goes on.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { headgate, runPipeline, startDev, type DevStack, type RunSeen } from '../support/headgate';
import { stateFiles } from '../support/lake';
import { makeSample } from '../support/oracle';
import { crash, expectNothingLeft, isAlive, listProcesses } from '../support/processes';
import { until } from '../support/waiting';
import { createWorkspace, type Workspace } from '../support/workspace';

const pipeline = 'customer-sales';

// Starting Spark, runs and restarts take their time on two shared cores.
jest.setTimeout(300_000);

let workspace: Workspace;
let dev: DevStack;

beforeAll(async () => {
  workspace = await createWorkspace('stacks');
  await makeSample(workspace.raw, '--rows', '20000', '--seed', '3');
  dev = await startDev(workspace);
});

afterAll(async () => {
  await workspace?.remove();
});

const lakeOf = (name: string): { readonly RAW: string; readonly LAKE: string } => {
  const lake = join(workspace.lake, name);
  mkdirSync(lake);
  return { RAW: workspace.raw, LAKE: lake };
};

const setsOf = (set: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(set).flatMap(([name, value]) => ['--set', `${name}=${value}`]);

const isBegun = (lake: string): boolean => stateFiles(lake, pipeline).some((name) => name.includes('prepare.request-'));

const servers = (): readonly number[] =>
  listProcesses()
    .filter(({ command }) => command.includes('start-dev') && command.includes(workspace.home))
    .map(({ pid }) => pid);

test('a second stack of a home is refused, whatever port or address it is asked for, and the first one is not touched', async () => {
  const before = servers();
  expect(before).toHaveLength(1);
  const second = await headgate(workspace, ['dev', '--port', String(workspace.port + 1)]);
  expect(second.code).toBe(2);
  expect(second.stderr).toMatch(/HomeInUse: .*already, at 127\.0\.0\.1/);
  const set = lakeOf('mistyped');
  const mistyped = await headgate(workspace, ['run', pipeline, ...setsOf(set), '--address', '127.0.0.1:1', '--json']);
  expect(mistyped).toMatchObject({ code: 2, json: { error: { type: 'HomeInUse' } } });
  expect(servers()).toEqual(before);
});

test('two lakes are two runs, a cancel names the one it means, and a redo has its turn after the run that is open', async () => {
  const [here, there] = [lakeOf('here'), { ...lakeOf('there'), RAW: join(workspace.folder, 'other-raw') }];
  mkdirSync(there.RAW);
  await makeSample(there.RAW, '--rows', '20000', '--seed', '4');
  const both = [here, there].map((set) => runPipeline(workspace, pipeline, set));
  await until('both have begun', () => isBegun(here.LAKE) && isBegun(there.LAKE));
  const redo = runPipeline(workspace, pipeline, here, '--redo');
  const several = await headgate(workspace, ['cancel', pipeline, '--why', 'a test', '--json']);
  expect(several).toMatchObject({ code: 1, json: { error: { type: 'SeveralRuns' } } });
  const cancelled = await headgate(workspace, ['cancel', pipeline, ...setsOf(there), '--why', 'a test', '--json']);
  const [first, second] = (await Promise.all(both)) as [RunSeen, RunSeen];
  expect(first).toMatchObject({ outcome: 'committed', table: { path: join(here.LAKE, 'customer_sales') } });
  expect(cancelled).toMatchObject({ code: 0, json: { run: second.run, outcome: second.outcome } });
  expect(second.run).not.toBe(first.run);
  expect(await redo).toMatchObject({ run: first.run, outcome: 'committed', rows: { unchanged: 20_000, inserted: 0 } });
});

test('a run whose stack is killed brings its own on the same home and ends there', async () => {
  const set = lakeOf('orphaned');
  const ended = headgate(workspace, ['run', pipeline, ...setsOf(set), '--json']);
  await until('it has begun', () => isBegun(set.LAKE));
  const { supervisor, server } = dev.record().pids;
  await crash(supervisor);
  const run = await ended;
  expect(run.stderr).toContain('The stack that this command used has ended');
  expect(run).toMatchObject({ code: 0, json: { outcome: 'committed', rows: { inserted: 20_000 } } });
  expect(isAlive(server ?? 0)).toBe(false);
  await expectNothingLeft(workspace.folder);
});
