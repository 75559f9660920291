// Every call passes one budget: spaced, slower after a throttle, counted, and repeated where that does no harm.
import { EmrError } from '../../../../src/adapters/emr/errors';
import type { EmrApi } from '../../../../src/adapters/runtimes/emr/api';
import { budgeted } from '../../../../src/adapters/runtimes/emr/budgeted';
import { createCallBudget, type EmrCall } from '../../../../src/adapters/emr/budget';
import { createLazyEmrRuntime } from '../../../../src/adapters/runtimes/emr/lazy';
import { FakeEmr, type Fault } from '../../../fakes/emr-steps';
import { createFakeObjectStore } from '../../../fakes/object-store';
import { inVirtualTime, useVirtualClock } from '../../../support/virtual-clock';

useVirtualClock();

const listing = (api: EmrApi) => api.listSteps('j-1', {});

function scene(fault: () => Fault | undefined = () => undefined) {
  const emr = new FakeEmr().cluster('j-1');
  emr.fault = fault;
  const calls: EmrCall[] = [];
  const budget = createCallBudget({ random: () => 1, onCall: (call) => calls.push(call) });
  return { emr, budget, calls, api: budgeted(emr, budget) };
}

it('lets a burst through, and then four calls a second, reading or writing', async () => {
  const { emr, api } = scene();
  const began = Date.now();
  await inVirtualTime(
    Promise.all(
      Array.from({ length: 100 }, (_, call) =>
        call % 2 === 0 ? listing(api) : api.addStep('j-1', { name: 'n', args: [] }),
      ),
    ),
  );
  const tookMs = Date.now() - began;
  expect(tookMs).toBeGreaterThanOrEqual(19_900);
  expect(tookMs).toBeLessThanOrEqual(20_100);
  const atOnce = emr.requests.filter(({ atMs }) => atMs === began).length;
  expect(atOnce).toBe(20);
});

it('slows down when EMR throttles, and comes back', async () => {
  let left = 3;
  const { emr, api } = scene(() => ((left -= 1) >= 0 ? 'throttle' : undefined));
  await inVirtualTime(listing(api));
  const began = Date.now();
  await inVirtualTime(Promise.all(Array.from({ length: 4 }, () => listing(api))));
  // Four at once were allowed before.
  expect(Date.now() - began).toBeGreaterThan(3_000);
  await inVirtualTime(Promise.all(Array.from({ length: 100 }, () => listing(api))));
  const [first = 0, last = 0] = emr.requests
    .slice(-20)
    .flatMap(({ atMs }, at) => (at === 0 || at === 19 ? [atMs] : []));
  expect(last - first).toBeLessThanOrEqual(5_000);
});

it.each(['throttle', 'broken', 'lost'] as const)(
  'repeats a question that meets %s, for half a minute',
  async (fault) => {
    const { emr, api } = scene(() => fault);
    const began = Date.now();
    await expect(inVirtualTime(listing(api))).rejects.toBeInstanceOf(EmrError);
    expect(emr.requests.length).toBeGreaterThan(3);
    expect(Date.now() - began).toBeLessThan(60_000);
  },
);

it('repeats no question that EMR refuses, and no submit whatever happens', async () => {
  const { emr, api } = scene();
  await expect(inVirtualTime(api.describeCluster('j-2'))).rejects.toMatchObject({ type: 'EmrRefused' });
  expect(emr.requests).toHaveLength(1);
  for (const fault of ['throttle', 'broken', 'lost'] as const) {
    emr.fault = () => fault;
    emr.requests.length = 0;
    await expect(inVirtualTime(api.addStep('j-1', { name: 'n', args: [] }))).rejects.toBeInstanceOf(EmrError);
    expect(emr.requests).toHaveLength(1);
  }
});

it('counts what was sent, by operation and by what came of it', async () => {
  let left = 1;
  const { budget, calls, api } = scene(() => ((left -= 1) >= 0 ? 'throttle' : undefined));
  await inVirtualTime(listing(api));
  await inVirtualTime(api.describeCluster('j-1'));
  expect(budget.counts()).toEqual({ listSteps: 2, describeCluster: 1 });
  expect(calls.map(({ operation, cluster, outcome }) => `${operation} ${cluster} ${outcome}`)).toEqual([
    'listSteps j-1 throttled',
    'listSteps j-1 answered',
    'describeCluster j-1 answered',
  ]);
});

it('is opened with its client at the first job, and again when that failed', async () => {
  let opened = 0;
  const emr = new FakeEmr().cluster('j-1');
  const runtime = createLazyEmrRuntime({
    store: createFakeObjectStore(),
    sparkFolder: 'spark',
    budget: createCallBudget(),
    open: async () => {
      opened += 1;
      if (opened === 1) throw new Error('no region');
      return emr;
    },
  });
  runtime.hint('j-1');
  expect(opened).toBe(0);
  const handle = { runtime: 'emr', id: 'j-1/s-1', stepKey: 'k', job: 'commit', attempt: 1 } as const;
  const asked = { ...handle, requestPath: '', reportPath: '', failurePath: '' };
  await expect(runtime.status(asked)).rejects.toThrow('no region');
  const both = await inVirtualTime(Promise.all([runtime.status(asked), runtime.status(asked)]));
  expect(both.map(({ state }) => state)).toEqual(['unknown', 'unknown']);
  expect(opened).toBe(2);
});
