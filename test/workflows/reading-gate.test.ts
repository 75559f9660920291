// The gate on reading in a run: what is held, what a held run tells, and what becomes of a batch without rows.
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { parseTableUri } from '../../src/contracts/ids';
import type { CommitReport, PrepareReport } from '../../src/contracts/job';
import type { PipelineRef } from '../../src/contracts/pipeline-ref';
import type { RunPipelineResult, RunProgress } from '../../src/contracts/run';
import { commitReport, pipelineRef, prepareReport } from '../fakes/reports';
import {
  batch,
  endKeeper,
  fakeActivities,
  newJournal,
  startEnvironment,
  succeeded,
  withWorker,
  type Activities,
  type Journal,
} from './environment';
import { eventually } from './table-scene';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await startEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

type Scene = { readonly handle: WorkflowHandle; readonly journal: Journal };

/** One run of its own table whose prepare job reports `report`. */
async function running(
  report: PrepareReport,
  change: { readonly ref?: Partial<PipelineRef>; readonly activities?: Partial<Activities> },
  body: (scene: Scene) => Promise<void>,
): Promise<void> {
  const [journal, taskQueue] = [newJournal(), randomUUID()];
  const target = { ...pipelineRef.target, table: parseTableUri(`/lake/${randomUUID()}`) };
  const committed: CommitReport = {
    ...commitReport,
    rows: { staged: report.rows.staged, inserted: report.rows.staged, updated: 0, unchanged: 0 },
  };
  const activities: Activities = {
    ...fakeActivities(environment, journal, taskQueue),
    loadPipeline: async () => ({ ...pipelineRef, target, ...change.ref }),
    watchJob: async (handle) => succeeded(handle, handle.job === 'prepare' ? report : committed),
    ...change.activities,
  };
  await withWorker(environment, taskQueue, activities, async () => {
    const handle = await environment.client.workflow.start('runPipeline', {
      workflowId: `run/${randomUUID()}`,
      taskQueue,
      args: [],
    });
    await body({ handle, journal });
  }).finally(() => endKeeper(environment, target.table));
}

const jobs = ({ submitted }: Journal) => submitted.map(({ request }) => request.job);
const resultOf = async (handle: WorkflowHandle): Promise<RunPipelineResult> => handle.result();
const heldProgress = (handle: WorkflowHandle): Promise<RunProgress> =>
  eventually(
    () => handle.query<RunProgress>('progress'),
    ({ held = [] }) => held.length > 0,
  );

const noCustomer = {
  ...prepareReport,
  sources: {
    ...prepareReport.sources,
    customers: { read: 7, kept: 0, quarantined: 7, unreadable: 7, duplicates: 0 },
  },
  quarantine: { UnreadableValue: 8 },
} satisfies PrepareReport;

const noRow = {
  ...prepareReport,
  rows: { read: 0, staged: 0, quarantined: 0, duplicates: 0, unjoined: 0 },
  sources: { sales: { read: 0, kept: 0, quarantined: 0, unreadable: 0, duplicates: 0 } },
  quarantine: {},
  staging: { ...prepareReport.staging, rows: 0 },
} satisfies PrepareReport;

const onSales = { reading: [{ source: 'sales' }] };
const tableIsThere: Partial<Activities> = {
  freezeInputs: async () => ({
    kind: 'batch',
    batch: { ...batch, base: { id: 'a', version: 3, commit: '0123456789abcdef' } },
  }),
};

test('a joined source that cannot be read holds the batch, and the held run tells the fate of all rows', async () => {
  await running(noCustomer, {}, async ({ handle, journal }) => {
    const { held, prepared } = await heldProgress(handle);
    expect(held).toEqual([expect.stringMatching(/^customers: 7 of 7 rows could not be read/)]);
    expect(prepared).toMatchObject({
      ...{ read: 99_460, staged: 99_457 },
      sources: { sales: { drives: true, quarantined: 1 }, customers: { drives: false, quarantined: 7 } },
      quarantine: { rows: 8 },
    });
    expect(jobs(journal)).toEqual(['prepare']);
    await handle.executeUpdate('decideGate', { args: [{ decision: 'approve', by: 'ada', why: 'known' }] });
    const result = await resultOf(handle);
    expect(result).toMatchObject({
      outcome: 'committed',
      rows: { quarantined: 1 },
      sources: { customers: { read: 7, kept: 0, quarantined: 7 } },
      quarantine: { rows: 8 },
    });
    expect(journal.published.map((input) => input.result.sources)).toEqual([result.sources]);
  });
});

test('a run that was started before this gate passes it', async () => {
  const { reading: _, ...older } = pipelineRef;
  const loadPipeline = async (): Promise<PipelineRef> => older;
  await running(noCustomer, { activities: { loadPipeline } }, async ({ handle }) => {
    expect((await resultOf(handle)).outcome).toBe('committed');
    await endKeeper(environment, older.target.table);
  });
});

test('a batch without rows makes no table where there is none: its files stay new', async () => {
  await running(noRow, { ref: onSales }, async ({ handle, journal }) => {
    const result = await resultOf(handle);
    expect(result.outcome).toBe('nothing-new');
    expect(result.notices.join()).toMatch(/no table yet: none was made. The files stay new/);
    expect(result.table).not.toHaveProperty('version');
    expect(jobs(journal)).toEqual(['prepare']);
    expect(journal.published.map((input) => input.result.outcome)).toEqual(['nothing-new']);
  });
});

test('a batch without rows is committed to a table that is there', async () => {
  await running(noRow, { ref: onSales, activities: tableIsThere }, async ({ handle, journal }) => {
    expect((await resultOf(handle)).outcome).toBe('committed');
    expect(jobs(journal)).toEqual(['prepare', 'commit']);
  });
});

test('a person may approve a batch without rows: the table is made', async () => {
  const unreadable = {
    ...noRow,
    rows: { ...noRow.rows, read: 3, quarantined: 3 },
    sources: { sales: { read: 3, kept: 0, quarantined: 3, unreadable: 3, duplicates: 0 } },
    quarantine: { WrongFieldCount: 3 },
  };
  await running(unreadable, { ref: onSales }, async ({ handle, journal }) => {
    await heldProgress(handle);
    await handle.executeUpdate('decideGate', { args: [{ decision: 'approve', by: 'ada', why: 'known' }] });
    expect(await resultOf(handle)).toMatchObject({ outcome: 'committed', rows: { read: 3, quarantined: 3 } });
    expect(jobs(journal)).toEqual(['prepare', 'commit']);
  });
});
