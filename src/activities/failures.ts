// Turns thrown errors into ApplicationFailures of the failure table, and back into summaries.
import { CancelledFailure, Context, log } from '@temporalio/activity';
import { ApplicationFailure } from '@temporalio/common';
import { HeadgateError } from '../contracts/errors';
import { failureKinds, type FailureSummary } from '../contracts/failure';
import { beating } from './beats';

/** Errors that are no defect although nobody wrapped them: the system, the network, Temporal itself. */
function isOutside(error: Error): boolean {
  return ('syscall' in error && typeof error.syscall === 'string') || error.name === 'ServiceError';
}

export function summarize(error: unknown): FailureSummary {
  if (error instanceof HeadgateError) {
    const fields = Object.fromEntries(
      Object.entries(error.fields).filter(
        (entry): entry is [string, string | number | boolean | null] => entry[1] !== undefined,
      ),
    );
    return { kind: error.kind, type: error.type, message: error.message, remedy: error.remedy, fields };
  }
  const [name, message] = error instanceof Error ? [error.name, error.message] : ['', String(error)];
  if (error instanceof Error && isOutside(error)) {
    const remedy = 'Check the disk, the network and the service that is named; it is tried again.';
    return { kind: 'infrastructure', type: 'SystemError', message: `${message}.`, remedy, fields: { error: name } };
  }
  return {
    kind: 'unknown',
    type: 'Defect',
    message: `A defect of Headgate, or of another version of it: ${name}: ${message}.`,
    remedy: 'It is not tried again. Check that all parts are of one version, and report it with the worker log.',
    fields: { error: name },
  };
}

/** The wire form: `type` is the failure's type, the summary is the first detail; terminal kinds and defects end the step. */
function toApplicationFailure(error: unknown): ApplicationFailure {
  if (error instanceof ApplicationFailure) return error;
  const failure = summarize(error);
  const isDefect = failure.type === 'Defect';
  if (isDefect) log.error(failure.message, { stack: error instanceof Error ? error.stack : undefined });
  return ApplicationFailure.create({
    message: `${failure.message} ${failure.remedy}`,
    type: failure.type,
    nonRetryable: isDefect || failureKinds[failure.kind].terminal,
    details: [failure],
    ...(error instanceof Error ? { cause: error } : {}),
  });
}

type AsyncFunction<Args extends unknown[], Result> = (...args: Args) => Promise<Result>;

/** Wraps an activity so that it beats, and every error leaves it as an ApplicationFailure of the table. */
export function guarded<Args extends unknown[], Result>(
  activity: AsyncFunction<Args, Result>,
): AsyncFunction<Args, Result> {
  return async (...args) => {
    try {
      return await beating(() => activity(...args));
    } catch (error) {
      if (error instanceof CancelledFailure) throw error;
      // What a stopped activity throws on its way out says nothing about the step.
      if (Context.current().cancellationSignal.aborted) throw new CancelledFailure('the activity was stopped');
      throw toApplicationFailure(error);
    }
  };
}
