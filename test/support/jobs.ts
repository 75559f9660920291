// Jobs of a runtime as its users see them: submitted with the token of their attempt, followed by the one loop.
import { followJob } from '../../src/activities/follow-job';
import type {
  JobHandle,
  JobOutcome,
  JobStatus,
  JobSubmission,
  ObjectStore,
  SparkRuntime,
} from '../../src/activities/ports';

export const submitTo = (runtime: SparkRuntime, job: JobSubmission): Promise<JobHandle> =>
  runtime.submit(job, `${job.stepKey}#${job.attempt}`);

export const findIn = async (runtime: SparkRuntime, job: JobSubmission): Promise<JobHandle | undefined> =>
  runtime.find?.(job, `${job.stepKey}#${job.attempt}`);

export const follow = (
  runtime: SparkRuntime,
  store: ObjectStore,
  handle: JobHandle,
  onStatus: (status: JobStatus) => void = () => undefined,
  signal = new AbortController().signal,
): Promise<JobOutcome> => followJob({ runtime, store, handle, onStatus, signal });
