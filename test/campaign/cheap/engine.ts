// Stands in for Spark: prepare, commit and maintain on tiny tables, with the promises of the port and of Delta.
import { readFileSync } from 'node:fs';
import type { EndCause, JobHandle, JobStatus, JobSubmission, SparkRuntime } from '../../../src/activities/ports';
import type { JobRequest } from '../../../src/contracts/job';
import { attemptReport } from '../../../src/contracts/layout';
import { runtimeTraits } from '../../../src/contracts/runtimes';
import { JobDies, type Moments } from '../moments';
import { commit } from './engine-commit';
import { prepare } from './engine-prepare';
import { JobFailed, reportBase, Stopped, writeJson, type Step } from './job';
import { openTable } from './tiny-table';

type Job = {
  readonly handle: JobHandle;
  stop: boolean;
  readonly ended: Promise<EndCause | undefined>;
  end?: { readonly cause?: EndCause };
};

async function workOn(request: JobRequest, step: Step): Promise<object> {
  switch (request.job) {
    case 'prepare':
      return prepare(request, step);
    case 'commit':
      return commit(request, step);
    case 'maintain': {
      const version = openTable(request.table)?.version ?? 0;
      const files = { added: 0, removed: 0, bytesAdded: 0, bytesRemoved: 0 };
      const table = { path: request.table, version, recovered: false };
      return { ...reportBase(request), job: 'maintain', kind: request.kind, table, files };
    }
  }
}

export class Engine {
  readonly #jobs: Job[] = [];
  readonly #moments: Moments;

  constructor(moments: Moments) {
    this.#moments = moments;
  }

  /** Steps of jobs that have not ended. */
  get open(): readonly string[] {
    return this.#jobs.filter(({ end }) => end === undefined).map(({ handle }) => handle.stepKey);
  }

  readonly runtime: SparkRuntime = {
    name: 'local',
    traits: { ...runtimeTraits.local, pollSeconds: { shortest: 0.2, longest: 0.2 } },
    submit: async (submission) => {
      const open = this.#openOf(submission);
      if (open !== undefined) return open.handle;
      const { handle } = this.#start(submission);
      await this.#moments.reach(`${submission.job}:submitted`);
      return handle;
    },
    find: async (submission) => this.#openOf(submission)?.handle,
    status: async (handle, wait) => {
      const job = this.#jobs.find((one) => one.handle.id === handle.id);
      if (job === undefined) return { state: 'unknown', text: 'nobody knows the job' };
      if (job.end === undefined && wait !== undefined) await held(job, wait);
      return statusOf(job);
    },
    cancel: async (handle) => {
      const job = this.#jobs.find((one) => one.handle.id === handle.id);
      if (job === undefined) return { state: 'unknown', text: 'nobody knows the job' };
      job.stop = true;
      return statusOf(job);
    },
  };

  #openOf({ stepKey }: JobSubmission): Job | undefined {
    return this.#jobs.find((job) => job.end === undefined && job.handle.stepKey === stepKey);
  }

  #start(asked: JobSubmission): Job {
    const { size: _, ...submission } = asked;
    const handle: JobHandle = { ...submission, runtime: 'local', id: `1/${this.#jobs.length + 1}` };
    const job: Job = { handle, stop: false, ended: this.#moments.during(() => this.#run(handle)) };
    this.#jobs.push(job);
    void job.ended.then((cause) => (job.end = cause === undefined ? {} : { cause }));
    return job;
  }

  async #run({
    id,
    job,
    requestPath,
    reportPath,
    failurePath,
    stepKey,
    attempt,
  }: JobHandle): Promise<EndCause | undefined> {
    const step: Step = async (moment) => {
      await this.#moments.reach(`${job}:${moment}`);
      if (this.#jobs.find((one) => one.handle.id === id)?.stop === true) throw new Stopped();
    };
    try {
      await step('begins');
      const report = await workOn(JSON.parse(readFileSync(requestPath, 'utf8')) as JobRequest, step);
      await this.#moments.reach(`${job}:reports`);
      writeJson(attemptReport(reportPath, attempt), report);
      await this.#moments.reach(`${job}:ends`);
      return undefined;
    } catch (error) {
      if (error instanceof Stopped) return { kind: 'cancelled', text: 'it was asked to stop' };
      if (error instanceof JobDies) return { kind: 'infrastructure', text: 'the process died' };
      const failure =
        error instanceof JobFailed
          ? error.failure
          : { kind: 'unknown' as const, type: 'EngineDefect', message: String(error), remedy: 'none', fields: {} };
      writeJson(failurePath, { protocol: 1, stepKey: stepKey.split('#')[0], attempt, ...failure, detail: '' });
      return { kind: 'unknown', text: failure.type };
    }
  }
}

const statusOf = ({ end }: Job): JobStatus =>
  end === undefined
    ? { state: 'running', progress: { phase: 'running', tasksDone: 0, tasksTotal: 1 } }
    : { state: 'ended', ...end };

function held(job: Job, { ms, signal }: { readonly ms: number; readonly signal: AbortSignal }): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    const wake = (): void => {
      clearTimeout(timer);
      resolve();
    };
    void job.ended.then(wake);
    signal.addEventListener('abort', wake, { once: true });
    if (signal.aborted) wake();
  });
}
