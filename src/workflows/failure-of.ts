// Reads the failure summary out of an error that an activity or a workflow threw.
import { ActivityFailure, ApplicationFailure, ChildWorkflowFailure, TimeoutFailure } from '@temporalio/workflow';
import type { FailureSummary } from '../contracts/failure';
import { isFailureSummary } from '../domain/failure-summary';

/** No worker has taken the activity in its time: nobody serves the queue. */
export const isHostGone = (error: unknown): boolean =>
  error instanceof ActivityFailure &&
  error.cause instanceof TimeoutFailure &&
  error.cause.timeoutType === 'SCHEDULE_TO_START';

export function failureOf(error: unknown): FailureSummary {
  const cause = error instanceof ActivityFailure || error instanceof ChildWorkflowFailure ? error.cause : error;
  const detail = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  if (isFailureSummary(detail)) return detail;
  return {
    kind: 'unknown',
    type: cause instanceof ApplicationFailure ? (cause.type ?? 'UnknownError') : 'UnknownError',
    message: cause instanceof Error ? cause.message : String(cause),
    remedy: 'Look at the history of this workflow in the Temporal UI and at the worker log.',
    fields: {},
  };
}

/** The wire form of a failure that ends a workflow: `type` names it, the summary is the first detail. */
export const toFailure = (failure: FailureSummary): ApplicationFailure =>
  ApplicationFailure.create({
    message: `${failure.message} ${failure.remedy}`,
    type: failure.type,
    nonRetryable: true,
    details: [failure],
  });
