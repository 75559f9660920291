// Spark jobs as activities: submit once per step key, watch to the end. Knows runtimes only through their port.
import { activityInfo, Context, CancelledFailure, heartbeat } from '@temporalio/activity';
import { HeadgateError } from '../contracts/errors';
import { jobPaths } from '../contracts/layout';
import type { JobRequest } from '../contracts/job';
import type { CommitJob } from '../contracts/run';
import type { MaintenanceJob } from '../contracts/upkeep';
import type { PrepareJob } from '../domain/job-requests';
import { readDefinition } from './definitions';
import type { RuntimeName } from '../contracts/pipeline';
import { guarded } from './failures';
import type { JobHandle, JobOutcome, JobProgress, JobSubmission, ObjectStore, SparkRuntime } from './ports';

/** What a workflow knows of a job; the attempt, its places and the whole pipeline are filled in here. */
export type SubmitJobInput = {
  readonly runtime: string;
  /** State folder of the pipeline. */
  readonly state: string;
  readonly request: PrepareJob['request'] | CommitJob['request'] | MaintenanceJob['request'];
};

export type JobActivityDeps = {
  readonly runtimes: Partial<Record<RuntimeName, SparkRuntime>>;
  readonly store: ObjectStore;
};

/** How often a watch tells Temporal that it lives; the heartbeat timeout is four of these. */
const heartbeatMs = 1000;

export function createJobActivities({ runtimes, store }: JobActivityDeps) {
  const runtimeOf = (name: string): SparkRuntime => {
    const runtime = Object.values(runtimes).find((candidate) => candidate.name === name);
    if (runtime !== undefined) return runtime;
    throw new HeadgateError({
      kind: 'config',
      type: 'UnknownRuntime',
      message: `This worker has no runtime '${name}'; it has: ${Object.keys(runtimes).join(', ')}.`,
      remedy: 'Set runtime in the pipeline file to one of these, or start a worker that is configured for it.',
      fields: { runtime: name },
    });
  };

  const wholeRequest = async (request: SubmitJobInput['request']) =>
    request.job === 'prepare' ? { ...request, pipeline: await readDefinition(request.pipeline, store) } : request;

  return {
    /** Finds the job of the step, or submits it once. Safe to repeat: a job that runs or has succeeded is found. */
    submitJob: guarded(async (input: SubmitJobInput): Promise<JobHandle> => {
      const runtime = runtimeOf(input.runtime);
      const { job, stepKey, digest, generation } = input.request;
      const paths = jobPaths(input.state, job, digest, generation);
      for (let attempt = 1; ; attempt += 1) {
        const submission: JobSubmission = {
          stepKey: generation === 1 ? stepKey : `${stepKey}#${generation}`,
          job,
          attempt,
          requestPath: paths.request(attempt),
          reportPath: paths.report,
          failurePath: paths.failure(attempt),
        };
        // Attempts that ended are over. One that was submitted and that the runtime does not know was lost.
        if ((await store.stat(submission.failurePath)) !== undefined) continue;
        const found = await runtime.find(submission);
        if (found !== undefined) return found;
        if ((await store.stat(submission.requestPath)) !== undefined) continue;
        const { reportPath, failurePath } = submission;
        const request: JobRequest = { ...(await wholeRequest(input.request)), attempt, reportPath, failurePath };
        await store.writeText(submission.requestPath, `${JSON.stringify(request, null, 2)}\n`);
        return runtime.submit(submission);
      }
    }),

    /**
     * Follows a job to its end. After a crash the next attempt adopts the same job. Only a true cancellation of the
     * workflow ends the job; a worker that shuts down or a lost heartbeat leaves it running.
     */
    watchJob: guarded(async (handle: JobHandle): Promise<JobOutcome> => {
      const runtime = runtimeOf(handle.runtime);
      const context = Context.current();
      let progress: JobProgress = { phase: 'queued', tasksDone: 0, tasksTotal: 0 };
      const beat = (): void => heartbeat({ job: handle.id, attempt: activityInfo().attempt, ...progress });
      beat();
      const timer = setInterval(beat, heartbeatMs);
      try {
        return await runtime.watch(
          handle,
          (next) => {
            progress = next;
          },
          context.cancellationSignal,
        );
      } catch (error) {
        if (!context.cancellationSignal.aborted) throw error;
        if (context.cancellationDetails?.cancelRequested === true) {
          await runtime.cancel(handle);
          return { kind: 'cancelled' };
        }
        throw new CancelledFailure('watch interrupted; the job goes on');
      } finally {
        clearInterval(timer);
      }
    }),
  };
}

export type JobActivities = ReturnType<typeof createJobActivities>;
