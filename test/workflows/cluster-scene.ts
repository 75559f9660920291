// A pool of clusters with its keeper on a time-skipping server, over EMR in memory whose clock is that of the server.
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { keepDefinition } from '../../src/activities/definitions';
import type { JobHandle } from '../../src/activities/ports';
import type { ClusterChoice } from '../../src/contracts/cluster-shape';
import { parseTableUri } from '../../src/contracts/ids';
import { clusterWorkflowId, keeperWorkflowId, poolOfRun } from '../../src/contracts/names';
import { referTo } from '../../src/domain/pipeline-ref';
import { sampleShape } from '../fakes/clusters';
import { FakeEmr } from '../fakes/emr-clusters';
import { digestOf } from '../fakes/ids';
import { createFakeObjectStore } from '../fakes/object-store';
import { pipeline } from '../fakes/reports';
import { unlessServerLost } from './lost-server';
import {
  batch,
  clusterActivities,
  endKeeper,
  endWorkflow,
  fakeActivities,
  newJournal,
  startEnvironment,
  withWorker,
  type Activities,
  type Journal,
} from './environment';

export const minute = 60_000;

export type ClusterScene = {
  readonly emr: FakeEmr;
  readonly journal: Journal;
  readonly taskQueue: string;
  readonly pool: string;
  readonly keeper: WorkflowHandle;
  readonly run: (name?: string) => Promise<WorkflowHandle>;
  readonly reap: (input?: object) => Promise<unknown>;
  readonly client: TestWorkflowEnvironment['client'];
  readonly pass: (ms: number) => Promise<void>;
  /** Until no cluster is alive; how long it took by the clock of the server, or more than `limitMs`. */
  readonly untilGone: (limitMs: number) => Promise<number>;
};

type Change = (activities: Activities, emr: FakeEmr) => Partial<Activities>;

/** Marks the cluster of a job as busy while `work` goes on. */
export const clusterOfJob = ({ journal }: Pick<ClusterScene, 'journal'>, { stepKey }: JobHandle): string =>
  journal.submitted.findLast(({ request }) => request.stepKey === stepKey)?.cluster ?? '';

/** On a server of its own: a keeper that lives for hours leaves locks on the time of the tests after it. */
export async function onPool(
  body: (scene: ClusterScene) => Promise<void>,
  change: Change = () => ({}),
  choice: Choice = {},
  server = startEnvironment,
): Promise<void> {
  await unlessServerLost(server, (environment, handles) => play(environment, body, change, choice, handles));
}

type Choice = Partial<Extract<ClusterChoice, { kind: 'pool' }>> | { readonly kind: 'per-run' };

async function play(
  environment: TestWorkflowEnvironment,
  body: (scene: ClusterScene) => Promise<void>,
  change: Change,
  choice: Choice,
  handles: WorkflowHandle[],
): Promise<void> {
  const journal = newJournal();
  const taskQueue = randomUUID();
  const name = `p-${randomUUID()}`;
  const runId = `run/${randomUUID()}`;
  const shape = 'shape' in choice && choice.shape !== undefined ? choice.shape : sampleShape();
  const cluster: ClusterChoice = choice.kind === 'per-run' ? { kind: 'per-run', shape } : { kind: 'pool', name, shape };
  const pool = cluster.kind === 'pool' ? name : poolOfRun(runId);
  const store = createFakeObjectStore();
  const table = parseTableUri(`s3://lake/${randomUUID()}`);
  const own = { ...pipeline, runtime: 'emr' as const, cluster, target: { ...pipeline.target, table } };
  const { definition } = await keepDefinition(own, store);
  let virtual = await environment.currentTimeMs();
  let slept = 0;
  const emr = new FakeEmr(async () => {
    virtual = await environment.currentTimeMs();
    return virtual;
  });
  const fakes: Activities = {
    ...fakeActivities(environment, journal, taskQueue),
    ...clusterActivities(environment, taskQueue, {
      clusters: emr,
      store,
      clock: { now: () => new Date(virtual + slept) },
      pause: async (ms) => {
        slept += ms;
      },
    }),
    loadPipeline: async () => referTo(own, definition),
    freezeInputs: async ({ interval }) => ({ kind: 'batch', batch: { ...batch, digest: digestOf(interval ?? '') } }),
  };
  const { workflow } = environment.client;
  const keeper = workflow.getHandle(clusterWorkflowId(pool));
  handles.push(keeper, workflow.getHandle(keeperWorkflowId(table)));
  const start = async (workflowType: string, workflowId: string, input: object): Promise<WorkflowHandle> => {
    const handle = await workflow.start(workflowType, { workflowId, taskQueue, args: [input] });
    handles.push(handle);
    return handle;
  };
  const untilGone = async (limitMs: number): Promise<number> => {
    const began = await environment.currentTimeMs();
    for (;;) {
      const took = (await environment.currentTimeMs()) - began;
      if ((await emr.alive()).length === 0 || took > limitMs) return took;
      await environment.sleep(30_000);
    }
  };
  try {
    await withWorker(environment, taskQueue, { ...fakes, ...change(fakes, emr) }, () =>
      body({
        ...{ emr, journal, taskQueue, pool, keeper, untilGone },
        client: environment.client,
        pass: (ms) => environment.sleep(ms),
        run: (interval = 'a') => start('runPipeline', interval === 'a' ? runId : `run/${randomUUID()}`, { interval }),
        reap: async (input = {}) => (await start('reapOrphans', 'reap/recorded', input)).result(),
      }),
    );
  } finally {
    await endWorkflow(environment, keeper.workflowId);
    await endKeeper(environment, table);
  }
}
