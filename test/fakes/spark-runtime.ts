// An in-memory SparkRuntime that keeps the promises of the port. Jobs end as they are told to, when they are told to, and
// leave report and failure in the store like real ones.
import { parseStepKey } from '../../src/contracts/ids';
import type { JobFailure, JobReport } from '../../src/contracts/job';
import { attemptReport } from '../../src/contracts/layout';
import type { RuntimeName } from '../../src/contracts/pipeline';
import { runtimeTraits, type RuntimeTraits } from '../../src/contracts/runtimes';
import type { EndCause, JobHandle, JobStatus, JobSubmission, SparkRuntime } from '../../src/activities/ports';
import type { FakeObjectStore } from './object-store';
import { reportOf } from './reports';

export type FakeEnd =
  | { readonly kind: 'succeed'; readonly report?: JobReport }
  | { readonly kind: 'fail'; readonly failure: Pick<JobFailure, 'kind' | 'type'> & Partial<JobFailure> };

/** How a job of this step and attempt behaves; `hold` keeps it running until `let(stepKey)`. */
export type FakeBehaviour = (submission: JobSubmission) => { readonly end?: FakeEnd; readonly hold?: boolean };

export type FakeRuntimeOptions = {
  readonly name?: RuntimeName;
  /** In place of those of the runtime that it stands for. */
  readonly traits?: Partial<RuntimeTraits>;
  /** Like a service whose jobs are found by their token alone. */
  readonly byToken?: boolean;
  readonly makeReady?: SparkRuntime['makeReady'];
};

type FakeJob = {
  readonly handle: JobHandle;
  readonly submission: JobSubmission;
  readonly token: string;
  readonly end: FakeEnd;
  readonly waiting: Set<() => void>;
  /** Of a job that has ended. */
  ended: { readonly cause?: EndCause } | undefined;
};

/** What outlives every worker: jobs, and the process that runs them. */
export class FakeSpark {
  readonly store: FakeObjectStore;
  behaviour: FakeBehaviour;
  /** Looks for which a new job does not show yet. */
  lag = 0;
  /** Called after a job was begun and before its submitter hears of it; may throw. */
  afterSubmit: (job: JobSubmission) => void = () => undefined;
  onFind: (job: JobSubmission) => void = () => undefined;
  readonly #jobs: FakeJob[] = [];
  #instance = 1;

  constructor(store: FakeObjectStore, behaviour: FakeBehaviour = () => ({})) {
    this.store = store;
    this.behaviour = behaviour;
  }

  /** A runtime as one worker sees it; another worker's is another object over the same jobs. */
  runtime({ name = 'local', traits, byToken = false, makeReady }: FakeRuntimeOptions = {}): SparkRuntime {
    const find = async (submission: JobSubmission): Promise<JobHandle | undefined> => {
      this.onFind(submission);
      return this.#lags() ? undefined : this.#openOf(submission)?.handle;
    };
    return {
      name,
      traits: { ...runtimeTraits[name], ...traits },
      ...(makeReady === undefined ? {} : { makeReady }),
      submit: async (submission, token) => {
        const known = byToken ? this.#jobs.find((job) => job.token === token) : this.#openOf(submission);
        const job = known ?? this.#start(name, submission, token);
        if (known === undefined) this.afterSubmit(submission);
        return job.handle;
      },
      ...(byToken ? {} : { find }),
      status: async (handle, wait) => {
        const job = this.#job(handle);
        if (job === undefined || this.#lags()) return { state: 'unknown', text: 'nobody knows the job' };
        if (wait !== undefined && job.ended === undefined) await held(job, wait);
        return statusOf(job);
      },
      cancel: async (handle) => {
        const job = this.#job(handle);
        if (job === undefined) return { state: 'unknown', text: 'nobody knows the job' };
        if (job.ended === undefined) this.#settle(job, { cause: { kind: 'cancelled', text: 'it was asked to stop' } });
        return statusOf(job);
      },
    };
  }

  /** How often work on the step was begun. */
  runs(stepKey: string): number {
    return this.#jobs.filter(({ handle }) => handle.stepKey === stepKey).length;
  }

  /** Steps whose jobs still run. */
  open(): readonly string[] {
    return this.#open().map(({ handle }) => handle.stepKey);
  }

  sizes(stepKey: string): readonly number[] {
    return this.#jobs.filter(({ handle }) => handle.stepKey === stepKey).map(({ submission }) => submission.size);
  }

  clusters(stepKey: string): readonly (string | undefined)[] {
    return this.#jobs.filter(({ handle }) => handle.stepKey === stepKey).map(({ submission }) => submission.cluster);
  }

  /** Lets a held job end. */
  let(stepKey: string): void {
    for (const job of this.#open()) if (job.handle.stepKey === stepKey) this.#end(job);
  }

  /** The process dies, and its jobs with it. */
  lose(text = 'the fake process died'): void {
    for (const job of this.#open()) this.#settle(job, { cause: { kind: 'infrastructure', text } });
    this.#instance += 1;
  }

  #lags(): boolean {
    this.lag -= 1;
    return this.lag >= 0;
  }

  #open(): readonly FakeJob[] {
    return this.#jobs.filter(({ ended }) => ended === undefined);
  }

  #openOf({ stepKey }: JobSubmission): FakeJob | undefined {
    return this.#open().find(({ handle }) => handle.stepKey === stepKey);
  }

  #start(runtime: RuntimeName, submission: JobSubmission, token: string): FakeJob {
    const { end = { kind: 'succeed' }, hold = false } = this.behaviour(submission);
    const { size: _, state: _state, cluster: _cluster, ...attempt } = submission;
    const handle: JobHandle = { ...attempt, runtime, id: `${this.#instance}/${this.#jobs.length + 1}` };
    const job: FakeJob = { handle, submission, token, end, waiting: new Set(), ended: undefined };
    this.#jobs.push(job);
    if (!hold) this.#end(job);
    return job;
  }

  #job(handle: JobHandle): FakeJob | undefined {
    return this.#jobs.find((job) => job.handle.id === handle.id);
  }

  #end(job: FakeJob): void {
    const { stepKey, attempt, reportPath, failurePath } = job.handle;
    if (job.end.kind === 'succeed') {
      const report = job.end.report ?? reportOf[job.handle.job];
      this.store.place(attemptReport(reportPath, attempt), JSON.stringify({ ...report, stepKey, attempt }));
      this.#settle(job, {});
      return;
    }
    const told = { message: 'the fake job failed', remedy: 'none', fields: {}, detail: '' };
    const failure: JobFailure = { protocol: 1, ...told, ...job.end.failure, stepKey: parseStepKey(stepKey), attempt };
    this.store.place(failurePath, JSON.stringify(failure));
    this.#settle(job, { cause: { kind: 'unknown', text: failure.type } });
  }

  #settle(job: FakeJob, ended: NonNullable<FakeJob['ended']>): void {
    job.ended = ended;
    for (const wake of job.waiting) wake();
  }
}

const statusOf = ({ ended }: FakeJob): JobStatus =>
  ended === undefined
    ? { state: 'running', progress: { phase: 'running', tasksDone: 0, tasksTotal: 1 } }
    : { state: 'ended', ...ended };

/** Until the job has ended, the wait is over or the signal comes. */
function held(job: FakeJob, { ms, signal }: { readonly ms: number; readonly signal: AbortSignal }): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const wake = (): void => {
      clearTimeout(timer);
      resolve();
    };
    job.waiting.add(wake);
    signal.addEventListener('abort', wake, { once: true });
    if (signal.aborted) wake();
  });
}
