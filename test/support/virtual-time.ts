// Time of the time-skipping test server, which loses tasks and keeps locks in a few well-known cases.
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { until } from './waiting';

/** Lets time pass. Of a workflow that was ended while an activity of it went on, the server keeps its lock on time: it is taken off. */
export async function passTime(environment: TestWorkflowEnvironment, ms: number): Promise<void> {
  const passing = environment.sleep(ms).then(() => true);
  while (!(await Promise.race([passing, delay(1500, false, { ref: false })])))
    await environment.connection.testService?.unlockTimeSkipping({});
}

/** Until it waits with a limit: the server loses a task that cancels an activity which has just ended. */
export const untilTimer = (run: WorkflowHandle): Promise<unknown> =>
  until(`${run.workflowId} waits with a limit`, async () => {
    const { events } = await run.fetchHistory();
    return events?.some((event) => (event.timerStartedEventAttributes ?? undefined) !== undefined);
  });
