// Drivers on the EMR of the tests: they take the time that they are given, and leave report or failure in the store.
import type { JobFailure, JobKind } from '../../src/contracts/job';
import { parseStepKey } from '../../src/contracts/ids';
import type { JobSubmission, ObjectStore } from '../../src/activities/ports';
import { createCallBudget } from '../../src/adapters/emr/budget';
import { createEmrRuntime, type EmrRuntime, type EmrRuntimeOptions } from '../../src/adapters/runtimes/emr/runtime';
import { FakeEmr, stateOf, type FakeStep } from './emr-steps';
import { createFakeObjectStore, type FakeObjectStore } from './object-store';
import { reportOf } from './reports';

/** How the driver of a step behaves. */
export type Drive = {
  /** Runs until it is released. */
  readonly hold?: boolean;
  readonly runMs?: number;
  readonly failure?: Pick<JobFailure, 'kind' | 'type'>;
  /** Ends in this state and leaves nothing. */
  readonly silent?: string;
};

export type AskedJob = Pick<JobSubmission, 'stepKey' | 'job' | 'attempt' | 'reportPath' | 'failurePath'>;

export const fakeCode = { entry: 's3://lake/state/code/1/entry.py', package: 's3://lake/state/code/1/package.zip' };

export class FakeDrivers {
  readonly emr = new FakeEmr().cluster('j-1');
  readonly store: FakeObjectStore = createFakeObjectStore();
  readonly #held = new Map<string, () => void>();
  readonly #released = new Set<string>();

  /** `jobOf` tells what the request of a step says; by default it is read from the store. */
  constructor(drive: (job: AskedJob) => Drive, jobOf: (step: FakeStep) => AskedJob | undefined = () => undefined) {
    this.emr.onStart = (step) => void this.#run(step, drive, jobOf);
  }

  runtime(options: Partial<EmrRuntimeOptions> = {}): EmrRuntime {
    return createEmrRuntime({
      api: this.emr,
      store: this.store,
      budget: createCallBudget(),
      ship: async () => fakeCode,
      ...options,
    });
  }

  /** Of a held job, also of one that has not begun. */
  release(stepKey: string): void {
    this.#released.add(stepKey);
    this.#held.get(stepKey)?.();
  }

  async #run(step: FakeStep, drive: (job: AskedJob) => Drive, jobOf: (step: FakeStep) => AskedJob | undefined) {
    const job = jobOf(step) ?? (JSON.parse((await read(this.store, step)) ?? '') as AskedJob);
    const { hold = false, runMs = 1_000, failure, silent } = drive(job);
    await new Promise<void>((resolve) => {
      if (hold && !this.#released.has(job.stepKey)) this.#held.set(job.stepKey, resolve);
      else setTimeout(resolve, runMs);
    });
    if (!['RUNNING', 'CANCEL_PENDING'].includes(stateOf(step))) return;
    if (silent !== undefined) return this.emr.end(step, silent);
    if (failure !== undefined) {
      this.store.place(job.failurePath, JSON.stringify(failureOf(job, failure)));
      return this.emr.end(step, 'FAILED', { failure: { reason: 'Unknown Error' } });
    }
    await this.store.putIfAbsent(job.reportPath, JSON.stringify(reportFor(job)));
    this.emr.end(step, 'COMPLETED');
  }
}

const read = (store: ObjectStore, { step }: FakeStep): Promise<string | undefined> =>
  store.readText(step.args.at(-1) ?? '');

const reportFor = ({ job, stepKey, attempt }: { job: JobKind; stepKey: string; attempt: number }) => ({
  ...reportOf[job],
  stepKey: parseStepKey(stepKey.split('#')[0] ?? ''),
  attempt,
});

const failureOf = ({ stepKey, attempt }: AskedJob, failure: Pick<JobFailure, 'kind' | 'type'>): JobFailure => ({
  protocol: 1,
  stepKey: parseStepKey(stepKey.split('#')[0] ?? ''),
  attempt,
  message: 'a failure of the test',
  remedy: 'None.',
  fields: {},
  detail: '',
  ...failure,
});
