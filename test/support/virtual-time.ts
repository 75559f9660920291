// Time of the time-skipping test server, which loses tasks and keeps locks in a few well-known cases.
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { until } from './waiting';

/**
 * Waits for what takes virtual time. Of an activity that timed out, or whose workflow was ended meanwhile, the server may keep
 * its lock on time: where nothing comes of waiting it is taken off. For waits without an activity under way.
 */
export async function whileTimePasses<T>(
  environment: TestWorkflowEnvironment,
  waited: Promise<T>,
  { isQuiet = (): boolean => true } = {},
): Promise<T> {
  const settled = waited.then(
    () => true,
    () => true,
  );
  while (!(await Promise.race([settled, delay(1500, false, { ref: false })])))
    if (isQuiet()) await environment.connection.testService?.unlockTimeSkipping({});
  return waited;
}

export const passTime = (environment: TestWorkflowEnvironment, ms: number): Promise<void> =>
  whileTimePasses(environment, environment.sleep(ms));

/** Until it waits with a limit: the server loses a task that cancels an activity which has just ended. */
export const untilTimer = (run: WorkflowHandle): Promise<unknown> =>
  until(`${run.workflowId} waits with a limit`, async () => {
    const { events } = await run.fetchHistory();
    return events?.some((event) => (event.timerStartedEventAttributes ?? undefined) !== undefined);
  });
