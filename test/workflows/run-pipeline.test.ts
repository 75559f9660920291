import { randomUUID } from 'node:crypto';
import { WorkflowFailedError, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { parseTableUri } from '../../src/contracts/ids';
import type { JobOutcome } from '../../src/activities/ports';
import type { JobReport } from '../../src/contracts/job';
import type { RunPipelineInput, RunPipelineResult, RunProgress } from '../../src/contracts/run';
import { digestOf } from '../fakes/ids';
import { pipeline, pipelineRef, prepareReport } from '../fakes/reports';
import { passTime } from '../support/virtual-time';
import {
  batch,
  endKeeper,
  failed,
  fakeActivities,
  newJournal,
  silence,
  startEnvironment,
  succeeded,
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

type Scene = { readonly journal: Journal; start(input?: RunPipelineInput): Promise<WorkflowHandle> };

/** A table of its own for every test: keepers must not meet. */
async function scene<Result>(
  change: (activities: Activities, journal: Journal) => Partial<Activities>,
  body: (scene: Scene) => Promise<Result>,
): Promise<Result> {
  const journal = newJournal();
  const taskQueue = randomUUID();
  const own = { ...pipelineRef, target: { ...pipelineRef.target, table: parseTableUri(`/lake/${randomUUID()}`) } };
  const fakes = { ...fakeActivities(environment, journal, taskQueue), loadPipeline: async () => own };
  const { workflow } = environment.client;
  try {
    return await withWorker(environment, taskQueue, { ...fakes, ...change(fakes, journal) }, () =>
      body({
        journal,
        start: (input) =>
          workflow.start('runPipeline', {
            workflowId: `run/${randomUUID()}`,
            taskQueue,
            args: input === undefined ? [] : [input],
          }),
      }),
    );
  } finally {
    await endKeeper(environment, own.target.table);
  }
}

const lost: JobOutcome = { kind: 'lost', reason: 'killed' };
const failing = {
  ...prepareReport,
  expectations: [{ name: 'known_customer', action: 'warn' as const, checked: 100, failed: 50 }],
};
const heldReport = {
  ...failing,
  expectations: [
    ...prepareReport.expectations.filter(({ name }) => name !== 'known_customer'),
    ...failing.expectations,
  ],
};
const holding = (activities: Activities): Partial<Activities> => ({
  watchJob: async (handle) => (handle.job === 'prepare' ? succeeded(handle, heldReport) : activities.watchJob(handle)),
});

const failureOf = async (handle: WorkflowHandle): Promise<ApplicationFailure> => {
  const error: unknown = await handle.result().then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof WorkflowFailedError)) throw new Error(`expected a failed workflow, got ${String(error)}`);
  let cause: unknown = error.cause;
  while (cause instanceof Error && !(cause instanceof ApplicationFailure) && cause.cause !== undefined)
    cause = cause.cause;
  if (!(cause instanceof ApplicationFailure)) throw new Error(`expected an ApplicationFailure, got ${String(cause)}`);
  return cause;
};

