// What every SparkRuntime promises, run against the fake and against real runtimes.
import type { JobHandle, JobStatus, JobSubmission, ObjectStore, SparkRuntime } from '../../../src/activities/ports';
import { jobKinds, type JobKind } from '../../../src/contracts/job';
import { findIn, follow, submitTo } from '../../support/jobs';
import { until } from '../../support/waiting';

/** How the job of a submission behaves. */
export type SuiteBehaviour = {
  /** Default `commit`. */
  readonly job?: JobKind;
  /** Runs until `release`. */
  readonly hold?: boolean;
  /** Fails with this type. */
  readonly failure?: string;
};

/** A later attempt at a step has its report in the same place. */
export type LaterAttempt = { readonly step: JobSubmission; readonly attempt: number };

/** The submission of the harness's step `number`, with its files at `base`. */
export function submissionAt(
  number: number,
  base: string,
  { job = 'commit' }: SuiteBehaviour,
  of: LaterAttempt | undefined,
): JobSubmission {
  const attempt = of?.attempt ?? 1;
  return {
    stepKey: of?.step.stepKey ?? `suite/table/${number}/${job}`,
    job,
    attempt,
    size: 1,
    state: '/state',
    requestPath: `${base}.request-${attempt}.json`,
    reportPath: of?.step.reportPath ?? `${base}.report.json`,
    failurePath: `${base}.failure-${attempt}.json`,
  };
}

export type SparkRuntimeHarness = {
  /** A new object each time, as another worker would build it. */
  readonly runtime: () => SparkRuntime;
  /** Where its jobs leave reports and failures. */
  readonly store: ObjectStore;
  /** A step that no other test uses, or a later attempt at one. */
  readonly submission: (behaviour?: SuiteBehaviour, of?: LaterAttempt) => JobSubmission;
  /** Lets a held job end. */
  readonly release: (submission: JobSubmission) => void;
  /** How often work on the step was begun. */
  readonly runs: (submission: JobSubmission) => number;
  /** The process that runs the jobs dies, as by `kill -9`. */
  readonly lose: () => Promise<void>;
  /** What it cannot do. */
  readonly without?: readonly (
    | 'progress'
    /** Two submits at the same moment are one: else only one of two callers may submit. */
    | 'submits at once'
  )[];
};

