// Builds of the worker that follow each other while workflows are open, on the server that has worker deployments.
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { parseTableUri } from '../../src/contracts/ids';
import { keeperWorkflowId } from '../../src/contracts/names';
import type { RunPipelineResult } from '../../src/contracts/run';
import { routeWork, versioningOptions, type Versioning } from '../../src/workers/versioning';
import { digestOf } from '../fakes/ids';
import { pipelineRef, prepareReport } from '../fakes/reports';
import {
  batch,
  fakeActivities,
  newJournal,
  startDevServer,
  succeeded,
  withWorker,
  type Activities,
} from './environment';
import { eventually } from './table-scene';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await startDevServer();
});

afterAll(async () => {
  await environment.teardown();
});

const namespace = 'default';

/** A table whose batch `held` waits at the gate; every other one is committed at once. */
function scene(mode: Versioning) {
  const taskQueue = randomUUID();
  const table = parseTableUri(`/lake/${taskQueue}`);
  const { connection, client } = environment;
  const fakes = fakeActivities(environment, newJournal(), taskQueue);
  const activities: Activities = {
    ...fakes,
    loadPipeline: async () => ({ ...pipelineRef, target: { ...pipelineRef.target, table } }),
    freezeInputs: async ({ interval }) => ({ kind: 'batch', batch: { ...batch, digest: digestOf(interval ?? '') } }),
    watchJob: async (handle) => {
      if (handle.job !== 'prepare' || !handle.stepKey.includes(digestOf('held'))) return fakes.watchJob(handle);
      const expectations = prepareReport.expectations.map((result) => ({ ...result, failed: 50, checked: 100 }));
      return succeeded(handle, { ...prepareReport, expectations });
    },
  };
  const version = (buildId: string) => ({ deploymentName: taskQueue, buildId });
  return {
    keeper: client.workflow.getHandle(keeperWorkflowId(table)),
    run: (name: string) =>
      client.workflow.start('runPipeline', {
        workflowId: `run/${randomUUID()}`,
        taskQueue,
        args: [{ interval: name }],
      }),
    route: (buildId: string, as = mode) => routeWork(connection, namespace, as, version(buildId)),
    current: async () => {
      const { workflowService } = connection;
      const answer = await workflowService.describeWorkerDeployment({ namespace, deploymentName: taskQueue });
      return answer.workerDeploymentInfo?.routingConfig?.currentDeploymentVersion?.buildId;
    },
    withBuild: <Result>(buildId: string, body: () => Promise<Result>, as = mode) =>
      withWorker(environment, taskQueue, activities, body, versioningOptions(as, version(buildId))),
  };
}

const held = (run: WorkflowHandle): Promise<unknown> =>
  eventually(
    () => run.query<{ readonly held?: readonly string[] }>('progress'),
    (progress) => progress.held !== undefined,
  );

const approve = (run: WorkflowHandle): Promise<unknown> =>
  run.executeUpdate('decideGate', { args: [{ decision: 'approve', by: 'ada', why: 'fine' }] });

async function buildsOf(handle: WorkflowHandle): Promise<readonly string[]> {
  const { events } = await handle.fetchHistory();
  const builds = (events ?? []).flatMap(({ workflowTaskCompletedEventAttributes: done }) =>
    done === null || done === undefined ? [] : [done.deploymentVersion?.buildId ?? 'none'],
  );
  return [...new Set(builds)];
}

describe('builds that follow each other', () => {
  it.each([
    ['by another build', 'follow', 'one'],
    ['before builds had a version', 'off', 'none'],
  ] as const)('on one machine: what was begun %s goes on with the one that runs', async (_, before, build) => {
    const { keeper, run, route, withBuild } = scene('follow');
    await route(build, before);
    const [open, first] = await withBuild(
      build,
      async () => {
        await (await run('a')).result();
        const waiting = await run('held');
        await held(waiting);
        return [waiting, (await keeper.describe()).runId] as const;
      },
      before,
    );
    await route('two');
    await withBuild('two', async () => {
      await approve(open);
      const result: RunPipelineResult = await open.result();
      expect(result.outcome).toBe('committed');
      expect(await buildsOf(open)).toEqual([build, 'two']);
      // A keeper begins anew on another build, after the work at hand.
      await eventually(
        async () => (await keeper.describe()).runId,
        (runId) => runId !== first,
      );
      expect(await keeper.query('table')).toMatchObject({ commits: 2 });
      expect(await buildsOf(keeper)).toEqual(['two']);
    });
    await keeper.terminate();
  });

  it('where runs are pinned: each ends on the build that began it, new ones and the keeper go to the current one', async () => {
    const { keeper, run, route, current, withBuild } = scene('pinned');
    // The first build there ever was needs nobody to make it current; a later one does.
    await route('one');
    const open = await withBuild('one', async () => {
      await (await run('a')).result();
      const waiting = await run('held');
      await held(waiting);
      return waiting;
    });
    await route('two');
    expect(await current()).toBe('one');
    await route('two', 'follow');
    await withBuild('two', async () => {
      const next = await run('b');
      await next.result();
      expect(await buildsOf(next)).toEqual(['two']);
      await withBuild('one', async () => {
        await approve(open);
        const result: RunPipelineResult = await open.result();
        expect(result.outcome).toBe('committed');
      });
      expect(await buildsOf(open)).toEqual(['one']);
      expect((await buildsOf(keeper)).at(-1)).toBe('two');
    });
    await keeper.terminate();
  });

  it('is an error with a remedy where the server cannot do it', async () => {
    const version = { deploymentName: 'headgate', buildId: 'one' };
    await expect(routeWork(environment.connection, 'no-such-namespace', 'follow', version)).rejects.toMatchObject({
      type: 'NoWorkerVersion',
      remedy: expect.stringContaining('HEADGATE_VERSIONING=off'),
    });
  });
});
