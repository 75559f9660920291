// What runs and keepers do with a Spark job beyond the good case: cancel it wherever it is, follow it to its host, give it more.
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import { ActivityFailure, ApplicationFailure, TimeoutFailure, type TimeoutType } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { keepDefinition } from '../../src/activities/definitions';
import { createJobActivities, type SubmitJobInput } from '../../src/activities/jobs';
import type { JobHandle } from '../../src/activities/ports';
import type { RuntimeName } from '../../src/contracts/pipeline';
import { isHostGone } from '../../src/workflows/failure-of';
import { parseTableUri } from '../../src/contracts/ids';
import { createFakeObjectStore } from '../fakes/object-store';
import { pipeline, pipelineRef } from '../fakes/reports';
import { FakeSpark } from '../fakes/spark-runtime';
import { untilTimer } from '../support/virtual-time';
import { until } from '../support/waiting';
import {
  endKeeper,
  failed,
  fakeActivities,
  newJournal,
  startEnvironment,
  succeeded,
  watching,
  withWorker,
  type Activities,
} from './environment';
import { barrier } from './table-scene';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await startEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

type Scene = {
  readonly taskQueue: string;
  readonly submitted: readonly SubmitJobInput[];
  readonly ended: readonly JobHandle[];
  readonly start: () => Promise<WorkflowHandle>;
};

/** Jobs of a run on a table of its own; how each was asked to end is kept. */
async function scene(
  change: (activities: Activities, taskQueue: string) => Partial<Activities>,
  body: (scene: Scene) => Promise<void>,
  runtime: RuntimeName = 'local',
): Promise<void> {
  const journal = newJournal();
  const ended: JobHandle[] = [];
  const taskQueue = randomUUID();
  const target = { ...pipelineRef.target, table: parseTableUri(`/lake/${randomUUID()}`) };
  const own = { ...pipelineRef, runtime, target };
  const fakes: Activities = {
    ...fakeActivities(environment, journal, taskQueue),
    loadPipeline: async () => own,
    cancelJob: async (handle) => {
      ended.push(handle);
      return { state: 'ended' };
    },
  };
  const start = () =>
    environment.client.workflow.start('runPipeline', { workflowId: `run/${randomUUID()}`, taskQueue, args: [] });
  try {
    await withWorker(environment, taskQueue, { ...fakes, ...change(fakes, taskQueue) }, () =>
      body({ taskQueue, submitted: journal.submitted, ended, start }),
    );
  } finally {
    await endKeeper(environment, own.target.table);
  }
}

const cancel = (run: WorkflowHandle): Promise<unknown> =>
  run.executeUpdate('cancelRun', { args: [{ by: 'ada', why: 'wrong day' }] });

const isCancelled = expect.objectContaining({ cause: expect.objectContaining({ type: 'Cancelled' }) });

describe('a cancel reaches the job', () => {
  it('while it is watched', async () => {
    const watched = barrier();
    await scene(
      () => ({
        watchJob: async (handle) => {
          watched.open();
          await watching(new Promise(() => undefined));
          return succeeded(handle);
        },
      }),
      async ({ start, ended }) => {
        const run = await start();
        await watched.opened;
        await cancel(run);
        await expect(run.result()).rejects.toEqual(isCancelled);
        expect(ended).toMatchObject([{ job: 'prepare', id: 'prepare-1' }]);
      },
    );
  });

  it('while it is submitted', async () => {
    const [begun, arrived] = [barrier(), barrier()];
    await scene(
      (activities) => ({
        submitJob: async (input) => {
          begun.open();
          await arrived.opened;
          return activities.submitJob(input);
        },
      }),
      async ({ start, ended }) => {
        const run = await start();
        await begun.opened;
        await cancel(run);
        arrived.open();
        await expect(run.result()).rejects.toEqual(isCancelled);
        expect(ended).toMatchObject([{ job: 'prepare', id: 'prepare-1' }]);
      },
    );
  });

  it('when its submit arrived and its worker died', async () => {
    const begun = barrier();
    await scene(
      (activities) => ({
        submitJob: async () => {
          begun.open();
          throw ApplicationFailure.create({ message: 'killed', nextRetryDelay: '10 minutes' });
        },
        findJob: (input) => activities.submitJob(input),
      }),
      async ({ start, ended }) => {
        const run = await start();
        await begun.opened;
        await cancel(run);
        await expect(run.result()).rejects.toEqual(isCancelled);
        expect(ended).toMatchObject([{ job: 'prepare', id: 'prepare-1' }]);
      },
    );
  });

  it('between two attempts to watch it, and the job is ended', async () => {
    const store = createFakeObjectStore();
    const spark = new FakeSpark(store, () => ({ hold: true }));
    const kept = await keepDefinition(pipeline, store);
    let watches = 0;
    await scene(
      (activities, hostQueue) => {
        const jobs = createJobActivities({ runtimes: { local: spark.runtime() }, store, hostQueue });
        return {
          ...jobs,
          loadPipeline: async () => ({ ...(await activities.loadPipeline({})), definition: kept.definition }),
          watchJob: async () => {
            watches += 1;
            throw ApplicationFailure.create({ message: 'the disk is full', nextRetryDelay: '1 hour' });
          },
        };
      },
      async ({ start }) => {
        const run = await start();
        await until('the watch waits for its next attempt', async () => {
          const { raw } = await run.describe();
          return raw.pendingActivities?.some(
            ({ activityType, attempt }) => activityType?.name === 'watchJob' && Number(attempt) > 1,
          );
        });
        await cancel(run);
        await expect(run.result()).rejects.toEqual(isCancelled);
        expect(watches).toBe(1);
        expect(spark.open()).toEqual([]);
      },
    );
  });

  it('that cannot be ended, and the run ends all the same', async () => {
    const watched = barrier();
    await scene(
      () => ({
        watchJob: async (handle) => {
          watched.open();
          await watching(new Promise(() => undefined));
          return succeeded(handle);
        },
        cancelJob: async () => {
          throw ApplicationFailure.nonRetryable('no answer');
        },
      }),
      async ({ start }) => {
        const run = await start();
        await watched.opened;
        await cancel(run);
        await expect(run.result()).rejects.toEqual(isCancelled);
      },
    );
  });

  it('between two attempts', async () => {
    await scene(
      () => ({ watchJob: async (handle) => failed(handle, 'throttle', 'SlowDown') }),
      async ({ start, ended, submitted }) => {
        const run = await start();
        await untilTimer(run);
        await cancel(run);
        await expect(run.result()).rejects.toEqual(isCancelled);
        expect(ended).toHaveLength(1);
        expect(submitted).toHaveLength(1);
      },
    );
  });
});