export function describeSparkRuntime(harness: SparkRuntimeHarness): void {
  const { submission, release, runs, store, without = [] } = harness;
  const watch = (runtime: SparkRuntime, handle: JobHandle, signal?: AbortSignal) =>
    follow(runtime, store, handle, undefined, signal);

  test('a step that nobody submitted is not found', async () => {
    expect(await findIn(harness.runtime(), submission())).toBeUndefined();
  });

  test.each(jobKinds)('a %s job runs to its report', async (job) => {
    const runtime = harness.runtime();
    const step = submission({ job });
    const handle = await submitTo(runtime, step);
    const { size: _, state: _state, cluster: _cluster, ...attempt } = step;
    expect(handle).toMatchObject({ ...attempt, runtime: runtime.name });
    const outcome = await watch(runtime, handle);
    expect(outcome).toMatchObject({ kind: 'succeeded', report: { job, stepKey: step.stepKey, attempt: 1 } });
    expect(runs(step)).toBe(1);
  });

  test('a finished step is no open job, and tells its end to those who come later', async () => {
    const runtime = harness.runtime();
    const step = submission();
    const handle = await submitTo(runtime, step);
    await watch(runtime, handle);
    const later = harness.runtime();
    expect(await findIn(later, step)).toBeUndefined();
    expect(await later.status(handle)).toEqual({ state: 'ended' });
    expect(await watch(later, handle)).toMatchObject({ kind: 'succeeded', report: { attempt: 1 } });
    expect(runs(step)).toBe(1);
  });

  test('a step submitted twice while it runs is one job', async () => {
    const [one, two] = [harness.runtime(), harness.runtime()];
    const step = submission({ hold: true });
    const [first, second] = without.includes('submits at once')
      ? [await submitTo(one, step), await submitTo(two, step)]
      : await Promise.all([submitTo(one, step), submitTo(two, step)]);
    expect(second.id).toBe(first.id);
    const third = await submitTo(one, { ...step, attempt: 2 });
    expect(third).toEqual(first);
    release(step);
    const outcomes = await Promise.all([watch(one, first), watch(two, second)]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['succeeded', 'succeeded']);
    expect(runs(step)).toBe(1);
  });

  test('another worker finds a running job and follows it to its end', async () => {
    const step = submission({ hold: true });
    const handle = await submitTo(harness.runtime(), step);
    const adopter = harness.runtime();
    expect(await findIn(adopter, step)).toEqual(handle);
    const seen: JobStatus[] = [];
    const end = follow(adopter, store, handle, (status) => seen.push(status));
    await until('progress', () =>
      seen.some(
        (status) => status.state === 'running' && (status.progress.tasksTotal > 0 || without.includes('progress')),
      ),
    );
    release(step);
    expect(await end).toMatchObject({ kind: 'succeeded' });
    expect(runs(step)).toBe(1);
  });

  test('a failed job tells its failure, also to those who come later', async () => {
    const runtime = harness.runtime();
    const step = submission({ failure: 'MissingColumn' });
    const expected = { kind: 'failed', failure: { type: 'MissingColumn', stepKey: step.stepKey, attempt: 1 } };
    const handle = await submitTo(runtime, step);
    expect(await watch(runtime, handle)).toMatchObject(expected);
    const later = harness.runtime();
    expect(await findIn(later, step)).toBeUndefined();
    expect(await watch(later, handle)).toMatchObject(expected);
    expect(runs(step)).toBe(1);
  });

  test('the next attempt at a failed step is a new job', async () => {
    const runtime = harness.runtime();
    const step = submission({ failure: 'Throttled' });
    await watch(runtime, await submitTo(runtime, step));
    const next = submission({}, { step, attempt: 2 });
    expect(await findIn(runtime, next)).toBeUndefined();
    const outcome = await watch(runtime, await submitTo(runtime, next));
    expect(outcome).toMatchObject({ kind: 'succeeded', report: { attempt: 2 } });
    expect(runs(step)).toBe(2);
  });

  test('a status that may wait comes at the end of the job, and not at the end of the wait', async () => {
    const runtime = harness.runtime();
    const step = submission({ hold: true });
    const handle = await submitTo(runtime, step);
    expect(['waiting', 'starting', 'running']).toContain((await runtime.status(handle)).state);
    const status = runtime.status(handle, { ms: 600_000, signal: new AbortController().signal });
    release(step);
    expect(await status).toEqual({ state: 'ended' });
  });

  test('aborting a watch stops the watching, not the job', async () => {
    const runtime = harness.runtime();
    const step = submission({ hold: true });
    const handle = await submitTo(runtime, step);
    const abort = new AbortController();
    const watching = watch(runtime, handle, abort.signal);
    abort.abort(new Error('enough'));
    await expect(watching).rejects.toThrow('enough');
    release(step);
    expect(await watch(runtime, handle)).toMatchObject({ kind: 'succeeded' });
    expect(runs(step)).toBe(1);
  });

  test('a cancelled job has ended when cancel says so', async () => {
    const runtime = harness.runtime();
    const step = submission({ hold: true });
    const handle = await submitTo(runtime, step);
    const watching = watch(runtime, handle);
    await until('the job runs', () => runs(step) === 1);
    await until('it has ended', async () => (await runtime.cancel(handle)).state === 'ended');
    expect(await watching).toEqual({ kind: 'cancelled' });
    expect(await watch(runtime, handle)).toEqual({ kind: 'cancelled' });
    release(step);
    expect(await findIn(runtime, step)).toBeUndefined();
  });

  test('cancelling a job that has ended changes nothing', async () => {
    const runtime = harness.runtime();
    const step = submission();
    const handle = await submitTo(runtime, step);
    await watch(runtime, handle);
    expect(await runtime.cancel(handle)).toEqual({ state: 'ended' });
    expect(await watch(runtime, handle)).toMatchObject({ kind: 'succeeded' });
  });

  test('a job whose process dies is lost, and runs again when submitted again', async () => {
    const runtime = harness.runtime();
    const step = submission({ hold: true });
    const handle = await submitTo(runtime, step);
    const watching = watch(runtime, handle);
    await until('the job runs', () => runs(step) === 1);
    await harness.lose();
    expect(await watching).toMatchObject({ kind: 'lost', reason: expect.any(String) });
    expect(await watch(runtime, handle)).toMatchObject({ kind: 'lost' });
    expect(await findIn(runtime, step)).toBeUndefined();
    const again = await submitTo(runtime, step);
    expect(again.id).not.toBe(handle.id);
    release(step);
    expect(await watch(runtime, again)).toMatchObject({ kind: 'succeeded' });
    expect(runs(step)).toBe(2);
  });
}
