// What every SparkRuntime promises, run against the fake and against real runtimes.
import type { JobProgress, JobSubmission, SparkRuntime } from '../../../src/activities/ports';
import { jobKinds, type JobKind } from '../../../src/contracts/job';
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

export type SparkRuntimeHarness = {
  /** A new object each time, as another worker would build it. */
  readonly runtime: () => SparkRuntime;
  /** A step that no other test uses, or a later attempt at one. */
  readonly submission: (
    behaviour?: SuiteBehaviour,
    of?: { readonly step: JobSubmission; readonly attempt: number },
  ) => JobSubmission;
  /** Lets a held job end. */
  readonly release: (submission: JobSubmission) => void;
  /** How often work on the step was begun. */
  readonly runs: (submission: JobSubmission) => number;
  /** The process that runs the jobs dies, as by `kill -9`. */
  readonly lose: () => Promise<void>;
};

const ignore = (): void => {};
const never = (): AbortSignal => new AbortController().signal;

export function describeSparkRuntime(harness: SparkRuntimeHarness): void {
  const { submission, release, runs } = harness;

  test('a step that nobody submitted is not found', async () => {
    expect(await harness.runtime().find(submission())).toBeUndefined();
  });

  test.each(jobKinds)('a %s job runs to its report', async (job) => {
    const runtime = harness.runtime();
    const step = submission({ job });
    const handle = await runtime.submit(step);
    expect(handle).toMatchObject({ ...step, runtime: runtime.name });
    const outcome = await runtime.watch(handle, ignore, never());
    expect(outcome).toMatchObject({ kind: 'succeeded', report: { job, stepKey: step.stepKey, attempt: 1 } });
    expect(runs(step)).toBe(1);
  });

  test('a finished step is found, and submitting it again does no work', async () => {
    const runtime = harness.runtime();
    const step = submission();
    await runtime.watch(await runtime.submit(step), ignore, never());
    const later = harness.runtime();
    expect(await later.find(step)).toMatchObject({ stepKey: step.stepKey });
    const again = await later.submit({ ...step, attempt: 2 });
    expect(await later.watch(again, ignore, never())).toMatchObject({ kind: 'succeeded', report: { attempt: 1 } });
    expect(runs(step)).toBe(1);
  });

  test('a step submitted twice while it runs is one job', async () => {
    const [one, two] = [harness.runtime(), harness.runtime()];
    const step = submission({ hold: true });
    const [first, second] = await Promise.all([one.submit(step), two.submit(step)]);
    expect(second.id).toBe(first.id);
    const third = await one.submit({ ...step, attempt: 2 });
    expect(third).toEqual(first);
    release(step);
    const outcomes = await Promise.all([one.watch(first, ignore, never()), two.watch(second, ignore, never())]);
    expect(outcomes.map(({ kind }) => kind)).toEqual(['succeeded', 'succeeded']);
    expect(runs(step)).toBe(1);
  });

  test('another worker finds a running job and follows it to its end', async () => {
    const step = submission({ hold: true });
    const handle = await harness.runtime().submit(step);
    const adopter = harness.runtime();
    expect(await adopter.find(step)).toEqual(handle);
    const seen: JobProgress[] = [];
    const end = adopter.watch(handle, (progress) => seen.push(progress), never());
    await until('progress', () => seen.some(({ tasksTotal }) => tasksTotal > 0));
    release(step);
    expect(await end).toMatchObject({ kind: 'succeeded' });
    expect(runs(step)).toBe(1);
  });

  test('a failed job tells its failure, also to those who come later', async () => {
    const runtime = harness.runtime();
    const step = submission({ failure: 'MissingColumn' });
    const expected = { kind: 'failed', failure: { type: 'MissingColumn', stepKey: step.stepKey, attempt: 1 } };
    expect(await runtime.watch(await runtime.submit(step), ignore, never())).toMatchObject(expected);
    const later = harness.runtime();
    const found = await later.find(step);
    expect(found).toBeDefined();
    if (found !== undefined) expect(await later.watch(found, ignore, never())).toMatchObject(expected);
    expect(runs(step)).toBe(1);
  });

  test('the next attempt at a failed step is a new job', async () => {
    const runtime = harness.runtime();
    const step = submission({ failure: 'Throttled' });
    await runtime.watch(await runtime.submit(step), ignore, never());
    const next = submission({}, { step, attempt: 2 });
    expect(await runtime.find(next)).toBeUndefined();
    const outcome = await runtime.watch(await runtime.submit(next), ignore, never());
    expect(outcome).toMatchObject({ kind: 'succeeded', report: { attempt: 2 } });
    expect(runs(step)).toBe(2);
  });

  test('aborting a watch stops the watching, not the job', async () => {
    const runtime = harness.runtime();
    const step = submission({ hold: true });
    const handle = await runtime.submit(step);
    const abort = new AbortController();
    const watching = runtime.watch(handle, ignore, abort.signal);
    abort.abort(new Error('enough'));
    await expect(watching).rejects.toThrow('enough');
    release(step);
    expect(await runtime.watch(handle, ignore, never())).toMatchObject({ kind: 'succeeded' });
    expect(runs(step)).toBe(1);
  });

  test('a cancelled job has ended when cancel returns', async () => {
    const runtime = harness.runtime();
    const step = submission({ hold: true });
    const handle = await runtime.submit(step);
    const watching = runtime.watch(handle, ignore, never());
    await until('the job runs', () => runs(step) === 1);
    await runtime.cancel(handle);
    expect(await watching).toEqual({ kind: 'cancelled' });
    expect(await runtime.watch(handle, ignore, never())).toEqual({ kind: 'cancelled' });
    release(step);
    expect(await runtime.find(step)).toBeUndefined();
  });

  test('cancelling a job that has ended changes nothing', async () => {
    const runtime = harness.runtime();
    const step = submission();
    const handle = await runtime.submit(step);
    await runtime.watch(handle, ignore, never());
    await runtime.cancel(handle);
    expect(await runtime.watch(handle, ignore, never())).toMatchObject({ kind: 'succeeded' });
  });

  test('a job whose process dies is lost, and runs again when submitted again', async () => {
    const runtime = harness.runtime();
    const step = submission({ hold: true });
    const handle = await runtime.submit(step);
    const watching = runtime.watch(handle, ignore, never());
    await until('the job runs', () => runs(step) === 1);
    await harness.lose();
    expect(await watching).toMatchObject({ kind: 'lost', reason: expect.any(String) });
    expect(await runtime.watch(handle, ignore, never())).toMatchObject({ kind: 'lost' });
    expect(await runtime.find(step)).toBeUndefined();
    const again = await runtime.submit(step);
    expect(again.id).not.toBe(handle.id);
    release(step);
    expect(await runtime.watch(again, ignore, never())).toMatchObject({ kind: 'succeeded' });
    expect(runs(step)).toBe(2);
  });
}