async function until(handle: WorkflowHandle, reached: (progress: RunProgress) => boolean): Promise<void> {
  for (;;) {
    if (reached(await handle.query<RunProgress>('progress'))) return;
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

const held = (progress: RunProgress): boolean => (progress.held ?? []).length > 0;

describe('runPipeline', () => {
  it('goes through all phases with no input at all and publishes what happened', async () => {
    await scene(
      () => ({}),
      async ({ journal, start }) => {
        const handle = await start();
        const result: RunPipelineResult = await handle.result();
        expect(result).toMatchObject({
          outcome: 'committed',
          digest: batch.digest,
          rows: { read: 99460, inserted: 99457, quarantined: 1, duplicates: 2 },
        });
        expect(journal.submitted.map(({ request }) => request.job)).toEqual(['prepare', 'commit']);
        expect(journal.published.map(({ result: published }) => published.outcome)).toEqual(['committed']);
        const history = await handle.fetchHistory();
        expect(history.events?.length).toBeLessThanOrEqual(150);
        expect(journal.submitted[0]?.request).toMatchObject({ pipeline: pipelineRef.definition });
        expect(Buffer.byteLength(JSON.stringify(journal.published))).toBeLessThan(2048);
      },
    );
  });

  it('goes on with the whole pipeline where an older worker loaded it', async () => {
    await scene(
      () => ({
        loadPipeline: async () => ({ ...pipeline, target: { ...pipeline.target, table: '/lake/older' } }) as never,
      }),
      async ({ journal, start }) => {
        const result: RunPipelineResult = await (await start()).result();
        expect(result.outcome).toBe('committed');
        expect(journal.submitted[0]?.request).toMatchObject({ pipeline: { sources: pipeline.sources } });
        await endKeeper(environment, '/lake/older');
      },
    );
  });

  it('starts no job when nothing is new', async () => {
    await scene(
      () => ({ freezeInputs: async () => ({ kind: 'nothing-new', notices: ['1 file, all in the table'] }) }),
      async ({ journal, start }) => {
        const result: RunPipelineResult = await (await start()).result();
        expect(result).toMatchObject({ outcome: 'nothing-new', notices: ['1 file, all in the table'] });
        expect(journal.submitted).toEqual([]);
      },
    );
  });

  it('retries an activity that breaks', async () => {
    let broken = 2;
    await scene(
      () => ({
        freezeInputs: async () => {
          broken -= 1;
          if (broken >= 0) throw ApplicationFailure.create({ message: 'disk hiccup', type: 'Disk' });
          return { kind: 'batch', batch };
        },
      }),
      async ({ start }) => {
        const result: RunPipelineResult = await (await start()).result();
        expect(result.outcome).toBe('committed');
        expect(broken).toBe(-1);
      },
    );
  });

  it('runs a job again once when its process was lost, under the same step key', async () => {
    let losses = 1;
    await scene(
      (activities) => ({
        watchJob: async (handle) => {
          losses -= 1;
          return losses >= 0 ? lost : activities.watchJob(handle);
        },
      }),
      async ({ journal, start }) => {
        const result: RunPipelineResult = await (await start()).result();
        expect(result.outcome).toBe('committed');
        const prepares = journal.submitted.filter(({ request }) => request.job === 'prepare');
        expect(prepares).toHaveLength(2);
        expect(new Set(prepares.map(({ request }) => request.stepKey)).size).toBe(1);
      },
    );
  });

  it('gives up with the failure of the job when its data is wrong, and does not commit', async () => {
    await scene(
      () => ({
        watchJob: async (handle) => failed(handle, 'data', 'MissingColumn', { column: 'price' }),
      }),
      async ({ journal, start }) => {
        const failure = await failureOf(await start());
        expect(failure.type).toBe('MissingColumn');
        expect(failure.details?.[0]).toMatchObject({ kind: 'data', fields: { column: 'price' } });
        expect(journal.submitted.map(({ request }) => request.job)).toEqual(['prepare']);
        expect(journal.published.map(({ result }) => result.outcome)).toEqual(['failed']);
      },
    );
  });

  it('freezes a new batch when a file changed under the reader', async () => {
    let changed = 1;
    let freezes = 0;
    await scene(
      (activities) => ({
        freezeInputs: async () => {
          freezes += 1;
          return { kind: 'batch', batch: { ...batch, digest: digestOf(`${freezes}`) } };
        },
        watchJob: async (handle) => {
          changed -= 1;
          if (changed < 0) return succeeded(handle);
          return failed(handle, 'inputs-changed', 'InputChanged');
        },
        submitJob: activities.submitJob,
      }),
      async ({ start }) => {
        const result: RunPipelineResult = await (await start()).result();
        expect(result).toMatchObject({ outcome: 'committed', digest: digestOf('2') });
      },
    );
  });

  it('gives up when files change on every freeze', async () => {
    let freezes = 0;
    await scene(
      () => ({
        freezeInputs: async () => {
          freezes += 1;
          return { kind: 'batch', batch };
        },
        watchJob: async (handle) => failed(handle, 'inputs-changed', 'InputChanged'),
      }),
      async ({ start }) => {
        expect((await failureOf(await start())).type).toBe('InputChanged');
        expect(freezes).toBe(5);
      },
    );
  });

  describe('a commit that is refused because the table changed', () => {
    const base = (version: number) => ({ id: 'one', version, commit: '0123456789abcdef' });
    const bases = (journal: Journal): readonly unknown[] =>
      journal.submitted.flatMap(({ request }) => (request.job === 'commit' ? [request.base?.version] : []));
    /** Freezes against version after version; the first commits are refused. */
    const changing =
      (refusals: number, digest: (freeze: number) => string, prepare?: JobReport) =>
      (activities: Activities): Partial<Activities> => {
        let [freezes, left] = [0, refusals];
        return {
          freezeInputs: async () => {
            freezes += 1;
            return { kind: 'batch', batch: { ...batch, digest: digestOf(digest(freezes)), base: base(freezes) } };
          },
          watchJob: async (handle) => {
            if (handle.job === 'prepare') return succeeded(handle, prepare);
            left -= 1;
            return left < 0 ? activities.watchJob(handle) : failed(handle, 'inputs-changed', 'TableChanged');
          },
        };
      };

    it('is frozen again, against the table that is there now, under the same step or another one', async () => {
      for (const digest of [() => 'same', (freeze: number) => `${freeze}`]) {
        await scene(changing(2, digest), async ({ journal, start }) => {
          const result: RunPipelineResult = await (await start()).result();
          expect(result).toMatchObject({ outcome: 'committed', digest: digestOf(digest(3)) });
          expect(bases(journal)).toEqual([1, 2, 3]);
          expect(journal.published.map(({ result: published }) => published.outcome)).toEqual(['committed']);
        });
      }
    });

    it('ends the run when it is refused time after time', async () => {
      await scene(
        changing(99, () => 'same'),
        async ({ journal, start }) => {
          expect((await failureOf(await start())).type).toBe('TableChanged');
          expect(bases(journal)).toHaveLength(5);
        },
      );
    });

    it('keeps the word of a person for the same batch', async () => {
      await scene(
        changing(1, () => 'same', heldReport),
        async ({ journal, start }) => {
          const handle = await start();
          await until(handle, held);
          await handle.executeUpdate('decideGate', { args: [{ decision: 'approve', by: 'ada', why: 'new shop' }] });
          const result: RunPipelineResult = await handle.result();
          expect(result.outcome).toBe('committed');
          expect(bases(journal)).toEqual([1, 2]);
        },
      );
    });

    it('asks again for another batch: the word was for the first one', async () => {
      await scene(
        changing(1, (freeze) => `${freeze}`, heldReport),
        async ({ journal, start }) => {
          const handle = await start();
          await until(handle, held);
          await handle.executeUpdate('decideGate', { args: [{ decision: 'approve', by: 'ada', why: 'new shop' }] });
          await until(handle, ({ digest }) => digest === digestOf('2'));
          await until(handle, held);
          await handle.executeUpdate('decideGate', { args: [{ decision: 'reject', by: 'ada', why: 'other files' }] });
          const result: RunPipelineResult = await handle.result();
          expect(result).toMatchObject({ outcome: 'rejected', digest: digestOf('2') });
          expect(bases(journal)).toEqual([1]);
        },
      );
    });
  });

  describe('gate', () => {
    it('holds a batch until a person approves, without a commit before', async () => {
      await scene(holding, async ({ journal, start }) => {
        const handle = await start();
        await until(handle, held);
        expect(journal.submitted.map(({ request }) => request.job)).toEqual(['prepare']);
        await handle.executeUpdate('decideGate', { args: [{ decision: 'approve', by: 'ada', why: 'new shop' }] });
        const result: RunPipelineResult = await handle.result();
        expect(result).toMatchObject({ outcome: 'committed', notices: ['gate: approve by ada: new shop'] });
      });
    });

    it('rejects on a person’s word: the table is not touched', async () => {
      await scene(holding, async ({ journal, start }) => {
        const handle = await start();
        await until(handle, held);
        await handle.executeUpdate('decideGate', { args: [{ decision: 'reject', by: 'ada', why: 'wrong file' }] });
        const result: RunPipelineResult = await handle.result();
        expect(result.outcome).toBe('rejected');
        expect(journal.submitted.map(({ request }) => request.job)).toEqual(['prepare']);
        expect(journal.published.map((input) => input.result.outcome)).toEqual(['rejected']);
      });
    });

    it('rejects when nobody decides within the pipeline’s wait of seven days', async () => {
      await scene(holding, async ({ start }) => {
        const week = 7 * 86_400_000;
        const handle = await start();
        await until(handle, held);
        await passTime(environment, week - 3_600_000);
        expect(held(await handle.query<RunProgress>('progress'))).toBe(true);
        await passTime(environment, 2 * 3_600_000);
        const result: RunPipelineResult = await handle.result();
        expect(result.outcome).toBe('rejected');
      });
    });

    it.each([
      ['a verdict that says neither', { decision: 'maybe', by: 'ada', why: 'x' }],
      ['a verdict without a name', { decision: 'approve', by: '', why: 'x' }],
      ['a verdict without a reason', { decision: 'approve', by: 'ada', why: '' }],
    ])('refuses %s and stays held', async (_, verdict) => {
      await scene(holding, async ({ start }) => {
        const handle = await start();
        await until(handle, held);
        await expect(handle.executeUpdate('decideGate', { args: [verdict] })).rejects.toThrow();
        expect(held(await handle.query<RunProgress>('progress'))).toBe(true);
        await handle.terminate();
      });
    });
  });

  it('stops on cancelRun with who and why, and records it', async () => {
    await scene(holding, async ({ journal, start }) => {
      const handle = await start();
      await until(handle, held);
      await handle.executeUpdate('cancelRun', { args: [{ by: 'ada', why: 'wrong day' }] });
      const failure = await failureOf(handle);
      expect(failure).toMatchObject({
        type: 'Cancelled',
        message: 'Cancelled by ada: wrong day. This run has put nothing into the table.',
      });
      expect(journal.published.map((input) => input.result.outcome)).toEqual(['cancelled']);
    });
  });

  it('adopts the job when its watcher goes silent: heartbeats stop, the next attempt watches on', async () => {
    let silent = 1;
    await scene(
      () => ({
        watchJob: async (handle) => {
          silent -= 1;
          if (silent < 0) return succeeded(handle);
          return silence();
        },
      }),
      async ({ journal, start }) => {
        const result: RunPipelineResult = await (await start()).result();
        expect(result.outcome).toBe('committed');
        expect(journal.submitted.filter(({ request }) => request.job === 'prepare')).toHaveLength(1);
      },
    );
  });

  it('raises the generation for a deliberate redo', async () => {
    await scene(
      () => ({}),
      async ({ journal, start }) => {
        await (await start({ redo: true })).result();
        expect(journal.submitted.every(({ request }) => request.generation > 1_000_000)).toBe(true);
      },
    );
  });
});
