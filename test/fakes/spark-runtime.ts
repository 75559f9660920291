// An in-memory SparkRuntime that keeps the promises of the port. Jobs end as they are told to, when they are told to.
import type { JobFailure, JobReport } from '../../src/contracts/job';
import type { JobHandle, JobOutcome, JobProgress, JobSubmission, SparkRuntime } from '../../src/activities/ports';
import { reportOf } from './reports';

export type FakeEnd =
  | { readonly kind: 'succeed'; readonly report?: JobReport }
  | { readonly kind: 'fail'; readonly failure: Pick<JobFailure, 'kind' | 'type'> & Partial<JobFailure> };

/** How a job of this step and attempt behaves; `hold` keeps it running until `let(stepKey)`. */
export type FakeBehaviour = (submission: JobSubmission) => { readonly end?: FakeEnd; readonly hold?: boolean };

type FakeJob = {
  readonly handle: JobHandle;
  readonly end: FakeEnd;
  readonly watchers: Set<(outcome: JobOutcome) => void>;
  outcome: JobOutcome | undefined;
};

/** What outlives every worker: jobs, their records, and the process that runs them. */
export class FakeSpark {
  behaviour: FakeBehaviour;
  readonly #jobs: FakeJob[] = [];
  #instance = 1;

  constructor(behaviour: FakeBehaviour = () => ({})) {
    this.behaviour = behaviour;
  }

  /** A runtime as one worker sees it; another worker's is another object over the same jobs. */
  runtime(name = 'local'): SparkRuntime {
    return {
      name,
      find: async (submission) => this.#find(submission)?.handle,
      submit: async (submission) => (this.#find(submission) ?? this.#start(name, submission)).handle,
      watch: (handle, onProgress, signal) => this.#watch(handle, onProgress, signal),
      cancel: async (handle) => {
        const job = this.#job(handle);
        if (job?.outcome === undefined) this.#settle(job, { kind: 'cancelled' });
      },
    };
  }

  /** How often work on the step was begun. */
  runs(stepKey: string): number {
    return this.#jobs.filter(({ handle }) => handle.stepKey === stepKey).length;
  }

  /** Lets a held job end. */
  let(stepKey: string): void {
    for (const job of this.#open()) if (job.handle.stepKey === stepKey) this.#end(job);
  }

  /** The process dies, and its jobs with it. */
  lose(reason = 'the fake process died'): void {
    for (const job of this.#open()) this.#settle(job, { kind: 'lost', reason });
    this.#instance += 1;
  }

  #open(): readonly FakeJob[] {
    return this.#jobs.filter(({ outcome }) => outcome === undefined);
  }

  /** An open job of the step, its success, or the failure of this attempt: what the port calls found. */
  #find({ stepKey, attempt }: JobSubmission): FakeJob | undefined {
    const ofStep = this.#jobs.filter(({ handle }) => handle.stepKey === stepKey);
    return ofStep.find(
      ({ handle, outcome }) =>
        outcome === undefined ||
        outcome.kind === 'succeeded' ||
        (outcome.kind === 'failed' && handle.attempt === attempt),
    );
  }

  #start(runtime: string, submission: JobSubmission): FakeJob {
    const { end = { kind: 'succeed' }, hold = false } = this.behaviour(submission);
    const handle: JobHandle = { ...submission, runtime, id: `${this.#instance}/${this.#jobs.length + 1}` };
    const job: FakeJob = { handle, end, watchers: new Set(), outcome: undefined };
    this.#jobs.push(job);
    if (!hold) this.#end(job);
    return job;
  }

  #job(handle: JobHandle): FakeJob | undefined {
    return this.#jobs.find((job) => job.handle.id === handle.id);
  }

  async #watch(
    handle: JobHandle,
    onProgress: (progress: JobProgress) => void,
    signal: AbortSignal,
  ): Promise<JobOutcome> {
    signal.throwIfAborted();
    const job = this.#job(handle);
    if (job === undefined) return { kind: 'lost', reason: 'nobody knows the job' };
    if (job.outcome !== undefined) return job.outcome;
    onProgress({ phase: 'running', tasksDone: 0, tasksTotal: 1 });
    return new Promise((resolve, reject) => {
      job.watchers.add(resolve);
      signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    });
  }

  #end(job: FakeJob): void {
    const { stepKey, attempt } = job.handle;
    if (job.end.kind === 'succeed') {
      const report = job.end.report ?? reportOf[job.handle.job];
      this.#settle(job, { kind: 'succeeded', report: { ...report, stepKey, attempt } });
      return;
    }
    const told = { message: 'the fake job failed', remedy: 'none', fields: {}, detail: '' };
    this.#settle(job, { kind: 'failed', failure: { protocol: 1, ...told, ...job.end.failure, stepKey, attempt } });
  }

  #settle(job: FakeJob | undefined, outcome: JobOutcome): void {
    if (job === undefined) return;
    job.outcome = outcome;
    for (const tell of job.watchers) tell(outcome);
  }
}
