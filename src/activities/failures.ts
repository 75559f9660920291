// Turns thrown errors into ApplicationFailures of the failure table, and back into summaries.
import { ApplicationFailure } from '@temporalio/common';
import { HeadgateError } from '../contracts/errors';
import { failureKinds, type FailureSummary } from '../contracts/failure';

function summarize(error: unknown): FailureSummary {
  if (error instanceof HeadgateError) {
    const fields = Object.fromEntries(
      Object.entries(error.fields).filter(
        (entry): entry is [string, string | number | boolean | null] => entry[1] !== undefined,
      ),
    );
    return { kind: error.kind, type: error.type, message: error.message, remedy: error.remedy, fields };
  }
  const message = error instanceof Error ? error.message : String(error);
  return {
    kind: 'unknown',
    type: error instanceof Error ? error.name : 'UnknownError',
    message,
    remedy: 'This kind of failure is not known yet: please report it with the worker log.',
    fields: {},
  };
}

/** The wire form: `type` is the failure's type, the summary is the first detail, terminal kinds are not retried. */
function toApplicationFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const failure = summarize(error);
  return ApplicationFailure.create({
    message: `${failure.message} ${failure.remedy}`,
    type: failure.type,
    nonRetryable: failureKinds[failure.kind].terminal,
    details: [failure],
    ...(error instanceof Error ? { cause: error } : {}),
  });
}

type AsyncFunction<Args extends unknown[], Result> = (...args: Args) => Promise<Result>;

/** Wraps an activity so that every error leaves it as an ApplicationFailure of the table. */
export function guarded<Args extends unknown[], Result>(
  activity: AsyncFunction<Args, Result>,
): AsyncFunction<Args, Result> {
  return async (...args) => {
    try {
      return await activity(...args);
    } catch (error) {
      if (error instanceof Error && error.name === 'CancelledFailure') throw error;
      throw toApplicationFailure(error);
    }
  };
}
