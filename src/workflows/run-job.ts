// One Spark job to its end: submit, watch, and again as decideAttempt says. Shared by runs and keepers.
import { ApplicationFailure, CancelledFailure, proxyActivities, sleep } from '@temporalio/workflow';
import type { JobActivities, SubmitJobInput } from '../activities/jobs';
import { longestJobHours, type JobKind, type JobReports } from '../contracts/job';
import type { FailureSummary } from '../contracts/failure';
import { reportOf } from '../domain/job-report';
import { decideAttempt, lostProcess, type AttemptTally } from '../domain/job-attempts';

const { submitJob } = proxyActivities<Pick<JobActivities, 'submitJob'>>({
  startToCloseTimeout: '5 minutes',
  scheduleToCloseTimeout: '1 hour',
  retry: { initialInterval: '200ms', maximumInterval: '30s' },
});

// Heartbeats come every second, so a dead worker is noticed after four. Retries are free: each one adopts the job.
const { watchJob } = proxyActivities<Pick<JobActivities, 'watchJob'>>({
  startToCloseTimeout: `${longestJobHours} hours`,
  heartbeatTimeout: '4s',
  retry: { initialInterval: '100ms', backoffCoefficient: 1.5, maximumInterval: '5s' },
});

/** The wire form of a failure that ends a workflow: `type` names it, the summary is the first detail. */
export const toFailure = (failure: FailureSummary): ApplicationFailure =>
  ApplicationFailure.create({
    message: `${failure.message} ${failure.remedy}`,
    type: failure.type,
    nonRetryable: true,
    details: [failure],
  });

/** Runs the job until it succeeds or its retry budget is spent; throws the ApplicationFailure of the last attempt. */
export async function runJob<Kind extends JobKind>(
  input: SubmitJobInput & { readonly request: { readonly job: Kind } },
): Promise<JobReports[Kind]> {
  const { job } = input.request;
  let tally: AttemptTally = {};
  for (;;) {
    const handle = await submitJob.executeWithOptions({ summary: `${job} ${input.request.digest.slice(0, 12)}` }, [
      input,
    ]);
    const outcome = await watchJob.executeWithOptions({ summary: `${job} on ${handle.runtime}: ${handle.id}` }, [
      handle,
    ]);
    if (outcome.kind === 'succeeded') return reportOf(job, outcome.report);
    if (outcome.kind === 'cancelled') throw new CancelledFailure(`${job} cancelled`);
    const failure = outcome.kind === 'failed' ? outcome.failure : lostProcess(outcome.reason);
    const decision = decideAttempt(failure, tally);
    if (decision.kind === 'give-up') throw toFailure(decision.failure);
    tally = decision.tally;
    if (decision.afterSeconds > 0)
      await sleep(decision.afterSeconds * 1000, { summary: `before another ${job}: ${failure.type}` });
  }
}
