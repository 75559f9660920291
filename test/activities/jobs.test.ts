import { MockActivityEnvironment } from '@temporalio/testing';
import { keepDefinition } from '../../src/activities/definitions';
import { createJobActivities, type Elsewhere, type SubmitJobInput } from '../../src/activities/jobs';
import type { JobHandle, JobOutcome } from '../../src/activities/ports';
import { HeadgateError } from '../../src/contracts/errors';
import { jobKinds, type PrepareRequest } from '../../src/contracts/job';
import { parseStepKey } from '../../src/contracts/ids';
import type { Definition } from '../../src/contracts/pipeline-ref';
import { attemptReport, batchPaths, jobPaths, stepKey as stepKeyOf } from '../../src/contracts/layout';
import { createFakeObjectStore } from '../fakes/object-store';
import { pipeline, prepareReport } from '../fakes/reports';
import { FakeSpark, type FakeRuntimeOptions } from '../fakes/spark-runtime';
import { useVirtualClock } from '../support/virtual-clock';
import { until } from '../support/waiting';

const { digest } = prepareReport;
const paths = { ...batchPaths(pipeline.state, digest), ...jobPaths(pipeline.state, 'prepare', digest, 1) };
const stepKey = stepKeyOf(pipeline.name, pipeline.target.table, digest, 'prepare');

const input = (generation = 1, definition: Definition = pipeline): SubmitJobInput => ({
  runtime: 'local',
  state: pipeline.state,
  request: {
    protocol: 1,
    job: 'prepare',
    stepKey,
    generation,
    run: 'run/customer-sales',
    digest,
    pipeline: definition,
    manifestPath: paths.manifest,
    stagingTable: paths.staging,
    quarantineTable: '/q',
  },
});

/** As a service that tells late of its jobs, in the time of a test. */
const lookedUp: FakeRuntimeOptions = {
  traits: { hostBound: false, settlingSeconds: 0.1, pollSeconds: { shortest: 0.005, longest: 0.005 } },
};
const byToken: FakeRuntimeOptions = { ...lookedUp, byToken: true };

function scene(options: FakeRuntimeOptions = {}) {
  const store = createFakeObjectStore();
  const spark = new FakeSpark(store, () => ({ hold: true }));
  const activitiesOn = (host: string) =>
    createJobActivities({
      runtimes: {
        local: spark.runtime(options),
        emr: spark.runtime({ ...lookedUp, name: 'emr' }),
        databricks: spark.runtime({ ...byToken, name: 'databricks' }),
      },
      store,
      hostQueue: host,
    });
  const environment = new MockActivityEnvironment();
  const asked = (more: Partial<SubmitJobInput> = {}, host = 'headgate/here'): Promise<JobHandle | Elsewhere> =>
    environment.run(activitiesOn(host).submitJob, { ...input(), ...more });
  return {
    spark,
    store,
    asked,
    submit: async (more: Partial<SubmitJobInput> = {}): Promise<JobHandle> => {
      const answer = await asked(more);
      if ('elsewhere' in answer) throw new Error(`asked elsewhere: ${answer.elsewhere}`);
      return answer;
    },
    find: (host = 'headgate/here') => environment.run(activitiesOn(host).findJob, input()),
    watch: (handle: JobHandle, own = new MockActivityEnvironment()) => {
      const outcome: Promise<JobOutcome> = own.run(activitiesOn('headgate/here').watchJob, handle);
      return { own, outcome };
    },
    cancel: (handle: JobHandle) => environment.run(activitiesOn('headgate/here').cancelJob, handle),
  };
}

/** The worker dies when its submit has arrived: it never hears the id. */
async function dieAfterSubmit({ spark, asked }: ReturnType<typeof scene>): Promise<void> {
  spark.afterSubmit = () => {
    throw new Error('kill -9');
  };
  await expect(asked()).rejects.toThrow();
  spark.afterSubmit = () => undefined;
}

