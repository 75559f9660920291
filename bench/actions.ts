// What a run costs in Temporal: history events and billable actions, counted from the histories themselves.
import type { Client } from '@temporalio/client';

export type ActionCount = { readonly events: number; readonly keeperEvents: number; readonly actions: number };

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
  const [own, kept] = await Promise.all([eventsOf(run), eventsOf(keeper)]);
  const actions = [...own, ...kept].filter((event) =>
    billable.some((field) => event[field] !== null && event[field] !== undefined),
  );
  return { events: own.length, keeperEvents: kept.length, actions: actions.length };
}
