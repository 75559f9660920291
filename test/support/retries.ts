// What Temporal had to do again, and what jobs failed on: read from the histories of all workflows of a server, which keep each
// attempt whatever becomes of the worker that made it and of its log.
import type { Client } from '@temporalio/client';
import { defaultPayloadConverter } from '@temporalio/common';
import { z } from 'zod';
import { connectClient } from '../../src/workers/connection';

type Execution = { readonly workflow: string; readonly runId: string };

/** One activity that failed at least once, or whose job did. */
export type FailedAttempt = Execution & {
  /** Name of the activity, or `workflow task`. */
  readonly activity: string;
  /** Its place in the history. */
  readonly id: string;
  readonly attempts: number;
  /** Of the last failure: `MissingColumn`, `ProcessLost`, `timeout`, … */
  readonly type: string;
  readonly message: string;
};

/** The failures that a test means to see; what is left out fits all. */
export type NamedFailure = {
  readonly workflow?: string;
  readonly activity?: string;
  /** Or one of several, where the moment decides which. */
  readonly type: string | readonly string[];
  /** It depends on the moment whether it happens. */
  readonly maybe?: boolean;
};

type Failure = {
  readonly message?: string | null;
  readonly applicationFailureInfo?: { readonly type?: string | null } | null;
  readonly timeoutFailureInfo?: object | null;
} | null;

const typeOf = (failure: Failure | undefined): string => {
  if (failure?.timeoutFailureInfo !== undefined && failure.timeoutFailureInfo !== null) return 'timeout';
  return failure?.applicationFailureInfo?.type ?? 'unknown';
};

/** Something arrived while the workflow was ending: the server asks again, and nothing has gone wrong. */
const unhandledCommand = 1;

const jobOutcome = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('failed'), failure: z.object({ type: z.string(), message: z.string() }) }),
  z.object({ kind: z.literal('lost'), reason: z.string() }),
]);

/** Of an activity that tells of a failure in its result, and so looks like a success to Temporal. */
function toldFailure(payloads: readonly object[]): { readonly type: string; readonly message: string } | undefined {
  const [payload] = payloads;
  const told = jobOutcome.safeParse(payload && defaultPayloadConverter.fromPayload(payload)).data;
  if (told === undefined) return undefined;
  return told.kind === 'lost' ? { type: 'ProcessLost', message: told.reason } : told.failure;
}

async function failedAttemptsOf(client: Client, execution: Execution): Promise<readonly FailedAttempt[]> {
  const handle = client.workflow.getHandle(execution.workflow, execution.runId);
  const { events } = await handle.fetchHistory();
  const scheduled = new Map<string, string>();
  const attempts = new Map<string, number>();
  const found = new Map<string, FailedAttempt>();
  const add = (id: string, activity: string, tries: number, failure: Pick<FailedAttempt, 'type' | 'message'>): void => {
    found.set(`${activity} ${id}`, { ...execution, activity, id, attempts: tries, ...failure });
  };
  const addFailure = (id: string, tries: number, failure: Failure | undefined): void =>
    add(id, scheduled.get(id) ?? 'unknown', tries, { type: typeOf(failure), message: failure?.message ?? '' });

  for (const event of events ?? []) {
    const begun = event.activityTaskScheduledEventAttributes;
    if (begun !== undefined && begun !== null) scheduled.set(String(event.eventId), begun.activityType?.name ?? '');
    const started = event.activityTaskStartedEventAttributes;
    if (started !== undefined && started !== null) {
      const [id, tries] = [String(started.scheduledEventId), started.attempt ?? 1];
      attempts.set(id, tries);
      if (tries > 1) addFailure(id, tries, started.lastFailure);
    }
    const ended = event.activityTaskFailedEventAttributes ?? event.activityTaskTimedOutEventAttributes;
    if (ended !== undefined && ended !== null) {
      const id = String(ended.scheduledEventId);
      addFailure(id, attempts.get(id) ?? 1, ended.failure);
    }
    const completed = event.activityTaskCompletedEventAttributes;
    if (completed !== undefined && completed !== null) {
      const id = String(completed.scheduledEventId);
      const told = toldFailure(completed.result?.payloads ?? []);
      if (told !== undefined) add(`${id} job`, scheduled.get(id) ?? 'unknown', attempts.get(id) ?? 1, told);
    }
    const task = event.workflowTaskFailedEventAttributes;
    if (task !== undefined && task !== null && task.cause !== unhandledCommand) {
      add(String(event.eventId), 'workflow task', 1, {
        type: typeOf(task.failure),
        message: task.failure?.message ?? '',
      });
    }
  }

  const { raw } = await handle.describe();
  for (const { activityType, activityId, attempt, lastFailure } of raw.pendingActivities ?? []) {
    if ((attempt ?? 1) < 2) continue;
    const failure = { type: typeOf(lastFailure), message: lastFailure?.message ?? '' };
    add(`${activityId} pending`, activityType?.name ?? 'unknown', attempt ?? 1, failure);
  }
  return [...found.values()];
}

async function failedAttempts(address: string, since: Date): Promise<readonly FailedAttempt[]> {
  const client = await connectClient({ address, namespace: 'default' });
  try {
    const found: FailedAttempt[] = [];
    for await (const { workflowId, runId } of client.workflow.list({
      query: `StartTime >= '${since.toISOString()}'`,
    })) {
      found.push(...(await failedAttemptsOf(client, { workflow: workflowId, runId })));
    }
    return found;
  } finally {
    await client.connection.close();
  }
}

const fits = (found: FailedAttempt, named: NamedFailure): boolean =>
  [named.type].flat().includes(found.type) &&
  (named.workflow === undefined || found.workflow === named.workflow) &&
  (named.activity === undefined || found.activity === named.activity);

const tell = ({ workflow, activity, attempts, type, message }: FailedAttempt): string =>
  `${workflow}: ${activity}, attempt ${attempts}: ${type}: ${message.slice(0, 300)}`;

export type RetryWatch = {
  /** Takes the failures so far that a test means to see; throws when one of them did not come. */
  readonly accountFor: (...named: readonly NamedFailure[]) => Promise<void>;
  /** Throws when anything failed that no test has accounted for. */
  readonly expectNoOthers: () => Promise<void>;
};

/** Over the workflows that start from now on. */
export function watchRetries(address: () => string): RetryWatch {
  const since = new Date();
  const taken = new Set<string>();
  const keyOf = ({ runId, activity, id }: FailedAttempt): string => [runId, activity, id].join(' ');
  const untaken = async () => (await failedAttempts(address(), since)).filter((found) => !taken.has(keyOf(found)));
  return {
    accountFor: async (...named) => {
      const found = await untaken();
      for (const one of found) if (named.some((name) => fits(one, name))) taken.add(keyOf(one));
      const absent = named.filter((name) => name.maybe !== true && !found.some((one) => fits(one, name)));
      if (absent.length > 0) {
        const seen = found.map(tell).join('\n  ');
        throw new Error(`did not fail as the test says: ${JSON.stringify(absent)}; what did fail:\n  ${seen}`);
      }
    },
    expectNoOthers: async () => {
      const others = await untaken();
      if (others.length > 0) throw new Error(`failed without a test that says so:\n  ${others.map(tell).join('\n  ')}`);
    },
  };
}