describe('submitJob', () => {
  it('writes the pipeline whole into a prepare request that travels with a reference', async () => {
    const { store, submit } = scene();
    const { definition } = await keepDefinition(pipeline, store);
    const handle = await submit({ request: input(1, definition).request });
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

  it('records the intent before the submit and the id after it', async () => {
    const { spark, store, submit } = scene();
    let before: readonly string[] = [];
    spark.afterSubmit = () => {
      before = store.paths();
    };
    const handle = await submit();
    expect(before).toEqual([paths.host(1), paths.request(1)].toSorted());
    expect(JSON.parse((await store.readText(paths.handle(1))) ?? '')).toEqual(handle);
  });

  it('finds the job that it has submitted when it is retried', async () => {
    const { spark, submit } = scene();
    const [first, second] = [await submit(), await submit()];
    expect(second).toEqual(first);
    expect(spark.runs(stepKey)).toBe(1);
  });

  it.each(jobKinds)('finds a %s job again: whoever parses a kind of job knows all of them', async (job) => {
    const { spark, submit } = scene();
    const key = parseStepKey(`${pipeline.name}/t/${digest}/${job}`);
    const request = { ...input().request, job, stepKey: key } as SubmitJobInput['request'];
    expect(await submit({ request })).toEqual(await submit({ request }));
    expect(spark.runs(key)).toBe(1);
  });

  it('submits nothing for a step that has left its report', async () => {
    const { spark, submit, watch } = scene();
    const handle = await submit();
    spark.let(stepKey);
    await watch(handle).outcome;
    expect((await watch(await submit()).outcome).kind).toBe('succeeded');
    expect(spark.runs(stepKey)).toBe(1);
  });

  it('submits nothing for an attempt whose report no worker lived to make final', async () => {
    const { spark, store, submit, watch } = scene();
    const first = await submit();
    spark.lose();
    store.place(attemptReport(paths.report, 1), JSON.stringify({ ...prepareReport, stepKey }));
    store.place(paths.failure(1), '{}');
    expect((await submit()).attempt).toBe(1);
    expect((await watch(first).outcome).kind).toBe('succeeded');
    expect(await store.readText(paths.report)).toBeDefined();
    expect(spark.runs(stepKey)).toBe(1);
  });

  it('counts the report of an earlier attempt whose open job was the answer to a later submit', async () => {
    const { spark, store, submit } = scene();
    await submit();
    expect((await submit({ after: 1 })).attempt).toBe(1);
    spark.let(stepKey);
    await until('its report', () => store.paths().includes(attemptReport(paths.report, 1)), 2000);
    expect((await submit({ after: 1 })).attempt).toBe(1);
    expect(spark.runs(stepKey)).toBe(1);
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
    expect(spark.runs(stepKey)).toBe(2);
  });

  it('submits another attempt, larger where asked, after those that are told to be over', async () => {
    const { spark, submit } = scene();
    await submit();
    spark.lose();
    expect((await submit({ after: 4, size: 2 })).attempt).toBe(5);
    expect(spark.sizes(stepKey)).toEqual([1, 2]);
  });

  it('finds a job of the runtime that the pipeline had before', async () => {
    const { spark, submit } = scene();
    const before = await submit();
    expect(await submit({ runtime: 'databricks' })).toEqual(before);
    spark.lose();
    expect(await submit({ runtime: 'databricks' })).toMatchObject({ runtime: 'databricks', attempt: 2 });
  });

  it('keeps a redo apart from the first generation: other step, other files', async () => {
    const { submit } = scene();
    const [first, redo] = [await submit(), await submit({ request: input(1_800_000_000).request })];
    expect(redo.stepKey).not.toBe(first.stepKey);
    expect(redo.reportPath).not.toBe(first.reportPath);
  });

  it('leaves nothing to be looked for where the runtime refuses before it is asked', async () => {
    const here = scene({
      makeReady: async () => {
        throw new HeadgateError({ kind: 'config', type: 'NoCluster', message: 'None.', remedy: 'None.' });
      },
    });
    await expect(here.asked()).rejects.toMatchObject({ type: 'NoCluster', nonRetryable: true });
    expect(here.store.paths()).toEqual([]);
  });

  it('names the runtimes it has when asked for another', async () => {
    const bad = scene().asked({ runtime: 'emr-serverless' });
    await expect(bad).rejects.toMatchObject({ type: 'UnknownRuntime', nonRetryable: true });
  });
});

describe('a submit that was begun, and whose id nobody wrote down', () => {
  useVirtualClock({ flows: true });

  it('is looked for while the runtime may tell late of it, and not made again', async () => {
    const here = scene(lookedUp);
    await dieAfterSubmit(here);
    here.spark.lag = 3;
    expect((await here.submit()).attempt).toBe(1);
    expect(here.spark.lag).toBeLessThan(0);
    expect(here.spark.runs(stepKey)).toBe(1);
  });

  it('is another attempt when it does not show within the settling time', async () => {
    const here = scene(lookedUp);
    await dieAfterSubmit(here);
    here.spark.lose();
    expect((await here.submit()).attempt).toBe(2);
    expect(here.spark.runs(stepKey)).toBe(2);
  });

  it('is submitted again with its token where that answers the first job', async () => {
    const here = scene(byToken);
    await dieAfterSubmit(here);
    expect((await here.submit()).attempt).toBe(1);
    expect(here.spark.runs(stepKey)).toBe(1);
  });

  it('is found for a cancel', async () => {
    const here = scene(lookedUp);
    await dieAfterSubmit(here);
    here.spark.lag = 2;
    expect(await here.find()).toMatchObject({ attempt: 1 });
  });
});

describe('a job that lives on one host', () => {
  it('tells the queue of its host, also when another worker is asked', async () => {
    const { asked, submit } = scene();
    const handle = await submit();
    expect(handle.taskQueue).toBe('headgate/here');
    expect(await asked({}, 'headgate/there')).toEqual(handle);
  });

  it('is not called ended by another host, which cannot know', async () => {
    const { spark, asked, submit } = scene();
    const handle = await submit();
    spark.lose();
    expect(await asked({}, 'headgate/there')).toEqual(handle);
    expect((await submit()).attempt).toBe(2);
  });

  it('is asked for on its host when its worker died in the submit', async () => {
    const here = scene();
    await dieAfterSubmit(here);
    const elsewhere = { elsewhere: 'headgate/here', attempt: 1 };
    expect(await here.asked({}, 'headgate/there')).toEqual(elsewhere);
    expect(await here.find('headgate/there')).toEqual(elsewhere);
    expect((await here.submit()).attempt).toBe(1);
    expect(here.spark.runs(stepKey)).toBe(1);
  });

  it('is submitted on another host once its own is given up', async () => {
    const here = scene();
    await dieAfterSubmit(here);
    here.spark.lose();
    const handle = await here.asked({ after: 1 }, 'headgate/there');
    expect(handle).toMatchObject({ attempt: 2, taskQueue: 'headgate/there' });
  });
});

describe('a job that lives on a cluster', () => {
  useVirtualClock({ flows: true });

  const onCluster = (cluster: string) => ({ runtime: 'emr', cluster }) as const;

  it('is looked for on the cluster that was asked, although another one is given now', async () => {
    const here = scene();
    here.spark.afterSubmit = () => {
      throw new Error('kill -9');
    };
    await expect(here.asked(onCluster('j-1'))).rejects.toThrow();
    here.spark.afterSubmit = () => undefined;
    const asked: (string | undefined)[] = [];
    here.spark.onFind = ({ cluster }) => asked.push(cluster);
    expect(await here.submit(onCluster('j-2'))).toMatchObject({ attempt: 1 });
    expect(asked).toEqual(['j-1']);
    expect(here.spark.runs(stepKey)).toBe(1);
  });

  it('goes to the cluster that somebody chose who died before asking', async () => {
    const here = scene();
    here.store.before = (operation, path) => {
      if (operation === 'putIfAbsent' && path === paths.request(1)) throw new Error('kill -9');
    };
    await expect(here.asked(onCluster('j-1'))).rejects.toThrow();
    here.store.before = () => undefined;
    await here.submit(onCluster('j-2'));
    expect(here.spark.clusters(stepKey)).toEqual(['j-1']);
  });

  it('is not asked for where a host was chosen and never asked, nor the other way round', async () => {
    for (const [first, second] of [
      [{}, onCluster('j-1')],
      [onCluster('j-1'), {}],
    ] as const) {
      const here = scene();
      here.store.before = (operation, path) => {
        if (operation === 'putIfAbsent' && path === paths.request(1)) throw new Error('kill -9');
      };
      await expect(here.asked(first)).rejects.toThrow();
      here.store.before = () => undefined;
      expect(await here.submit(second)).toMatchObject({ attempt: 2 });
      expect(here.spark.runs(stepKey)).toBe(1);
    }
  });

  it('is found by the runtime that was asked, when the pipeline has another one now', async () => {
    for (const [first, second] of [
      [{}, onCluster('j-1')],
      [onCluster('j-1'), {}],
    ] as const) {
      const here = scene();
      here.spark.afterSubmit = () => {
        throw new Error('kill -9');
      };
      await expect(here.asked(first)).rejects.toThrow();
      here.spark.afterSubmit = () => undefined;
      const { runtime = 'local' } = { runtime: undefined, ...first };
      expect(await here.submit(second)).toMatchObject({ attempt: 1, runtime });
      expect(here.spark.runs(stepKey)).toBe(1);
    }
  });
});

describe('watchJob', () => {
  it('returns how the job ended', async () => {
    const { spark, submit, watch } = scene();
    const { outcome } = watch(await submit());
    spark.let(stepKey);
    expect((await outcome).kind).toBe('succeeded');
  });

  it('heartbeats at once, with the id of the job', async () => {
    const { spark, submit, watch } = scene();
    const handle = await submit();
    const own = new MockActivityEnvironment();
    const beats: unknown[] = [];
    own.on('heartbeat', (details: unknown) => beats.push(details));
    const { outcome } = watch(handle, own);
    await until('a beat', () => beats.length > 0);
    expect(beats[0]).toMatchObject({ job: handle.id });
    spark.let(stepKey);
    await outcome;
  });

  it.each([
    ['its workflow is cancelled', { cancelRequested: true }],
    ['the worker shuts down', { workerShutdown: true }],
    ['its heartbeat was lost: another attempt has adopted the job', { notFound: true }],
  ])('stops watching and leaves the job running when %s', async (_, details) => {
    const { spark, submit, watch } = scene();
    const handle = await submit();
    const { own, outcome } = watch(handle);
    own.cancel('CANCELLED', details as never);
    await expect(outcome).rejects.toMatchObject({ name: 'CancelledFailure' });
    const again = watch(handle);
    spark.let(stepKey);
    expect((await again.outcome).kind).toBe('succeeded');
    expect(spark.runs(stepKey)).toBe(1);
  });

  it('takes the report for the success, although the runtime still calls the job running', async () => {
    const { store, submit, watch } = scene(lookedUp);
    const handle = await submit();
    const { outcome } = watch(handle);
    await until(
      'a second look',
      () => store.calls.filter((call) => call === `readText ${paths.report}`).length > 1,
      2000,
    );
    store.place(paths.report, JSON.stringify({ ...prepareReport, stepKey }));
    expect((await outcome).kind).toBe('succeeded');
  });

  it('makes what an attempt has left the report of the step, once', async () => {
    const { spark, store, submit, watch } = scene();
    const first = await submit();
    spark.let(stepKey);
    expect((await watch(first).outcome).kind).toBe('succeeded');
    const final = await store.readText(paths.report);
    expect(final).toBe(await store.readText(attemptReport(paths.report, 1)));
    store.place(attemptReport(paths.report, 2), JSON.stringify({ ...prepareReport, stepKey, attempt: 2 }));
    expect(await watch({ ...first, attempt: 2 }).outcome).toMatchObject({ report: { attempt: 1 } });
    expect(await store.readText(paths.report)).toBe(final);
  });

  it('takes the report that another worker makes final in the same moment', async () => {
    const { store, submit, watch } = scene();
    const handle = await submit();
    const other = JSON.stringify({ ...prepareReport, stepKey, attempt: 7 });
    store.place(attemptReport(paths.report, 1), JSON.stringify({ ...prepareReport, stepKey }));
    store.before = (operation, path) => {
      if (operation === 'putIfAbsent' && path === paths.report) store.place(path, other);
    };
    expect(await watch(handle).outcome).toMatchObject({ report: { attempt: 7 } });
    expect(await store.readText(paths.report)).toBe(other);
  });

  it('does not take a failure file for the end: the job may still be stopping', async () => {
    const { spark, store, submit, watch } = scene(lookedUp);
    const handle = await submit();
    const { outcome } = watch(handle);
    store.place(paths.failure(1), '{}');
    store.before = (operation, path) => {
      if (operation === 'readText' && path === paths.failure(1)) throw new Error('looked too early');
    };
    await new Promise((wake) => setTimeout(wake, 30));
    store.before = () => undefined;
    spark.let(stepKey);
    expect((await outcome).kind).toBe('succeeded');
  });

  it('keeps looking for a job that the runtime does not know for a while', async () => {
    const { spark, submit, watch } = scene(lookedUp);
    const handle = await submit();
    spark.lag = 3;
    const { outcome } = watch(handle);
    await until('it was looked for', () => spark.lag < 0, 2000);
    spark.let(stepKey);
    expect((await outcome).kind).toBe('succeeded');
  });

  it('calls a job lost that stays unknown for the settling time', async () => {
    const { submit, watch } = scene(lookedUp);
    const handle = await submit();
    expect(await watch({ ...handle, id: 'gone' }).outcome).toMatchObject({ kind: 'lost' });
  });

  it('ends at once, as a defect, with what nobody modelled', async () => {
    const { submit, store, watch } = scene();
    const handle = await submit();
    store.before = () => {
      throw new TypeError('x is not a function');
    };
    await expect(watch(handle).outcome).rejects.toMatchObject({ type: 'Defect', nonRetryable: true });
  });

  it('may be tried again when the system fails', async () => {
    const { submit, store, watch } = scene();
    const handle = await submit();
    store.before = () => {
      throw Object.assign(new Error('EIO: i/o error'), { code: 'EIO', syscall: 'read' });
    };
    await expect(watch(handle).outcome).rejects.toMatchObject({ type: 'SystemError', nonRetryable: false });
  });
});

describe('cancelJob', () => {
  it('ends the job, and the watch tells that it was cancelled', async () => {
    const { submit, watch, cancel } = scene();
    const handle = await submit();
    const { outcome } = watch(handle);
    expect(await cancel(handle)).toMatchObject({ state: 'ended' });
    expect(await outcome).toEqual({ kind: 'cancelled' });
  });

  it('changes nothing when the job has ended', async () => {
    const { spark, submit, watch, cancel } = scene();
    const handle = await submit();
    spark.let(stepKey);
    expect(await cancel(handle)).toEqual({ state: 'ended' });
    expect((await watch(handle).outcome).kind).toBe('succeeded');
  });
});
