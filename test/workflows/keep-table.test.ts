import type { WorkflowHandle } from '@temporalio/client';
import { MockActivityEnvironment, type TestWorkflowEnvironment } from '@temporalio/testing';
import { createKeeperActivities } from '../../src/activities/keeper';
import { parseTableUri } from '../../src/contracts/ids';
import type { CommitAsk } from '../../src/contracts/keeper';
import type { RunPipelineResult } from '../../src/contracts/run';
import { queueLimit } from '../../src/domain/keeper/queue';
import { commitOf } from '../domain/keeper/keeper-world';
import { nameOf } from '../fakes/ids';
import { failed, startEnvironment, succeeded, watching } from './environment';
import { untilTimer } from '../support/virtual-time';
import { barrier, eventually, onTable, resultsOf, viewOf } from './table-scene';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await startEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

/** The name of its batch. */
const batchOf = (stepKey: string): string => nameOf(stepKey.split('/').at(-2) ?? '');

/** A commit of nobody in particular. */
function askOf({ workflowId }: WorkflowHandle, name: string): CommitAsk {
  const { request, ...job } = commitOf(name);
  const target = { ...request.target, table: parseTableUri(workflowId.replace(/^table\//, '')) };
  const upkeep = job.upkeep === undefined ? {} : { upkeep: { ...job.upkeep, table: target.table } };
  return { job: { ...job, ...upkeep, request: { ...request, target } }, replyTo: 'run/nobody', run: 'one' };
}

describe('keepTable', () => {
  it('commits one after another in the order of arrival', async () => {
    const gate = barrier();
    let open = 0;
    let most = 0;
    const order: string[] = [];
    await onTable(
      environment,
      () => ({
        watchJob: async (handle) => {
          if (handle.job === 'prepare') return succeeded(handle);
          open += 1;
          most = Math.max(most, open);
          await watching(gate.opened);
          open -= 1;
          order.push(batchOf(handle.stepKey));
          return succeeded(handle);
        },
      }),
      async ({ keeper, run }) => {
        const first = await run('a');
        await eventually(viewOf(keeper), (view) => view.running !== undefined);
        const second = await run('b');
        await eventually(viewOf(keeper), (view) => view.queued.length === 1);
        const third = await run('c');
        const view = await eventually(viewOf(keeper), ({ queued }) => queued.length === 2);
        expect(view.queued.map(batchOf)).toEqual(['b', 'c']);
        gate.open();
        await resultsOf([first, second, third]);
        // Virtual time makes a run ask twice: the second answer is the recorded one.
        expect([...new Set(order)]).toEqual(['a', 'b', 'c']);
        expect(most).toBe(1);
      },
    );
  });

  it('makes one commit for two runs of the same batch and tells both', async () => {
    const gate = barrier();
    await onTable(
      environment,
      () => ({
        watchJob: async (handle) => {
          if (handle.job === 'commit') await watching(gate.opened);
          return succeeded(handle);
        },
      }),
      async ({ journal, keeper, run }) => {
        const first = await run('a');
        await eventually(viewOf(keeper), (view) => view.running !== undefined);
        const second = await run('a');
        await untilTimer(second);
        gate.open();
        const results = await resultsOf<RunPipelineResult>([first, second]);
        expect(results.map((result) => result.outcome)).toEqual(['committed', 'committed']);
        expect(journal.submitted.filter(({ request }) => request.job === 'commit')).toHaveLength(1);
      },
    );
  });

  it('asks for the job of a batch again when a run does: the recorded result is found, nothing is remembered', async () => {
    await onTable(
      environment,
      () => ({}),
      async ({ journal, run }) => {
        await (await run('a')).result();
        await (await run('a')).result();
        expect(journal.submitted.filter(({ request }) => request.job === 'commit')).toHaveLength(2);
      },
    );
  });

  it('goes on with the next commit when one fails', async () => {
    await onTable(
      environment,
      () => ({
        watchJob: async (handle) =>
          handle.job === 'commit' && batchOf(handle.stepKey) === 'a'
            ? failed(handle, 'config', 'TargetSchema')
            : succeeded(handle),
      }),
      async ({ run }) => {
        const [bad, good] = [await run('a'), await run('b')];
        await expect(bad.result()).rejects.toThrow();
        const result: RunPipelineResult = await good.result();
        expect(result.outcome).toBe('committed');
      },
    );
  });

  it('gives a queued commit back to a cancelled run, and never makes it', async () => {
    const gate = barrier();
    await onTable(
      environment,
      () => ({
        watchJob: async (handle) => {
          if (handle.job === 'commit') await watching(gate.opened);
          return succeeded(handle);
        },
      }),
      async ({ journal, keeper, run }) => {
        const first = await run('a');
        await eventually(viewOf(keeper), (view) => view.running !== undefined);
        const second = await run('b');
        await eventually(viewOf(keeper), (view) => view.queued.length === 1);
        await second.executeUpdate('cancelRun', { args: [{ by: 'ada', why: 'wrong' }] });
        await expect(second.result()).rejects.toThrow();
        gate.open();
        await first.result();
        expect(journal.submitted.filter(({ request }) => request.job === 'commit')).toHaveLength(1);
      },
    );
  });

  it('finishes a commit that has begun although its run is cancelled, and the run tells the truth', async () => {
    const gate = barrier();
    await onTable(
      environment,
      () => ({
        watchJob: async (handle) => {
          if (handle.job === 'commit') await watching(gate.opened);
          return succeeded(handle);
        },
      }),
      async ({ journal, keeper, run }) => {
        const only = await run('a');
        await eventually(viewOf(keeper), (view) => view.running !== undefined);
        await only.executeUpdate('cancelRun', { args: [{ by: 'ada', why: 'late' }] });
        gate.open();
        const result: RunPipelineResult = await only.result();
        expect(result.outcome).toBe('committed');
        expect(journal.published.map((input) => input.result.outcome)).toEqual(['committed']);
      },
    );
  });

  it('carries its count and the table version over when it continues as new', async () => {
    await onTable(
      environment,
      () => ({}),
      async ({ journal, keeper, run }) => {
        await (await run('a')).result();
        const before = (await keeper.describe()).runId;
        await keeper.signal('continueAsNew');
        await eventually(
          async () => (await keeper.describe()).runId,
          (runId) => runId !== before,
        );
        expect(await eventually(viewOf(keeper), () => true)).toMatchObject({ commits: 1, lastVersion: 1 });
        await (await run('b')).result();
        expect(journal.submitted.filter(({ request }) => request.job === 'commit')).toHaveLength(2);
      },
    );
  });

  it('has a commit in its history when it was taken, and continues as new under a stream of them without losing one', async () => {
    await onTable(
      environment,
      () => ({}),
      async ({ journal, keeper, run }) => {
        const runs: WorkflowHandle[] = [];
        for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
          runs.push(await run(name));
          // Before the first commit there is no keeper to be told.
          await keeper.signal('continueAsNew').catch(() => undefined);
        }
        const results = await resultsOf<RunPipelineResult>(runs);
        expect(results.map(({ outcome }) => outcome)).toEqual(runs.map(() => 'committed'));
        const steps = journal.submitted.filter(({ request }) => request.job === 'commit');
        expect(new Set(steps.map(({ request }) => request.digest)).size).toBe(6);
        const { taskQueue } = await keeper.describe();
        const { requestCommit } = createKeeperActivities({ client: environment.client, taskQueue });
        await new MockActivityEnvironment().run(requestCommit, askOf(keeper, 'g'));
        const { events } = await keeper.fetchHistory();
        expect(events?.some(({ workflowExecutionUpdateAcceptedEventAttributes: update }) => update != null)).toBe(true);
      },
    );
  });

  it('refuses a commit by name while its queue is full', async () => {
    const gate = barrier();
    await onTable(
      environment,
      () => ({
        watchJob: async (handle) => {
          if (handle.job === 'commit') await watching(gate.opened);
          return succeeded(handle);
        },
      }),
      async ({ keeper, run }) => {
        await run('a');
        await eventually(viewOf(keeper), (view) => view.running !== undefined);
        const { taskQueue } = await keeper.describe();
        const activities = createKeeperActivities({ client: environment.client, taskQueue });
        const requestCommit = (ask: CommitAsk): Promise<void> =>
          new MockActivityEnvironment().run(activities.requestCommit, ask);
        await Promise.all(Array.from({ length: queueLimit }, (_, index) => requestCommit(askOf(keeper, `s${index}`))));
        await expect(requestCommit(askOf(keeper, 'more'))).rejects.toMatchObject({
          type: 'KeeperBusy',
          nonRetryable: false,
        });
        await expect(requestCommit(askOf(keeper, 's1'))).resolves.toBeUndefined();
        await keeper.terminate();
        gate.open();
      },
    );
  });

  it.each([
    ['is gone', false],
    ['was replaced', true],
  ])('lets a cancelled run end although its keeper %s', async (_, replaced) => {
    const gate = barrier();
    await onTable(
      environment,
      () => ({
        watchJob: async (handle) => {
          if (handle.job === 'commit') await watching(gate.opened);
          return succeeded(handle);
        },
      }),
      async ({ journal, keeper, run }) => {
        await run('a');
        await eventually(viewOf(keeper), (view) => view.running !== undefined);
        const second = await run('b');
        await eventually(viewOf(keeper), (view) => view.queued.length === 1);
        await keeper.terminate();
        if (replaced) {
          await run('c');
          await eventually(viewOf(keeper), (view) => view.running !== undefined);
        }
        await second.executeUpdate('cancelRun', { args: [{ by: 'ada', why: 'wrong' }] });
        await expect(second.result()).rejects.toThrow();
        expect(journal.published.map(({ result }) => result.outcome)).toEqual(['cancelled']);
        expect(journal.published[0]?.result.notices).toEqual([expect.stringContaining('is not known')]);
        gate.open();
      },
    );
  });
});
