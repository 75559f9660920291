// Why a run has no end: what its history says last, or that the time-skipping server has lost a task of it.
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowNotFoundError, type WorkflowHandle } from '@temporalio/client';
import { StageLost } from '../stage';

/** Of real time: a workflow that does not answer in it never does, and time that does not pass in it is held up. */
export const patienceMs = { answer: 4000, passing: 25_000 };

/** Undefined where there is no answer: the workflow is gone, or cannot go on. */
export const answered = <T>(asked: Promise<T>, ms = patienceMs.answer): Promise<T | undefined> =>
  Promise.race([asked.catch(() => undefined), delay(ms, undefined, { ref: false })]);

export const isDone = async (work: Promise<void>): Promise<boolean> =>
  (await answered(
    work.then(() => true),
    patienceMs.passing,
  )) === true;

export const unlessGone = (error: unknown): void => {
  if (!(error instanceof WorkflowNotFoundError)) throw error;
};

type Event = NonNullable<Awaited<ReturnType<WorkflowHandle['fetchHistory']>>['events']>[number];

const kindOf = (event: Event): string =>
  Object.entries(event).find(([name, value]) => name.endsWith('EventAttributes') && value != null)?.[0] ?? 'unknown';

/** Events that end an activity name the one that scheduled it. */
function endedActivities(events: readonly Event[]): ReadonlySet<string> {
  const ends = events.flatMap((event) => [
    event.activityTaskCompletedEventAttributes,
    event.activityTaskFailedEventAttributes,
    event.activityTaskTimedOutEventAttributes,
    event.activityTaskCanceledEventAttributes,
  ]);
  return new Set(ends.flatMap((end) => (end == null ? [] : [String(end.scheduledEventId)])));
}

/** An activity that was to be cancelled is neither open nor over: the run would wait for it for ever. */
function hasLostActivity(events: readonly Event[], open: number): boolean {
  const ended = endedActivities(events);
  const asked = events.flatMap((event) => event.activityTaskCancelRequestedEventAttributes ?? []);
  return open === 0 && asked.some(({ scheduledEventId }) => !ended.has(String(scheduledEventId)));
}

/** Its time was over long ago, and yet it is neither done nor given to another worker. */
const hasLostTask = (events: readonly Event[]): boolean => events.at(-1)?.workflowTaskStartedEventAttributes != null;

/** Asked when days have passed in vain. Throws when the server is to blame. */
export async function whyHung(handles: readonly WorkflowHandle[]): Promise<string> {
  const told: string[] = [];
  for (const handle of handles) {
    const found = await answered(handle.describe());
    const { events } = (await answered(handle.fetchHistory())) ?? {};
    if (found === undefined || events == null) throw new StageLost(`nobody tells of ${handle.workflowId}`);
    const pending = found.raw.pendingActivities ?? [];
    if (hasLostTask(events) || hasLostActivity(events, pending.length))
      throw new StageLost(`the server has lost a task of ${handle.workflowId}`);
    const open = pending.map(({ activityType, attempt }) => `${activityType?.name} ${attempt}`).join(', ');
    told.push(`${handle.workflowId}: open [${open}], last ${events.slice(-8).map(kindOf).join(', ')}`);
  }
  return told.join(' | ');
}
