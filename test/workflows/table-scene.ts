// One table with its keeper on a time-skipping server: runs that bring batches, upkeep that is asked for.
import { randomUUID } from 'node:crypto';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { parseTableUri } from '../../src/contracts/ids';
import type { MaintenanceKind } from '../../src/contracts/maintenance';
import { keeperWorkflowId } from '../../src/contracts/names';
import type { TableView } from '../../src/contracts/keeper';
import { digestOf } from '../fakes/ids';
import { pipelineRef } from '../fakes/reports';
import { batch, endKeeper, fakeActivities, newJournal, withWorker, type Activities, type Journal } from './environment';

/** A gate in the fakes: commits wait until it is opened. */
export function barrier() {
  let open = (): void => undefined;
  const opened = new Promise<void>((resolve) => {
    open = resolve;
  });
  return { opened, open: () => open() };
}

export async function onTable<Result>(
  environment: TestWorkflowEnvironment,
  change: (activities: Activities, journal: Journal) => Partial<Activities>,
  body: (scene: {
    journal: Journal;
    keeper: WorkflowHandle;
    taskQueue: string;
    run(name: string): Promise<WorkflowHandle>;
    /** Upkeep that somebody asks for. */
    maintain(now?: MaintenanceKind): Promise<WorkflowHandle>;
  }) => Promise<Result>,
): Promise<Result> {
  const journal = newJournal();
  const taskQueue = randomUUID();
  const table = `/lake/${randomUUID()}`;
  const own = { ...pipelineRef, target: { ...pipelineRef.target, table: parseTableUri(table) } };
  const fakes: Activities = {
    ...fakeActivities(environment, journal, taskQueue),
    loadPipeline: async () => own,
    // The interval of the input stands for the batch, so that a test names its batches.
    freezeInputs: async ({ interval }) => ({
      kind: 'batch',
      batch: { ...batch, digest: digestOf(interval ?? '') },
    }),
  };
  const { workflow } = environment.client;
  const keeper = workflow.getHandle(keeperWorkflowId(table));
  try {
    return await withWorker(environment, taskQueue, { ...fakes, ...change(fakes, journal) }, () =>
      body({
        journal,
        keeper,
        taskQueue,
        run: (name) =>
          workflow.start('runPipeline', {
            workflowId: `run/${randomUUID()}`,
            taskQueue,
            args: [{ interval: name }],
          }),
        maintain: (now) =>
          workflow.start('maintainTable', {
            workflowId: `maintain/${randomUUID()}`,
            taskQueue,
            args: [now === undefined ? {} : { now }],
          }),
      }),
    );
  } finally {
    await endKeeper(environment, table);
  }
}

export async function eventually<Value>(read: () => Promise<Value>, good: (value: Value) => boolean): Promise<Value> {
  for (;;) {
    const value = await read().catch(() => undefined);
    if (value !== undefined && good(value)) return value;
    await new Promise((wake) => setTimeout(wake, 20));
  }
}

/** One after another: each wait lets virtual time pass, and the test server does not survive two of them at once. */
export async function resultsOf<Result>(handles: readonly WorkflowHandle[]): Promise<readonly Result[]> {
  const results: Result[] = [];
  for (const handle of handles) results.push(await handle.result());
  return results;
}

export const viewOf = (keeper: WorkflowHandle) => (): Promise<TableView> => keeper.query<TableView>('table');
