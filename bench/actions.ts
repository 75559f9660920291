// What a run costs in Temporal: history events and billable actions, counted from the histories themselves, and bytes.
import type { Client } from '@temporalio/client';

export type ActionCount = {
  readonly events: number;
  /** Of the run's history, as the server counts them. */
  readonly bytes: number;
  readonly keeperEvents: number;
  readonly actions: number;
};

/** Event fields that stand for one billable action each; heartbeats are counted apart because they depend on time. */
const billable = [
  'workflowExecutionStartedEventAttributes',
  'activityTaskScheduledEventAttributes',
  'timerStartedEventAttributes',
  'workflowExecutionSignaledEventAttributes',
  'workflowExecutionUpdateAcceptedEventAttributes',
  'upsertWorkflowSearchAttributesEventAttributes',
  'signalExternalWorkflowExecutionInitiatedEventAttributes',
] as const;

export async function countActions(client: Client, run: string, keeper: string): Promise<ActionCount> {
  const eventsOf = async (id: string) => (await client.workflow.getHandle(id).fetchHistory()).events ?? [];
  const [own, kept, { historySize = Number.NaN }] = await Promise.all([
    eventsOf(run),
    eventsOf(keeper),
    client.workflow.getHandle(run).describe(),
  ]);
  const actions = [...own, ...kept].filter((event) =>
    billable.some((field) => event[field] !== null && event[field] !== undefined),
  );
  return { events: own.length, bytes: historySize, keeperEvents: kept.length, actions: actions.length };
}
