// The local runtime keeps the promises of the port, with real processes and real Spark.
import { createStores } from '../../src/adapters/stores';
import { describeSparkRuntime } from '../adapters/runtimes/spark-runtime-suite';
import type { JobHandle, SparkRuntime } from '../../src/activities/ports';
import { follow, submitTo } from '../support/jobs';
import { crash } from '../support/processes';
import { until } from '../support/waiting';
import { createLocalHome, type LocalHome } from './local-home';

let local: LocalHome;
beforeAll(async () => {
  local = await createLocalHome('spark');
});
afterAll(() => local.remove());

const watch = (runtime: SparkRuntime, handle: JobHandle) => follow(runtime, local.store, handle);

describeSparkRuntime({
  runtime: () => local.runtime(),
  store: createStores(),
  submission: (behaviour, of) => local.submission(behaviour, of),
  release: (submission) => local.release(submission),
  runs: (submission) => local.runs(submission),
  lose: async () => {
    const pids = await local.pids();
    await crash(pids.python);
    await local.gone(pids);
  },
});

test('a job that ends without a trace is lost, with its error told', async () => {
  const runtime = local.runtime();
  const step = local.submission({ crash: true });
  const outcome = await watch(runtime, await submitTo(runtime, step));
  expect(outcome).toMatchObject({ kind: 'lost', cause: 'unknown' });
  expect(outcome).toMatchObject({ reason: expect.stringContaining('crashed without a trace') });
});

test('jobs on one table run one after the other, jobs on two tables side by side', async () => {
  const runtime = local.runtime();
  const [first, second] = [1, 2].map(() => local.submission({ hold: true, table: '/lake/shared' }));
  const other = local.submission({ hold: true });
  if (first === undefined || second === undefined) throw new Error('no steps');
  const handles = [];
  for (const step of [first, second, other]) handles.push(await submitTo(runtime, step));
  await until('the other table runs', () => local.runs(first) === 1 && local.runs(other) === 1);
  expect(await runtime.stats()).toMatchObject({ running: 2, queued: 1 });
  expect(local.runs(second)).toBe(0);
  for (const step of [first, other]) local.release(step);
  await until('the second begins', () => local.runs(second) === 1);
  local.release(second);
  for (const handle of handles) expect(await watch(runtime, handle)).toMatchObject({ kind: 'succeeded' });
});

test('a queued job that is cancelled never runs', async () => {
  const runtime = local.runtime();
  const running = local.submission({ hold: true, table: '/lake/busy' });
  const waiting = local.submission({ table: '/lake/busy' });
  const first = await submitTo(runtime, running);
  const second = await submitTo(runtime, waiting);
  await runtime.cancel(second);
  expect(await watch(runtime, second)).toEqual({ kind: 'cancelled' });
  local.release(running);
  expect(await watch(runtime, first)).toMatchObject({ kind: 'succeeded' });
  expect(local.runs(waiting)).toBe(0);
});

test('stats tell memory, work and versions', async () => {
  const stats = await local.runtime().stats();
  expect(stats).toMatchObject({ ready: true, running: 0, queued: 0, versions: { spark: expect.any(String) } });
  expect(stats?.javaBytes).toBeGreaterThan(100e6);
  // 1 GiB of heap, and what Java needs beside it.
  expect(stats?.javaBytes).toBeLessThan(2e9);
  expect(stats?.pythonBytes).toBeGreaterThan(10e6);
});
