// What becomes of a step in every state that EMR knows, and of one whose cluster goes.
import { gzipSync } from 'node:zlib';
import type { JobHandle, JobSubmission } from '../../../../src/activities/ports';
import { failureKinds } from '../../../../src/contracts/failure';
import { FakeDrivers, type AskedJob, type Drive } from '../../../fakes/emr-jobs';
import { stateOf, type FakeStep } from '../../../fakes/emr-steps';
import { follow } from '../../../support/jobs';
import { inVirtualTime, useVirtualClock } from '../../../support/virtual-clock';

useVirtualClock();

const job: JobSubmission = {
  stepKey: 'p/t/d/commit',
  job: 'commit',
  attempt: 1,
  size: 1,
  state: 's3://lake/state',
  cluster: 'j-1',
  requestPath: 's3://lake/state/request-1.json',
  reportPath: 's3://lake/state/report.json',
  failurePath: 's3://lake/state/failure-1.json',
};

/** Of another batch. */
const other = {
  stepKey: 'p/t/e/commit',
  requestPath: 's3://lake/e/request-1.json',
  reportPath: 's3://lake/e/report.json',
};

function scene(drive: Drive = { hold: true }) {
  const drivers = new FakeDrivers(
    () => drive,
    (step): AskedJob => (step.step.args.at(-1) === other.requestPath ? { ...job, ...other } : job),
  );
  const runtime = drivers.runtime();
  const step = (): FakeStep => {
    const [first] = drivers.emr.steps;
    if (first === undefined) throw new Error('no step');
    return first;
  };
  return {
    emr: drivers.emr,
    store: drivers.store,
    drivers,
    runtime,
    step,
    submit: (more: Partial<JobSubmission> = {}) => inVirtualTime(runtime.submit({ ...job, ...more }, 'token')),
    watched: (handle: JobHandle) => inVirtualTime(follow(runtime, drivers.store, handle)),
    asked: (operation: string) => drivers.emr.requests.filter((request) => request.operation === operation).length,
  };
}

const argsOf = ({ step }: FakeStep): string => step.args.join(' ');

