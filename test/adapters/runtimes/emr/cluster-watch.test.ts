// One look for all jobs of a cluster: when it comes, what it costs, and that nobody is told what is long past.
import { budgeted } from '../../../../src/adapters/runtimes/emr/budgeted';
import { createCallBudget } from '../../../../src/adapters/emr/budget';
import { createClusterWatch } from '../../../../src/adapters/runtimes/emr/cluster-watch';
import { FakeEmr, type FakeStep } from '../../../fakes/emr-steps';
import { inVirtualTime, useVirtualClock } from '../../../support/virtual-clock';

useVirtualClock();

const forLong = () => ({ ms: 3600_000, signal: new AbortController().signal });

async function scene(count: number, runMs: (step: FakeStep) => number | undefined) {
  const emr = new FakeEmr().cluster('j-1');
  emr.concurrency = 5;
  const began = new Map<string, number>();
  emr.onStart = (step) => {
    began.set(step.id, Date.now());
    const ms = runMs(step);
    if (ms !== undefined) setTimeout(() => emr.end(step, 'COMPLETED'), ms);
  };
  const watch = createClusterWatch(budgeted(emr, createCallBudget({ random: () => 0.5 })), 'j-1', () => 0.5);
  const ids: string[] = [];
  for (let step = 0; step < count; step += 1) ids.push(await emr.addStep('j-1', { name: `n${step}`, args: [] }));
  emr.requests.length = 0;
  const endedMs = (id: string) => emr.steps.find((step) => step.id === id)?.states.at(-1)?.atMs ?? 0;
  return { emr, watch, ids, endedMs };
}

it('asks nothing while nobody waits', async () => {
  const { emr, watch, ids } = await scene(1, () => undefined);
  const leave = new AbortController();
  const waiting = watch.watch(ids[0] ?? '', { ms: 3600_000, signal: leave.signal });
  await jest.advanceTimersByTimeAsync(60_000);
  leave.abort();
  await waiting;
  const before = emr.requests.length;
  expect(before).toBeGreaterThan(0);
  await jest.advanceTimersByTimeAsync(3600_000);
  expect(emr.requests).toHaveLength(before);
  expect(jest.getTimerCount()).toBe(0);
});

it('asks once for ten jobs', async () => {
  const { emr, watch, ids } = await scene(10, () => 30_000);
  emr.concurrency = 10;
  const all = Promise.all(ids.map((id) => watch.watch(id, forLong())));
  await jest.advanceTimersByTimeAsync(4_000);
  expect(emr.requests).toHaveLength(1);
  await inVirtualTime(all);
});

it.each([
  [5_000, 10_000],
  [60_000, 10_000],
  [115_000, 10_000],
  [600_000, 45_000],
  [7_200_000, 66_000],
])('sees the end of a job of %d ms within %d ms', async (runMs, withinMs) => {
  const { emr, watch, ids, endedMs } = await scene(1, () => runMs);
  const [id = ''] = ids;
  await inVirtualTime(watch.watch(id, { ...forLong(), ms: 3 * 3600_000 }));
  expect(Date.now() - endedMs(id)).toBeLessThanOrEqual(withinMs);
  // Hours at a look a minute, not at one in five seconds.
  expect(emr.requests.length).toBeLessThanOrEqual(45 + runMs / 40_000);
});

it('sees within ten seconds the end of a short job that waited long behind one of its own', async () => {
  const { emr, watch, ids, endedMs } = await scene(2, ({ id }) => (id === 's-1' ? 1_200_000 : 20_000));
  emr.concurrency = 1;
  emr.steps[1]?.states.splice(1);
  const late = ids.map(async (id) => {
    await watch.watch(id, forLong());
    return Date.now() - endedMs(id);
  });
  expect(Math.max(...(await inVirtualTime(Promise.all(late))))).toBeLessThanOrEqual(10_000);
});

it('comes sooner on a hint, and not more often than every two seconds', async () => {
  const { emr, watch, ids, endedMs } = await scene(1, () => 1_800_000);
  const [id = ''] = ids;
  const waiting = watch.watch(id, forLong());
  await jest.advanceTimersByTimeAsync(1_800_001);
  watch.hint();
  await inVirtualTime(waiting);
  expect(Date.now() - endedMs(id)).toBeLessThanOrEqual(2_000);
  const other = await scene(1, () => undefined);
  void other.watch.watch('s-1', { ms: 60_000, signal: AbortSignal.timeout(1) });
  for (let hints = 0; hints < 300; hints += 1) {
    other.watch.hint();
    await jest.advanceTimersByTimeAsync(100);
  }
  expect(other.emr.requests.length).toBeLessThanOrEqual(16);
  expect(emr.requests.length).toBeLessThan(100);
});

it('goes on through faults, and fails those only who have heard nothing for long', async () => {
  const { emr, watch, ids } = await scene(1, () => 120_000);
  const [id = ''] = ids;
  await jest.advanceTimersByTimeAsync(1_000);
  await inVirtualTime(watch.look(id));
  emr.fault = () => 'broken';
  const short = watch.watch(id, { ...forLong(), ms: 60_000 });
  expect(await inVirtualTime(short)).toMatchObject({ step: { state: 'RUNNING' } });
  const silent = inVirtualTime(watch.watch(id, { ...forLong(), ms: 600_000 }));
  await expect(silent).rejects.toMatchObject({ type: 'EmrFailed' });
  emr.fault = () => undefined;
  expect(await inVirtualTime(watch.watch(id, forLong()))).toMatchObject({ step: { state: 'COMPLETED' } });
});

it('tells missing rights at once to everybody', async () => {
  const { emr, watch, ids } = await scene(2, () => undefined);
  const all = ids.map((id) => watch.watch(id, forLong()));
  emr.listSteps = async () => {
    throw new TypeError('a defect');
  };
  const settled = await inVirtualTime(Promise.allSettled(all));
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
});
