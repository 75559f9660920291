// Every wait of a run ends: by its event, by a cancellation, or by its limit. Workers that die, keepers that say nothing.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { silentWorkerSeconds } from '../../src/contracts/runtimes';
import { activityOptions } from '../../src/workflows/activity-options';
import { projectRoot } from '../support/tools';
import { silence, startEnvironment, succeeded, watching, type Activities } from './environment';
import { untilTimer, whileTimePasses } from '../support/virtual-time';
import { barrier, eventually, onTable, viewOf } from './table-scene';

describe('an activity', () => {
  it.each(Object.entries(activityOptions))('%s may be silent for seconds and open for a day at most', (_, options) => {
    expect(options.heartbeatTimeout).toBe(silentWorkerSeconds * 1000);
    expect(options.scheduleToCloseTimeout).toMatch(/^(\d minutes|10 minutes|\d hours?|1 day|24 hours)$/);
  });

  it('is reached by its row of options, and in no other way', () => {
    const folder = join(projectRoot, 'src', 'workflows');
    const files = readdirSync(folder).filter((file) =>
      readFileSync(join(folder, file), 'utf8').includes('proxyActivities'),
    );
    expect(files).toEqual(['activity-options.ts']);
  });
});

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await startEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

const failureOf = async (
  handle: WorkflowHandle,
  result = whileTimePasses(environment, handle.result()),
): Promise<string> => {
  const error: unknown = await result.catch((reason: unknown) => reason);
  if (error instanceof WorkflowFailedError) return error.cause?.message ?? error.message;
  throw new Error(`it did not fail: ${String(error)}`);
};

const cancel = (run: WorkflowHandle): Promise<unknown> =>
  run.executeUpdate('cancelRun', { args: [{ by: 'ada', why: 'wrong day' }] });

/** By the clock of the server, which skips what nobody waits for. */
async function secondsOf(handle: WorkflowHandle): Promise<number> {
  const { startTime, closeTime } = await handle.describe();
  return ((closeTime?.getTime() ?? Infinity) - startTime.getTime()) / 1000;
}

// No time is skipped while an activity is under way: two of them stand for the rows above.
describe('a worker that dies in an activity is noticed within seconds', () => {
  /** The first attempt hangs without a beat, as with a killed worker. */
  const silentOnce = (activities: Activities, name: keyof Activities): Partial<Activities> => {
    let attempts = 0;
    const first = async (...args: unknown[]): Promise<unknown> => {
      attempts += 1;
      if (attempts === 1) return silence();
      return (activities[name] as (...all: unknown[]) => Promise<unknown>)(...args);
    };
    return { [name]: first };
  };

  it.each(['freezeInputs', 'requestCommit'] as const)('%s', async (name) => {
    await onTable(
      environment,
      (activities) => silentOnce(activities, name),
      async ({ run }) => {
        const handle = await run('a');
        expect(await handle.result()).toMatchObject({ outcome: 'committed' });
        expect(await secondsOf(handle)).toBeLessThan(10);
      },
    );
  });
});

describe('a run that is cancelled', () => {
  it('ends within minutes although its keeper says nothing, and says that it does not know', async () => {
    const asked = barrier();
    await onTable(
      environment,
      () => ({
        requestCommit: async () => asked.open(),
        askMaintenance: async () => undefined,
      }),
      async ({ journal, keeper, run, taskQueue }) => {
        // A workflow in the keeper's place, which takes messages and answers none.
        await environment.client.workflow.start('maintainTable', {
          workflowId: keeper.workflowId,
          taskQueue,
          args: [{}],
        });
        const handle = await run('a');
        await asked.opened;
        await untilTimer(handle);
        await cancel(handle);
        const told = /^Cancelled by ada: wrong day\. Whether its commit was made is not known/;
        expect(await failureOf(handle)).toMatch(told);
        expect(await secondsOf(handle)).toBeLessThan(180);
        expect(journal.published.map(({ result }) => result.outcome)).toEqual(['cancelled']);
      },
    );
  });

  it('waits for a MERGE that has begun as long as it takes, and its commit is told', async () => {
    let attempts = 0;
    await onTable(
      environment,
      () => ({
        watchJob: async (handle) => {
          if (handle.job === 'prepare') return succeeded(handle);
          attempts += 1;
          if (attempts < 4) throw ApplicationFailure.create({ message: 'busy', nextRetryDelay: '6 minutes' });
          return succeeded(handle);
        },
      }),
      async ({ run }) => {
        const handle = await run('a');
        await untilTimer(handle);
        // The keeper is at rest too: the test server may lose a task that comes while another one ends.
        await eventually(
          async () => attempts,
          (begun) => begun > 0,
        );
        await cancel(handle);
        const result: unknown = await whileTimePasses(environment, handle.result());
        expect(result).toMatchObject({ outcome: 'committed' });
        expect(await secondsOf(handle)).toBeGreaterThan(15 * 60);
      },
    );
  });

  it('ends although its record cannot be written', async () => {
    const frozen = barrier();
    await onTable(
      environment,
      () => ({
        freezeInputs: async () => {
          frozen.open();
          await watching(new Promise(() => undefined));
          return { kind: 'nothing-new', notices: [] };
        },
        publishRun: async () => {
          throw new Error('no space left on device');
        },
      }),
      async ({ run }) => {
        const handle = await run('a');
        await frozen.opened;
        await cancel(handle);
        expect(await failureOf(handle)).toMatch(/Cancelled by ada.*nothing into the table/);
        expect(await secondsOf(handle)).toBeLessThan(90);
      },
    );
  });

  it('whose commit has failed meanwhile is cancelled, and tells of the failure', async () => {
    const gate = barrier();
    await onTable(
      environment,
      () => ({
        watchJob: async (handle) => {
          if (handle.job === 'prepare') return succeeded(handle);
          await watching(gate.opened);
          return { kind: 'failed', failure: { ...dataFailure, stepKey: handle.stepKey } as never };
        },
      }),
      async ({ journal, keeper, run }) => {
        const handle = await run('a');
        await eventually(viewOf(keeper), ({ running }) => running !== undefined);
        await untilTimer(handle);
        await cancel(handle);
        gate.open();
        expect(await failureOf(handle)).toMatch(/^Cancelled by ada: wrong day\. It failed meanwhile: the key is twice/);
        expect(journal.published.map(({ result }) => result.outcome)).toEqual(['cancelled']);
      },
    );
  });
});

const dataFailure = {
  protocol: 1,
  attempt: 1,
  kind: 'data',
  type: 'DuplicateTargetKey',
  message: 'the key is twice in the table',
  remedy: 'r',
  fields: {},
  detail: '',
};

it('gives up upkeep that its keeper never answers, by name', async () => {
  await onTable(
    environment,
    () => ({ askMaintenance: async () => undefined }),
    async ({ maintain }) => {
      const handle = await maintain();
      // Its limit is the one thing that happens here: taking a lock off would let time run past it.
      expect(await failureOf(handle, handle.result())).toMatch(/has not answered within 48 hours/);
    },
  );
});