describe('a submit', () => {
  it('is a spark-submit in client mode, of the code that was shipped, and names report and failure', async () => {
    const { submit, step } = scene();
    const handle = await submit();
    expect(handle).toMatchObject({ id: 'j-1/s-1', runtime: 'emr', attempt: 1 });
    const { name, args, logUri } = step().step;
    expect(args.slice(0, 3)).toEqual(['spark-submit', '--deploy-mode', 'client']);
    expect(args.slice(-4)).toEqual([
      '--py-files',
      's3://lake/state/code/1/package.zip',
      's3://lake/state/code/1/entry.py',
      job.requestPath,
    ]);
    expect(argsOf(step())).not.toContain('memory');
    expect(name).toMatch(/^headgate [0-9a-f]{20} #1 p\/t\/d\/commit$/);
    expect(logUri).toBe('s3://lake/state/logs/');
  });

  it('doubles the memory of the cluster for each larger size', async () => {
    const { emr, submit, step } = scene();
    emr.cluster('j-1', { sparkDefaults: { 'spark.driver.memory': '3g', 'spark.executor.memory': '4743M' } });
    await submit({ size: 3 });
    expect(argsOf(step())).toContain('--conf spark.driver.memory=12288m --conf spark.executor.memory=18972m');
  });

  it('takes the newer Python of EMR 7, whose steps cannot say where their logs go', async () => {
    const { emr, submit, step } = scene();
    emr.cluster('j-1', { releaseLabel: 'emr-7.13.0' });
    await submit();
    expect(argsOf(step())).toContain('--conf spark.pyspark.python=python3.11');
    expect(step().step.logUri).toBeUndefined();
  });

  it.each(['emr-6.15.0', 'emr-5.36.0', 'emr-spark-9.0.0', ''])('refuses the release %p', async (releaseLabel) => {
    const { emr, submit } = scene();
    emr.cluster('j-1', { releaseLabel });
    await expect(submit()).rejects.toMatchObject({ kind: 'config', type: 'UnknownRelease' });
    expect(emr.steps).toHaveLength(0);
  });

  it('without a cluster is a fault of the configuration', async () => {
    const { runtime } = scene();
    const { cluster: _, ...nowhere } = job;
    await expect(async () => runtime.submit(nowhere, 't')).rejects.toMatchObject({ kind: 'config', type: 'NoCluster' });
  });

  it('to a cluster that nobody knows says so', async () => {
    const { submit } = scene();
    await expect(submit({ cluster: 'j-2' })).rejects.toMatchObject({ kind: 'config', type: 'EmrRefused' });
  });

  it('has a name that EMR takes, and is found by it, however long its key is', async () => {
    const { runtime, submit, step } = scene();
    const stepKey = `${'p'.repeat(300)}/t/d/commit`;
    await submit({ stepKey });
    expect(step().step.name).toHaveLength(256);
    expect(await inVirtualTime(runtime.find({ ...job, stepKey }, 't'))).toMatchObject({ id: 'j-1/s-1' });
    expect(
      await inVirtualTime(runtime.find({ ...job, stepKey: `${'p'.repeat(301)}/t/d/commit` }, 't')),
    ).toBeUndefined();
  });

  it('is another job than one of the same key and another report', async () => {
    const { emr, submit } = scene();
    await submit();
    await submit({ reportPath: 's3://other/state/report.json' });
    expect(emr.steps).toHaveLength(2);
  });

  it('refuses a command line that EMR would refuse', async () => {
    const { emr, submit } = scene();
    const requestPath = `s3://lake/${'x'.repeat(10_240)}`;
    await expect(submit({ requestPath })).rejects.toMatchObject({ type: 'CommandTooLong' });
    expect(emr.steps).toHaveLength(0);
  });

  it('waits for a place in the queue of the cluster, and gives up within its time', async () => {
    const { emr, runtime, submit } = scene();
    emr.concurrency = 0;
    for (let other = 0; other < 256; other += 1) await emr.addStep('j-1', { name: `other ${other}`, args: [] });
    await expect(submit()).rejects.toMatchObject({ kind: 'throttle', type: 'StepNotSent' });
    expect(emr.steps).toHaveLength(256);
    const waiting = runtime.submit(job, 't');
    setTimeout(() => emr.steps.slice(0, 1).forEach((other) => emr.end(other, 'CANCELLED')), 20_000);
    expect(await inVirtualTime(waiting)).toMatchObject({ id: 'j-1/s-257' });
  });

  it('that is throttled for long is never sent late', async () => {
    const { emr, submit } = scene();
    emr.fault = (operation) => (operation === 'addStep' ? 'throttle' : undefined);
    const began = Date.now();
    await expect(submit()).rejects.toMatchObject({ kind: 'throttle', type: 'StepNotSent' });
    const sent = emr.requests.filter(({ operation }) => operation === 'addStep');
    expect(Math.max(...sent.map(({ atMs }) => atMs - began))).toBeLessThanOrEqual(60_000);
  });

  it('whose answer was lost is found although it has ended meanwhile', async () => {
    const { emr, submit } = scene({ runMs: 10 });
    emr.fault = (operation) => (operation === 'addStep' ? 'lost' : undefined);
    emr.staleMs = 6_000;
    expect(await submit()).toMatchObject({ id: 'j-1/s-1' });
    expect(emr.steps).toHaveLength(1);
  });

  it('that nobody answered is not sent again by the same call', async () => {
    const { emr, submit, asked } = scene();
    emr.fault = (operation) => (operation === 'addStep' ? 'broken' : undefined);
    await expect(submit()).rejects.toMatchObject({ kind: 'infrastructure', type: 'StepUnanswered' });
    expect(asked('addStep')).toBe(1);
  });

  it.each(['TERMINATING', 'TERMINATED', 'TERMINATED_WITH_ERRORS'])(
    'to a cluster that is %s is a job that has ended, for the next attempt to go elsewhere',
    async (state) => {
      const { emr, submit, watched } = scene();
      emr.cluster('j-1', { state, reason: { code: 'INSTANCE_FAILURE', message: 'spot' } });
      const handle = await submit();
      expect(await watched(handle)).toMatchObject({
        kind: 'lost',
        reason: `cluster j-1 is ${state} (INSTANCE_FAILURE: spot)`,
      });
      expect(emr.steps).toHaveLength(0);
    },
  );
});

describe('the end of a step', () => {
  async function ended(state: string, more: Pick<FakeStep, 'failure' | 'reason'> = {}, log?: string) {
    const here = scene();
    const handle = await here.submit();
    await jest.advanceTimersByTimeAsync(1_000);
    const place = 's3://lake/state/logs/j-1/steps/s-1/stderr.gz';
    if (log !== undefined) here.store.place(place, gzipSync(log));
    here.emr.end(here.step(), state, more);
    return { ...here, handle, outcome: await here.watched(handle) };
  }

  it.each(['COMPLETED', 'CANCELLED', 'FAILED', 'INTERRUPTED'])('%s is no success without a report', async (state) => {
    const { outcome } = await ended(state);
    expect(outcome.kind).toBe(state === 'CANCELLED' ? 'cancelled' : 'lost');
  });

  it.each(['COMPLETED', 'CANCELLED', 'FAILED', 'INTERRUPTED'])('%s is a success with a report', async (state) => {
    const here = scene({ runMs: 1 });
    const handle = await here.submit();
    await jest.advanceTimersByTimeAsync(1_000);
    here.step().states.push({ state, atMs: Date.now() });
    expect(await here.watched(handle)).toMatchObject({ kind: 'succeeded' });
  });

  it('in a word that nobody knows is a defect, and not waited for', async () => {
    const here = scene();
    const handle = await here.submit();
    here.step().states.push({ state: 'EXPLODED', atMs: Date.now() });
    await expect(here.watched(handle)).rejects.toMatchObject({ type: 'Defect', kind: 'unknown' });
  });

  it('in such a word does not touch the other jobs of the cluster', async () => {
    const here = scene({ runMs: 30_000 });
    const [one, two] = [await here.submit(), await here.submit(other)];
    here.step().states.push({ state: 'EXPLODED', atMs: Date.now() });
    const strange = follow(here.runtime, here.store, one);
    const usual = follow(here.runtime, here.store, two);
    await expect(inVirtualTime(strange)).rejects.toMatchObject({ type: 'Defect' });
    expect((await inVirtualTime(usual)).kind).toBe('succeeded');
  });

  it.each([
    ['memory', 'java.lang.OutOfMemoryError: Java heap space'],
    ['memory', 'ExecutorLostFailure: Container killed by YARN for exceeding physical memory limits.'],
    ['permission', 'AccessDeniedException: s3://lake/t: getFileStatus: Access Denied (Status Code: 403)'],
    ['config', "ModuleNotFoundError: No module named 'headgate_spark'"],
    ['throttle', 'Please reduce your request rate. (Service: Amazon S3; Error Code: SlowDown)'],
    ['infrastructure', 'ExecutorLostFailure (executor 3 exited caused by Container released on a *lost* node)'],
    ['unknown', 'something that nobody has seen'],
  ] as const)('FAILED is of kind %s by the last lines of the log: %s', async (kind, line) => {
    const noise = '26/11/27 10:00:00 INFO SparkContext: Access Denied is not what this says\n';
    const log = `${noise.repeat(500)}Exception in thread "main" ${line}\n\tat org.apache.spark.X(Y.scala:1)\n`;
    const { outcome } = await ended('FAILED', { failure: { reason: 'Unknown Error' } }, log);
    expect(outcome).toMatchObject({ kind: 'lost', reason: expect.stringContaining(line) });
    expect(outcome).toMatchObject({ logs: 's3://lake/state/logs/j-1/steps/s-1/stderr.gz' });
    expect('cause' in outcome ? outcome.cause : 'infrastructure').toBe(kind);
    expect(Object.hasOwn(failureKinds, kind)).toBe(true);
    expect('reason' in outcome ? outcome.reason : '').not.toContain('SparkContext');
  });

  it('FAILED is told by the file where EMR says the cause stands', async () => {
    const logFile = 's3://elsewhere/s-1/stderr.gz';
    const here = scene();
    const handle = await here.submit();
    await jest.advanceTimersByTimeAsync(1_000);
    here.store.place(logFile, gzipSync('MemoryError'));
    here.emr.end(here.step(), 'FAILED', { failure: { logFile } });
    expect(await here.watched(handle)).toMatchObject({ kind: 'lost', cause: 'memory', logs: logFile });
  });

  it('FAILED is told by what Python printed, too', async () => {
    const folder = 's3://lake/state/logs/j-1/steps/s-1';
    const here = scene();
    const handle = await here.submit();
    await jest.advanceTimersByTimeAsync(1_000);
    here.store.place(`${folder}/stdout.gz`, gzipSync('Traceback (most recent call last):\nMemoryError\n'));
    here.store.place(`${folder}/stderr.gz`, gzipSync('26/11/27 10:00:00 INFO ShutdownHookManager: called\n'));
    here.emr.end(here.step(), 'FAILED');
    expect(await here.watched(handle)).toMatchObject({
      cause: 'memory',
      reason: expect.stringContaining('MemoryError'),
      logs: `${folder}/stderr.gz`,
    });
  });

  it('FAILED waits a little for a log that comes late, and not for ever', async () => {
    const here = scene();
    const handle = await here.submit();
    await jest.advanceTimersByTimeAsync(1_000);
    here.emr.end(here.step(), 'FAILED');
    const place = 's3://lake/state/logs/j-1/steps/s-1/stderr.gz';
    setTimeout(() => here.store.place(place, gzipSync('OutOfMemoryError')), 25_000);
    expect(await here.watched(handle)).toMatchObject({ cause: 'memory' });
    const began = Date.now();
    const { outcome } = await ended('FAILED');
    expect(outcome).toMatchObject({ reason: 'step s-1 failed; its log has not come to S3 yet' });
    expect(Date.now() - began).toBeLessThan(80_000);
  });

  it('FAILED with a failure file reads no log', async () => {
    const here = scene({ failure: { kind: 'data', type: 'MissingColumn' }, runMs: 1 });
    const handle = await here.submit();
    expect(await here.watched(handle)).toMatchObject({ kind: 'failed', failure: { type: 'MissingColumn' } });
    expect(here.store.calls.filter((call) => call.includes('stderr'))).toEqual([]);
  });

  it.each([
    ['CANCELLED', 'INSTANCE_FAILURE', 'infrastructure'],
    ['INTERRUPTED', 'BOOTSTRAP_FAILURE', 'infrastructure'],
    ['FAILED', 'INTERNAL_ERROR', 'infrastructure'],
    ['CANCELLED', 'VALIDATION_ERROR', 'config'],
    ['CANCELLED', 'A_NEW_REASON', 'infrastructure'],
    // EMR has not told the step yet, or never will.
    [undefined, 'INSTANCE_FLEET_TIMEOUT', 'infrastructure'],
  ] as const)('%s with a cluster that ended by %s is %s', async (stepState, code, kind) => {
    const here = scene();
    const handle = await here.submit();
    await jest.advanceTimersByTimeAsync(1_000);
    here.emr.terminate('j-1', { code, message: 'said so' }, stepState);
    const outcome = await here.watched(handle);
    expect(outcome).toMatchObject({ kind: 'lost', reason: expect.stringContaining(`${code}: said so`) });
    expect('cause' in outcome ? outcome.cause : 'infrastructure').toBe(kind);
  });

  it('of one that EMR does not know is the settling time away', async () => {
    const here = scene();
    const handle = await here.submit();
    const began = Date.now();
    expect(await here.watched({ ...handle, id: 'j-1/s-99' })).toMatchObject({ kind: 'lost' });
    expect(Date.now() - began).toBeGreaterThanOrEqual(120_000);
  });
});

describe('a cancel', () => {
  const untilEnded = async ({ runtime }: ReturnType<typeof scene>, handle: JobHandle) => {
    const began = Date.now();
    for (;;) {
      const status = await inVirtualTime(runtime.cancel(handle));
      if (status.state === 'ended') return { status, tookMs: Date.now() - began };
      await jest.advanceTimersByTimeAsync(5_000);
    }
  };

  it('interrupts once, and waits: CANCEL_PENDING is no end', async () => {
    const here = scene();
    here.emr.stopMs = 20_000;
    const handle = await here.submit();
    await jest.advanceTimersByTimeAsync(1_000);
    const { status, tookMs } = await untilEnded(here, handle);
    expect(status).toMatchObject({ state: 'ended', cause: { kind: 'cancelled' } });
    expect(here.emr.cancels).toEqual(['interrupt']);
    expect(tookMs).toBeGreaterThanOrEqual(20_000);
  });

  it('kills a driver that does not listen for thirty seconds', async () => {
    const here = scene();
    here.emr.obeys = false;
    const handle = await here.submit();
    await jest.advanceTimersByTimeAsync(1_000);
    const { tookMs } = await untilEnded(here, handle);
    expect(here.emr.cancels).toEqual(['interrupt', 'kill']);
    expect(tookMs).toBeGreaterThanOrEqual(30_000);
    expect(stateOf(here.step())).toBe('CANCELLED');
  });

  it('leaves a step alone that has ended', async () => {
    const here = scene({ runMs: 1 });
    const handle = await here.submit();
    await here.watched(handle);
    expect(await inVirtualTime(here.runtime.cancel(handle))).toEqual({ state: 'ended' });
    expect(here.asked('cancelStep')).toBe(0);
  });

  it('ends a step that waits at once', async () => {
    const here = scene();
    here.emr.concurrency = 0;
    const { tookMs } = await untilEnded(here, await here.submit());
    expect(tookMs).toBeLessThanOrEqual(5_000);
  });
});
