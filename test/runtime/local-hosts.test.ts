// Two workers of one Temporal server and one lake, each with a resident process of its own: a job stays where it was asked for.
import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MockActivityEnvironment } from '@temporalio/testing';
import { createJobActivities, type SubmitJobInput } from '../../src/activities/jobs';
import type { JobHandle } from '../../src/activities/ports';
import { stepKey } from '../../src/contracts/layout';
import { pipeline, prepareReport } from '../fakes/reports';
import { createLocalHome, type LocalHome } from './local-home';

let lake: string;
let hosts: readonly LocalHome[];
beforeEach(async () => {
  lake = realpathSync(mkdtempSync(join(tmpdir(), 'headgate-lake-')));
  hosts = [await createLocalHome('stand-in'), await createLocalHome('stand-in')];
});
afterEach(async () => {
  for (const host of hosts) await host.remove();
  rmSync(lake, { recursive: true });
});

/** A worker as it is after a start: it knows nothing of what an earlier one did. */
function workerOn(host: number) {
  const local = hosts[host];
  if (local === undefined) throw new Error(`no host ${host}`);
  const runtime = local.runtime();
  const runtimes = { local: runtime };
  const environment = new MockActivityEnvironment();
  const jobs = createJobActivities({ runtimes, store: local.store, hostQueue: `headgate/${host}` });
  return {
    runtime,
    submit: async (input: SubmitJobInput) => environment.run(jobs.submitJob, input),
    find: async (input: SubmitJobInput) => environment.run(jobs.findJob, input),
    watch: async (handle: JobHandle) => environment.run(jobs.watchJob, handle),
    cancel: async (handle: JobHandle) => environment.run(jobs.cancelJob, handle),
  };
}

/** A job of the stand-in that runs until it is cancelled. */
function endless(): SubmitJobInput {
  const request = {
    protocol: 1,
    job: 'prepare',
    stepKey: stepKey(pipeline.name, pipeline.target.table, prepareReport.digest, 'prepare'),
    generation: 1,
    run: 'run/customer-sales',
    digest: prepareReport.digest,
    pipeline,
    manifestPath: '',
    stagingTable: '',
    quarantineTable: '',
    hold: true,
  } as const;
  return { runtime: 'local', state: lake, request };
}

test('a job is found and ended by workers of its host, and another host starts none beside it', async () => {
  const input = endless();
  const handle = (await workerOn(0).submit(input)) as JobHandle;
  expect(handle.taskQueue).toBe('headgate/0');
  const other = workerOn(1);
  expect(await other.submit(input)).toEqual(handle);
  expect(await other.find(input)).toEqual(handle);
  expect(await other.runtime.stats()).toBeUndefined();

  const next = workerOn(0);
  expect(await next.submit(input)).toEqual(handle);
  const watching = next.watch(handle);
  expect(await next.cancel(handle)).toMatchObject({ state: 'ended', cause: { kind: 'cancelled' } });
  expect(await watching).toEqual({ kind: 'cancelled' });
});

test('a job whose host is given up runs on another', async () => {
  const input = endless();
  await workerOn(0).submit(input);
  const other = workerOn(1);
  const handle = (await other.submit({ ...input, after: 1 })) as JobHandle;
  expect(handle).toMatchObject({ attempt: 2, taskQueue: 'headgate/1' });
  expect(await other.runtime.stats()).toMatchObject({ pid: expect.any(Number) });
  await other.cancel(handle);
});
