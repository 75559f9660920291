// What a job left behind in files: the lasting truth about how it ended, whoever ran it. Never writes.
import type { JobFailure } from '../../../contracts/job';
import { parseJobFailure, parseJobReport } from '../../../contracts/job-schema';
import type { JobOutcome, JobSubmission } from '../../../activities/ports';
import type { JobView } from './resident-protocol';

export type ReadText = (path: string) => Promise<string | undefined>;

/** Undefined while neither report nor failure of this attempt is there. */
export async function recordedOutcome(submission: JobSubmission, readText: ReadText): Promise<JobOutcome | undefined> {
  const report = await readText(submission.reportPath);
  if (report !== undefined) return { kind: 'succeeded', report: parseJobReport(report, submission.reportPath) };
  const text = await readText(submission.failurePath);
  if (text === undefined) return undefined;
  const failure = parseJobFailure(text, submission.failurePath);
  return failure.kind === 'cancelled' ? { kind: 'cancelled' } : { kind: 'failed', failure };
}

/** The outcome of a job whose end the resident told. A job that was told to stop and yet left its report has succeeded. */
export function outcomeOf({ submission, state, error }: JobView, recorded: JobOutcome | undefined): JobOutcome {
  if (recorded?.kind === 'succeeded') return recorded;
  if (state === 'cancelled') return { kind: 'cancelled' };
  if (recorded !== undefined) return recorded;
  const failure: JobFailure = {
    protocol: 1,
    stepKey: submission.stepKey,
    attempt: submission.attempt,
    kind: 'unknown',
    type: state === 'succeeded' ? 'ReportMissing' : 'FailureMissing',
    message: `The ${submission.job} job ended (${state}) and left no record: ${error ?? 'no error was told'}`,
    remedy: 'Look at resident.log in the home folder. If the record was removed by hand, run the pipeline again.',
    fields: { reportPath: submission.reportPath, failurePath: submission.failurePath },
    detail: error ?? '',
  };
  return { kind: 'failed', failure };
}
