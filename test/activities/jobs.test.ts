import { MockActivityEnvironment } from '@temporalio/testing';
import { keepDefinition } from '../../src/activities/definitions';
import { createJobActivities, type SubmitJobInput } from '../../src/activities/jobs';
import type { JobHandle, JobOutcome } from '../../src/activities/ports';
import type { PrepareRequest } from '../../src/contracts/job';
import type { Definition } from '../../src/contracts/pipeline-ref';
import { batchPaths, jobPaths } from '../../src/contracts/layout';
import { createFakeObjectStore } from '../fakes/object-store';
import { pipeline, prepareReport } from '../fakes/reports';
import { FakeSpark } from '../fakes/spark-runtime';

const { digest } = prepareReport;
const paths = { ...batchPaths(pipeline.state, digest), ...jobPaths(pipeline.state, 'prepare', digest, 1) };

const input = (generation = 1, definition: Definition = pipeline): SubmitJobInput => ({
  runtime: 'local',
  state: pipeline.state,
  request: {
    protocol: 1,
    job: 'prepare',
    stepKey: 'customer-sales/customer_sales/d/prepare',
    generation,
    run: 'run/customer-sales',
    digest,
    pipeline: definition,
    manifestPath: paths.manifest,
    stagingTable: paths.staging,
    quarantineTable: '/q',
  },
});

function scene() {
  const spark = new FakeSpark(() => ({ hold: true }));
  const store = createFakeObjectStore();
  const { submitJob, watchJob } = createJobActivities({ runtimes: { local: spark.runtime() }, store });
  const environment = new MockActivityEnvironment();
  return {
    spark,
    store,
    submitted: (definition: Definition): Promise<JobHandle> => environment.run(submitJob, input(1, definition)),
    submit: (generation?: number): Promise<JobHandle> => environment.run(submitJob, input(generation)),
    watch: (handle: JobHandle, own = new MockActivityEnvironment()) => {
      const outcome: Promise<JobOutcome> = own.run(watchJob, handle);
      return { own, outcome };
    },
    bad: () => environment.run(submitJob, { ...input(), runtime: 'emr' }),
  };
}

const until = async (good: () => boolean): Promise<void> => {
  while (!good()) await new Promise((wake) => setTimeout(wake, 5));
};

describe('submitJob', () => {
  it('writes the pipeline whole into a prepare request that travels with a reference', async () => {
    const { store, submitted } = scene();
    const { definition } = await keepDefinition(pipeline, store);
    const handle = await submitted(definition);
    expect(JSON.parse((await store.readText(handle.requestPath)) ?? '')).toMatchObject({ pipeline });
  });

  it('writes the request with its attempt and submits it', async () => {
    const { store, submit } = scene();
    const handle = await submit();
    const request = JSON.parse((await store.readText(handle.requestPath)) ?? '') as PrepareRequest;
    expect(request).toMatchObject({
      attempt: 1,
      reportPath: paths.report,
      failurePath: paths.failure(1),
    });
  });

  it('finds the job that it has submitted when it is retried', async () => {
    const { spark, submit } = scene();
    const [first, second] = [await submit(), await submit()];
    expect(second).toEqual(first);
    expect(spark.runs(first.stepKey)).toBe(1);
  });

  it('submits another attempt after one that left its failure', async () => {
    const { spark, store, submit } = scene();
    const first = await submit();
    spark.lose();
    store.place(paths.failure(1), '{}');
    expect((await submit()).attempt).toBe(2);
    expect(first.attempt).toBe(1);
  });

  it('submits another attempt after one that was lost without a trace', async () => {
    const { spark, submit } = scene();
    await submit();
    spark.lose();
    const second = await submit();
    expect(second.attempt).toBe(2);
    expect(spark.runs(second.stepKey)).toBe(2);
  });

  it('keeps a redo apart from the first generation: other step, other files', async () => {
    const { submit } = scene();
    const [first, redo] = [await submit(), await submit(1_800_000_000)];
    expect(redo.stepKey).not.toBe(first.stepKey);
    expect(redo.reportPath).not.toBe(first.reportPath);
  });

  it('names the runtimes it has when asked for another', async () => {
    await expect(scene().bad()).rejects.toMatchObject({ type: 'UnknownRuntime', nonRetryable: true });
  });
});

describe('watchJob', () => {
  it('returns how the job ended', async () => {
    const { spark, submit, watch } = scene();
    const handle = await submit();
    const { outcome } = watch(handle);
    spark.let(handle.stepKey);
    expect((await outcome).kind).toBe('succeeded');
  });

  it('heartbeats at once, with the id of the job', async () => {
    const { spark, submit, watch } = scene();
    const handle = await submit();
    const own = new MockActivityEnvironment();
    const beats: unknown[] = [];
    own.on('heartbeat', (details: unknown) => beats.push(details));
    const { outcome } = watch(handle, own);
    await until(() => beats.length > 0);
    expect(beats[0]).toMatchObject({ job: handle.id });
    spark.let(handle.stepKey);
    await outcome;
  });

  it('ends the job when the workflow is cancelled', async () => {
    const { submit, watch } = scene();
    const handle = await submit();
    const { own, outcome } = watch(handle);
    own.cancel('CANCELLED', { cancelRequested: true } as never);
    expect(await outcome).toEqual({ kind: 'cancelled' });
  });

  it('leaves the job running when the worker shuts down', async () => {
    const { spark, submit, watch } = scene();
    const handle = await submit();
    const { own, outcome } = watch(handle);
    own.cancel('WORKER_SHUTDOWN', { workerShutdown: true } as never);
    await expect(outcome).rejects.toThrow('the job goes on');
    const again = watch(handle);
    spark.let(handle.stepKey);
    expect((await again.outcome).kind).toBe('succeeded');
    expect(spark.runs(handle.stepKey)).toBe(1);
  });

  it('leaves the job running when its heartbeat was lost: another attempt has adopted it', async () => {
    const { submit, watch, spark } = scene();
    const handle = await submit();
    const { own, outcome } = watch(handle);
    own.cancel('NOT_FOUND', { notFound: true } as never);
    await expect(outcome).rejects.toThrow('the job goes on');
    expect(spark.runs(handle.stepKey)).toBe(1);
  });
});
