// One Spark job to its end: a cluster where it needs one, submit, watch, and again as decideAttempt says. Shared by runs
// and keepers.
import { ActivityFailure, CancelledFailure, isCancellation, patched, sleep } from '@temporalio/workflow';
import type { SubmitJobInput } from '../activities/jobs';
import type { JobHandle, JobOutcome } from '../activities/ports';
import type { ClusterNeed, ClusterUsage, JobCost } from '../contracts/cluster';
import type { JobKind, JobReport, JobReports } from '../contracts/job';
import { runtimeTraits } from '../contracts/runtimes';
import { decideAttempt, lostJob, newCourse } from '../domain/attempts/decide';
import { reportOf } from '../domain/job-report';
import { toFailure } from './failure-of';
import { leaseFor, type Lease, type Tell } from './lease-cluster';
import { endJob, submit, watch } from './one-job';

type Job<Kind extends JobKind> = Omit<SubmitJobInput, 'cluster'> & { readonly request: { readonly job: Kind } };

/** What becomes known of a job beside its report: why it waits, and what it cost, also when it failed. */
export type Told = { readonly tell?: Tell; readonly spend?: (cost: JobCost) => void };

/** Seconds that the job says it worked; of one that left no report, those for which it was watched. */
function createClock() {
  const began = Date.now();
  let watchedMs = 0;
  return {
    async watching<Result>(work: () => Promise<Result>): Promise<Result> {
      const since = Date.now();
      return work().finally(() => {
        watchedMs += Date.now() - since;
      });
    },
    costs(report: JobReport | undefined, cluster: ClusterUsage | undefined): JobCost {
      const seconds = (Date.now() - began) / 1000;
      const worked = report === undefined ? watchedMs / 1000 : Object.values(report.seconds).reduce((a, b) => a + b, 0);
      const workingSeconds = Math.min(seconds, worked);
      const used = cluster === undefined ? {} : { cluster };
      return { workingSeconds, waitingSeconds: seconds - workingSeconds, ...used };
    },
  };
}

/** Runs the job until it succeeds or its retry budget is spent; throws the ApplicationFailure of the last attempt. */
export async function runJob<Kind extends JobKind>(
  input: Job<Kind> & { readonly needs?: ClusterNeed },
  { tell = () => undefined, spend }: Told = {},
): Promise<JobReports[Kind]> {
  const { needs, ...job } = input;
  const lease = leaseFor(needs, tell);
  const clock = createClock();
  let report: JobReports[Kind] | undefined;
  try {
    report = await attempts<Kind>({ ...job, request: input.request }, needs, lease, (work) => clock.watching(work));
    return report;
  } finally {
    const usage = await lease?.giveBack();
    spend?.(clock.costs(report, usage));
  }
}

async function attempts<Kind extends JobKind>(
  input: Job<Kind>,
  needs: ClusterNeed | undefined,
  lease: Lease | undefined,
  watching: (work: () => Promise<JobOutcome>) => Promise<JobOutcome>,
): Promise<JobReports[Kind]> {
  const { job } = input.request;
  let course = newCourse;
  let after: number | undefined;
  let asked: SubmitJobInput | undefined;
  let handle: JobHandle | undefined;
  try {
    for (;;) {
      handle = undefined;
      const cluster = needs?.kind === 'existing' ? needs.id : await lease?.take(course.size);
      asked = {
        ...input,
        ...(after === undefined ? {} : { after }),
        ...(course.size === 1 ? {} : { size: course.size }),
        ...(cluster === undefined ? {} : { cluster }),
      };
      const submitted = await submit(asked);
      if (!('outcome' in submitted)) handle = submitted;
      const outcome = 'outcome' in submitted ? submitted.outcome : await watching(() => watch(submitted));
      if (outcome.kind === 'succeeded') return reportOf(job, outcome.report);
      if (outcome.kind === 'cancelled') throw new CancelledFailure(`${job} cancelled`);
      const failure =
        outcome.kind === 'failed' ? outcome.failure : lostJob(outcome.reason, outcome.cause, outcome.logs);
      const decision = decideAttempt(failure, course, runtimeTraits[input.runtime].largestSize);
      if (decision.kind === 'give-up') throw toFailure(decision.failure);
      ({ course } = decision);
      after = submitted.attempt;
      if (decision.afterSeconds > 0)
        await sleep(decision.afterSeconds * 1000, { summary: `before another ${job}: ${failure.type}` });
    }
  } catch (error) {
    const isOpen = isCancellation(error) || error instanceof ActivityFailure;
    // Before it was asked for, there is no job to end.
    if (asked !== undefined && isOpen && patched('end-job')) await endJob(asked, handle);
    throw error;
  }
}
