// Activity attempts beyond the first, from the histories: a figure of a run that was retried is no figure of a run.
import type { Client, WorkflowExecutionInfo } from '@temporalio/client';

export type Retried = {
  readonly workflowId: string;
  readonly activity: string;
  readonly attempts: number;
  /** Of the last attempt that failed. */
  readonly failure: string;
};

async function retriedIn(client: Client, { workflowId, runId }: WorkflowExecutionInfo): Promise<readonly Retried[]> {
  const handle = client.workflow.getHandle(workflowId, runId);
  const { events } = await handle.fetchHistory();
  const names = new Map<string, string>();
  const found: Retried[] = [];
  const see = (activity: string, attempts: number, failure?: string | null): void => {
    if (attempts > 1) found.push({ workflowId, activity, attempts, failure: failure ?? 'unknown' });
  };
  for (const { eventId, activityTaskScheduledEventAttributes, activityTaskStartedEventAttributes } of events ?? []) {
    const scheduled = activityTaskScheduledEventAttributes?.activityType?.name;
    if (scheduled !== undefined && scheduled !== null) names.set(String(eventId), scheduled);
    const started = activityTaskStartedEventAttributes;
    if (started)
      see(names.get(String(started.scheduledEventId)) ?? '?', started.attempt ?? 1, started.lastFailure?.message);
  }
  // an activity that has not ended is in no history yet
  const { raw } = await handle.describe();
  for (const { activityType, attempt, lastFailure } of raw.pendingActivities ?? []) {
    see(activityType?.name ?? '?', attempt ?? 1, lastFailure?.message);
  }
  return found;
}

/** Of all workflows of a server, but for those whose attempts the bench broke on purpose. */
export async function retriedActivities(client: Client, provoked: ReadonlySet<string>): Promise<readonly Retried[]> {
  const found: Retried[] = [];
  for await (const execution of client.workflow.list()) {
    if (!provoked.has(execution.workflowId)) found.push(...(await retriedIn(client, execution)));
  }
  return found;
}