it('ends the job of a step that ends with a defect: no other may start beside it', async () => {
  await scene(
    () => ({
      watchJob: async () => {
        throw ApplicationFailure.nonRetryable('x is not a function', 'Defect');
      },
    }),
    async ({ start, ended }) => {
      await expect((await start()).result()).rejects.toThrow();
      expect(ended).toHaveLength(1);
    },
  );
});

it('asks for more memory where the runtime has larger jobs', async () => {
  await scene(
    (activities) => ({
      watchJob: async (handle) => (handle.id === 'small' ? failed(handle, 'memory', 'OutOfMemory') : succeeded(handle)),
      submitJob: async (input) => {
        const handle = (await activities.submitJob(input)) as JobHandle;
        return input.size === undefined ? { ...handle, id: 'small' } : handle;
      },
    }),
    async ({ start, submitted }) => {
      await (await start()).result();
      const prepares = submitted.filter(({ request }) => request.job === 'prepare');
      expect(prepares.map(({ size, after }) => ({ size, after }))).toEqual([{}, { size: 2, after: 1 }]);
    },
    'emr',
  );
});

describe('a job that lives on one host', () => {
  const onHost = (activities: Activities, taskQueue: string): Partial<Activities> => ({
    submitJob: async (input) => ({ ...((await activities.submitJob(input)) as JobHandle), taskQueue }),
    watchJob: async () => {
      throw ApplicationFailure.nonRetryable('asked on the wrong host');
    },
  });

  it('is watched by the worker of its host', async () => {
    const host = randomUUID();
    await scene(
      (activities) => onHost(activities, host),
      async ({ start }) => {
        const there = { watchJob: async (handle: JobHandle) => succeeded(handle) };
        await withWorker(environment, host, there, async () => {
          expect(await (await start()).result()).toMatchObject({ outcome: 'committed' });
        });
      },
    );
  });

  it('is submitted where it was asked for, when another worker was asked', async () => {
    const host = randomUUID();
    await scene(
      (activities) => ({ ...onHost(activities, host), submitJob: async () => ({ elsewhere: host, attempt: 1 }) }),
      async ({ start, submitted }) => {
        const fakes = fakeActivities(environment, { ...newJournal(), submitted: [...submitted] }, host);
        const there = {
          submitJob: async (input: SubmitJobInput) => ({
            ...((await fakes.submitJob(input)) as JobHandle),
            taskQueue: host,
          }),
          watchJob: async (handle: JobHandle) => succeeded(handle),
        };
        await withWorker(environment, host, there, async () => {
          expect(await (await start()).result()).toMatchObject({ outcome: 'committed' });
        });
      },
    );
  });

  // The server of the tests lets no time pass while an activity waits for a worker: what it would say is looked at alone.
  it('is given up when its host takes nothing for two minutes, and not for any other failure', async () => {
    const host = randomUUID();
    const timeouts: unknown[] = [];
    await scene(
      (activities) => onHost(activities, host),
      async ({ start }) => {
        const there = { watchJob: async (handle: JobHandle) => succeeded(handle) };
        await withWorker(environment, host, there, async () => {
          const run = await start();
          await run.result();
          const { events } = await run.fetchHistory();
          for (const { activityTaskScheduledEventAttributes: asked } of events ?? []) {
            if (asked?.taskQueue?.name === host) timeouts.push(Number(asked.scheduleToStartTimeout?.seconds));
          }
        });
      },
    );
    expect(timeouts).toEqual([120]);
    const failedBy = (cause: Error) => new ActivityFailure('failed', 'watchJob', '1', 'TIMEOUT', 'worker', cause);
    const timeout = (type: TimeoutType) => failedBy(new TimeoutFailure('timeout', undefined, type));
    expect(isHostGone(timeout('SCHEDULE_TO_START'))).toBe(true);
    expect(isHostGone(timeout('HEARTBEAT'))).toBe(false);
    expect(isHostGone(failedBy(ApplicationFailure.nonRetryable('no', 'Defect')))).toBe(false);
  });
});
