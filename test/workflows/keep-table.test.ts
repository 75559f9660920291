import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { keeperWorkflowId } from '../../src/contracts/names';
import type { RunPipelineResult, TableView } from '../../src/contracts/run';
import { pipeline } from '../fakes/reports';
import {
  batch,
  failed,
  fakeActivities,
  newJournal,
  startEnvironment,
  succeeded,
  watching,
  withWorker,
  type Activities,
  type Journal,
} from './environment';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await startEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

/** A gate in the fakes: commits wait until it is opened. */
function barrier() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

async function onTable<Result>(
  change: (activities: Activities, journal: Journal) => Partial<Activities>,
  body: (scene: {
    journal: Journal;
    keeper: WorkflowHandle;
    run(digest: string): Promise<WorkflowHandle>;
  }) => Promise<Result>,
): Promise<Result> {
  const journal = newJournal();
  const taskQueue = randomUUID();
  const table = `/lake/${randomUUID()}`;
  const own = { ...pipeline, target: { ...pipeline.target, table } };
  const fakes: Activities = {
    ...fakeActivities(environment, journal, taskQueue),
    loadPipeline: async () => own,
    // The interval of the input stands for the batch, so that a test names its batches.
    freezeInputs: async ({ interval }) => ({
      kind: 'batch',
      batch: { ...batch, digest: (interval ?? '').padEnd(32, '0') },
    }),
  };
  return withWorker(environment, taskQueue, { ...fakes, ...change(fakes, journal) }, () =>
    body({
      journal,
      keeper: environment.client.workflow.getHandle(keeperWorkflowId(table)),
      run: (digest) =>
        environment.client.workflow.start('runPipeline', {
          workflowId: `run/${randomUUID()}`,
          taskQueue,
          args: [{ interval: digest }],
        }),
    }),
  );
}

async function eventually<Value>(read: () => Promise<Value>, good: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await read().catch(() => undefined);
    if (value !== undefined && good(value)) return value;
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

const viewOf = (keeper: WorkflowHandle) => (): Promise<TableView> => keeper.query<TableView>('table');

describe('keepTable', () => {
  it('commits one after another in the order of arrival', async () => {
    const gate = barrier();
    let open = 0;
    let most = 0;
    const order: string[] = [];
    await onTable(
      () => ({
        watchJob: async (handle) => {
          if (handle.job === 'prepare') return succeeded(handle);
          open += 1;
          most = Math.max(most, open);
          await watching(gate.opened);
          open -= 1;
          order.push(handle.stepKey.split('/').at(-2)?.slice(0, 1) ?? '');
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
        expect(view.queued.map((key) => key.split('/').at(-2)?.slice(0, 1))).toEqual(['b', 'c']);
        gate.open();
        await Promise.all([first, second, third].map((handle) => handle.result()));
        // Virtual time makes a run ask twice: the second answer is the recorded one.
        expect([...new Set(order)]).toEqual(['a', 'b', 'c']);
        expect(most).toBe(1);
      },
    );
  });

  it('makes one commit for two runs of the same batch and tells both', async () => {
    const gate = barrier();
    await onTable(
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
        await eventually(
          () => second.fetchHistory(),
          (history) =>
            (history.events ?? []).some(
              (event) => event.timerStartedEventAttributes !== null && event.timerStartedEventAttributes !== undefined,
            ),
        );
        gate.open();
        const results: RunPipelineResult[] = await Promise.all([first.result(), second.result()]);
        expect(results.map((result) => result.outcome)).toEqual(['committed', 'committed']);
        expect(journal.submitted.filter(({ request }) => request.job === 'commit')).toHaveLength(1);
      },
    );
  });

  it('asks for the job of a batch again when a run does: the recorded result is found, nothing is remembered', async () => {
    await onTable(
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
      () => ({
        watchJob: async (handle) =>
          handle.job === 'commit' && handle.stepKey.includes('/a000')
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
});
