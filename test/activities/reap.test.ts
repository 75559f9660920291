// The reaper, over EMR in memory: what it spares, and that a sweep which is repeated counts what it has ended.
import { MockActivityEnvironment } from '@temporalio/testing';
import { createReapActivities } from '../../src/activities/reap';
import type { ReapInput, ReapResult } from '../../src/contracts/cluster';
import { sampleShape } from '../fakes/clusters';
import { FakeEmr } from '../fakes/emr-clusters';

const hour = 3_600_000;

async function scene(keeper: 'COMPLETED' | 'RUNNING' | 'silent', view: unknown = { clusters: [] }, namespace = 'n') {
  let now = 10 * hour;
  const emr = new FakeEmr(async () => now);
  await emr.start(
    { pool: 'warm', member: 'e-1', pipeline: 'p', size: 1, shape: sampleShape() },
    { namespace, workflowId: 'cluster/warm' },
  );
  now += hour / 4;
  const handle = {
    describe: async () => ({ status: { name: keeper === 'silent' ? 'RUNNING' : keeper } }),
    query: async () => {
      if (keeper === 'silent') throw new Error('no worker');
      return view;
    },
  };
  const client = { workflow: { getHandle: () => handle }, withDeadline: (_: number, ask: () => unknown) => ask() };
  const { sweepClusters } = createReapActivities({
    client: client as never,
    clock: { now: () => new Date(now) },
    clusters: emr,
    namespaceId: async () => 'n',
  });
  const reap = (input: ReapInput = {}): Promise<ReapResult> => new MockActivityEnvironment().run(sweepClusters, input);
  return { reap };
}

const verdicts = ({ clusters }: ReapResult) => clusters.map(({ verdict }) => verdict);

it('ends what has no open keeper, and counts it again when it is repeated', async () => {
  const { reap } = await scene('COMPLETED');
  expect(verdicts(await reap({ dryRun: true }))).toEqual(['would-end']);
  expect(verdicts(await reap())).toEqual(['ended']);
  expect((await reap()).clusters).toMatchObject([{ verdict: 'ended', why: expect.stringMatching(/it ends already/) }]);
});

it('ends what its open keeper does not know', async () => {
  expect(verdicts(await (await scene('RUNNING')).reap())).toEqual(['ended']);
});

it.each([
  ['by id', { clusters: [{ id: 'j-00000001', name: 'e-1' }] }],
  ['by name, while it is started', { clusters: [{ name: 'e-1' }] }],
])('spares what its keeper knows %s', async (_, view) => {
  expect(verdicts(await (await scene('RUNNING', view)).reap())).toEqual(['owned']);
});

it('spares what is young, and what has a keeper that does not answer', async () => {
  expect(verdicts(await (await scene('COMPLETED')).reap({ graceSeconds: 3600 }))).toEqual(['young']);
  const silent = await scene('silent');
  expect(verdicts(await silent.reap())).toEqual(['unsure']);
});

it('does not touch those of another installation', async () => {
  expect(await (await scene('COMPLETED', undefined, 'another')).reap()).toEqual({ looked: 1, clusters: [] });
});
