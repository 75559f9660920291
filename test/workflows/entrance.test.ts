// What strangers send to workflows: refused at once and run nothing, or ignored and told in the log.
import { randomUUID } from 'node:crypto';
import { WorkflowFailedError, WorkflowUpdateFailedError } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { fakeActivities, newJournal, startEnvironment, withWorker } from './environment';

let environment: TestWorkflowEnvironment;
beforeAll(async () => {
  environment = await startEnvironment();
});
afterAll(async () => {
  await environment.teardown();
});

const taskQueue = randomUUID();
const calls: string[] = [];

/** A worker that has what a run needs, and notes what is asked of it. */
function served<Result>(body: () => Promise<Result>): Promise<Result> {
  const activities = fakeActivities(environment, newJournal(), taskQueue);
  const loadPipeline: typeof activities.loadPipeline = async (input) => {
    calls.push('loadPipeline');
    return activities.loadPipeline(input);
  };
  return withWorker(environment, taskQueue, { ...activities, loadPipeline }, body);
}

const failureOf = (error: unknown): ApplicationFailure | undefined =>
  (error instanceof WorkflowFailedError || error instanceof WorkflowUpdateFailedError) &&
  error.cause instanceof ApplicationFailure
    ? error.cause
    : undefined;

const wrong = [[null], [7], ['orders'], [[]], [{ pipline: 'orders' }], [{ redo: 'yes' }], [{}, {}]];

it('refuses inputs that do not fit, in the first task, and runs nothing', async () => {
  const { workflow } = environment.client;
  await served(async () => {
    for (const type of ['runPipeline', 'maintainTable', 'keepTable']) {
      for (const args of wrong) {
        const handle = await workflow.start(type, { workflowId: randomUUID(), taskQueue, args });
        const failure = failureOf(await handle.result().catch((error: unknown) => error));
        expect({ type, args, failed: failure?.type, retried: failure?.nonRetryable }).toEqual({
          ...{ type, args, failed: 'BadInput', retried: true },
        });
        const { historyLength } = await handle.describe();
        expect(historyLength).toBeLessThan(10);
      }
    }
  });
  expect(calls).toEqual([]);
});

it('refuses a keeper under another name than that of its table', async () => {
  await served(async () => {
    const args = [{ table: '/lake/t' }];
    const handle = await environment.client.workflow.start('keepTable', { workflowId: 'mine', taskQueue, args });
    expect(failureOf(await handle.result().catch((error: unknown) => error))?.type).toBe('WrongKeeper');
  });
});

it('keeps a keeper through any signal, and refuses updates and queries that do not fit', async () => {
  const workflowId = `table//lake/${randomUUID()}`;
  await served(async () => {
    const keeper = await environment.client.workflow.start('keepTable', { workflowId, taskQueue });
    const before = await keeper.query('table');
    for (const name of ['requestCommit', 'withdrawCommit', 'requestMaintenance', 'continueAsNew']) {
      for (const args of [[null], [7], ['x'], [[]], [{ job: {} }], [{ replyTo: 'x', job: { request: {} } }]])
        await keeper.signal(name, ...args);
    }
    for (const given of [undefined, null, 7, { job: { request: {} } }]) {
      const asked = keeper.executeUpdate<void, [unknown]>('acceptCommit', { args: [given] });
      const error: unknown = await asked.catch((thrown: unknown) => thrown);
      expect(failureOf(error)?.type).toBe('BadInput');
    }
    await expect(keeper.query('table', 7)).rejects.toThrow('it is a number');
    expect(await keeper.query('table')).toEqual(before);
    expect((await keeper.describe()).status.name).toBe('RUNNING');
    await keeper.terminate();
  });
});
