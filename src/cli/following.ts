// Follows an open run to its end, or until its batch is held; what keeps it from going on is told.
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowFailedError, type Client, type WorkflowHandle } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import type { FailureSummary } from '../contracts/failure';
import type { RunPipelineResult, RunProgress } from '../contracts/run';
import { isFailureSummary } from '../domain/failure-summary';
import { isUnreachable } from './outages';
import type { ProgressView } from './progress';
import type { RunReport } from './run-report';
import type { Session } from './session';

/** Workflow ids come again: which of its runs is part of the name. */
export type OpenRun = { readonly workflowId: string; readonly runId: string };

export const pollMs = 400;

export const handleOf = (client: Client, { workflowId, runId }: OpenRun): WorkflowHandle =>
  client.workflow.getHandle(workflowId, runId);

/** What keeps a run from going on: the failure of an activity that is being retried. */
async function trouble(handle: WorkflowHandle): Promise<string | undefined> {
  const { raw } = await handle.describe();
  const failing = raw.pendingActivities?.find(({ attempt, lastFailure }) => (attempt ?? 1) > 1 && lastFailure?.message);
  if (failing === undefined) return undefined;
  return `${failing.activityType?.name ?? 'activity'}, attempt ${failing.attempt ?? 0}: ${failing.lastFailure?.message ?? ''}`;
}

/** Undefined: no worker answers for it now. */
export const progressOf = (session: Session, run: OpenRun): Promise<RunProgress | undefined> =>
  session.ask((client) =>
    handleOf(client, run)
      .query<RunProgress>('progress')
      // Whether the server answers, a question that needs no worker finds out.
      .catch((error: unknown) => {
        if (isUnreachable(error)) return undefined;
        throw error;
      }),
  );

/** The outcome is known: a server that has gone meanwhile is not waited for. */
const lastLookMs = 2000;

/** How long a run may be without a worker before that is told. */
const workerless = 20_000;

/** Ends with the run, or as soon as its batch is held for a person. */
export async function follow(session: Session, run: OpenRun, view: ProgressView): Promise<RunReport> {
  const stop = new AbortController();
  let answered = Date.now();
  const poll = async (): Promise<RunReport | undefined> => {
    const waiting = await session.ask((client) => trouble(handleOf(client, run)));
    if (waiting !== undefined) view.trouble(waiting);
    const progress = await progressOf(session, run).catch(() => undefined);
    if (progress === undefined) {
      if (Date.now() - answered > workerless) view.trouble('no worker answers; the run goes on when one is there');
      return undefined;
    }
    answered = Date.now();
    view.update(progress);
    const { held = [], prepared } = progress;
    if (held.length === 0) return undefined;
    return { run: run.workflowId, outcome: 'held', held, ...(prepared === undefined ? {} : { prepared }) };
  };
  const show = async (): Promise<void> =>
    view.update(await handleOf(session.client, run).query<RunProgress>('progress'));
  const held = (async (): Promise<RunReport | undefined> => {
    while (!stop.signal.aborted) {
      const report = await poll();
      if (report !== undefined) return report;
      await delay(pollMs, undefined, { signal: stop.signal }).catch(() => undefined);
    }
    return undefined;
  })();
  const ended = resultOf(session, run);
  try {
    const first = await Promise.race([ended, held]);
    stop.abort();
    // A call still in flight when the connection closes would throw from a timer; the last phases end faster than the polls.
    const last = Promise.allSettled([held, first?.outcome === 'held' ? undefined : show()]);
    await Promise.race([last, delay(lastLookMs, undefined, { ref: false })]);
    return first ?? (await ended);
  } finally {
    stop.abort();
    ended.catch(() => undefined);
  }
}

/** The end of the run, however long it takes. */
export async function resultOf(session: Session, run: OpenRun): Promise<RunReport> {
  const { workflowId } = run;
  try {
    const result: RunPipelineResult = await session.ask((client) => handleOf(client, run).result());
    return { run: workflowId, outcome: result.outcome, result };
  } catch (error) {
    if (error instanceof WorkflowFailedError) return { run: workflowId, ...failureReport(error) };
    throw error;
  }
}

export function failureReport(error: WorkflowFailedError): Pick<RunReport, 'outcome' | 'failure'> {
  let cause: unknown = error.cause;
  while (cause instanceof Error && !(cause instanceof ApplicationFailure) && cause.cause !== undefined)
    cause = cause.cause;
  const cancelled =
    cause instanceof Error &&
    (cause.name === 'CancelledFailure' || (cause instanceof ApplicationFailure && cause.type === 'Cancelled'));
  const detail: unknown = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  const failure: FailureSummary = isFailureSummary(detail)
    ? detail
    : {
        kind: cancelled ? 'cancelled' : 'unknown',
        type: cancelled ? 'Cancelled' : 'RunFailed',
        message: cause instanceof Error ? cause.message : String(cause),
        remedy: cancelled
          ? 'Start it again when it is wanted: finished work is not repeated.'
          : 'Look at the run in the Temporal UI.',
        fields: {},
      };
  return { outcome: cancelled ? 'cancelled' : 'failed', failure };
}
