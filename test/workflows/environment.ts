// A time-skipping Temporal server with a worker whose activities are in-memory fakes. One per test file.
import { readFileSync } from 'node:fs';
import { Context, heartbeat } from '@temporalio/activity';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import type { FreezeResult } from '../../src/activities/freeze';
import { createClusterActivities, type ClusterActivities } from '../../src/activities/clusters';
import { createReapActivities, type ReapActivities } from '../../src/activities/reap';
import type { JobActivities, SubmitJobInput } from '../../src/activities/jobs';
import type { KeeperActivities } from '../../src/activities/keeper';
import type { JobHandle, JobOutcome } from '../../src/activities/ports';
import type { PublishInput, RunActivities } from '../../src/activities/run';
import { addSearchAttributes, ourSearchAttributes } from '../../src/workers/connection';
import { createKeeperActivities } from '../../src/activities/keeper';
import { createMaintenanceActivities, type MaintenanceActivities } from '../../src/activities/maintenance';
import { ensureTools } from '../../src/setup/tools';
import { parseStepKey } from '../../src/contracts/ids';
import type { JobFailure, JobReport } from '../../src/contracts/job';
import { keeperWorkflowId } from '../../src/contracts/names';
import type { FailureKind } from '../../src/contracts/failure';
import { FakeEmr } from '../fakes/emr-clusters';
import { healthyTable } from '../fakes/health';
import { pipelineRef, prepareReport, reportOf } from '../fakes/reports';

jest.setTimeout(60_000);

export type Activities = RunActivities &
  JobActivities &
  KeeperActivities &
  MaintenanceActivities &
  ClusterActivities &
  ReapActivities;

/** What the fakes were asked to do, in order. */
export type Journal = {
  readonly submitted: SubmitJobInput[];
  readonly published: PublishInput[];
  readonly calls: string[];
};

export const batch: Extract<FreezeResult, { kind: 'batch' }>['batch'] = {
  digest: prepareReport.digest,
  manifestPath: '/lake/_headgate/customer-sales/batches/x/manifest.json',
  fileCount: 2,
  bytes: 7_752_403,
  toCopy: 0,
  sample: ['sales_data.csv'],
  notices: [],
};

export async function startEnvironment(): Promise<TestWorkflowEnvironment> {
  const { testServer } = await ensureTools('test');
  if (testServer === undefined) throw new Error('no test server was installed');
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: testServer } },
  });
  await addSearchAttributes(environment.connection, 'default', ourSearchAttributes);
  return environment;
}

/** The development server: real time, and what the time-skipping one lacks. */
export async function startDevServer(): Promise<TestWorkflowEnvironment> {
  const { temporal } = await ensureTools('runtime');
  const environment = await TestWorkflowEnvironment.createLocal({
    server: { executable: { type: 'existing-path', path: temporal } },
  });
  await addSearchAttributes(environment.connection, 'default', ourSearchAttributes);
  return environment;
}

/** Fakes that succeed with the golden reports; a test replaces what it is about. */
export function fakeActivities(environment: TestWorkflowEnvironment, journal: Journal, taskQueue: string): Activities {
  return {
    loadPipeline: async () => pipelineRef,
    freezeInputs: async () => ({ kind: 'batch', batch }),
    extractInputs: async () => undefined,
    publishRun: async (input) => {
      journal.published.push(input);
    },
    submitJob: async (input) => {
      journal.submitted.push(input);
      return handleOf(input);
    },
    watchJob: async (handle) => succeeded(handle),
    findJob: async () => undefined,
    cancelJob: async () => ({ state: 'ended' }),
    ...clusterActivities(environment, taskQueue),
    ...createKeeperActivities({ client: environment.client, taskQueue }),
    ...createMaintenanceActivities({
      client: environment.client,
      taskQueue,
      clock: { now: () => new Date() },
      readHealth: async () => healthyTable(),
    }),
  };
}

/** Those that clusters need, over a fake of EMR. */
export function clusterActivities(
  environment: TestWorkflowEnvironment,
  taskQueue: string,
  more: Partial<Parameters<typeof createClusterActivities>[0]> = {},
): ClusterActivities & ReapActivities {
  const deps = {
    client: environment.client,
    taskQueue,
    clock: { now: () => new Date() },
    store: { readText: async () => undefined },
    namespaceId: async () => 'namespace-1',
    clusters: new FakeEmr(async () => Date.now()),
    ...more,
  };
  return { ...createClusterActivities(deps), ...createReapActivities(deps) };
}

const handleOf = (input: SubmitJobInput): JobHandle => ({
  stepKey: input.request.stepKey,
  job: input.request.job,
  attempt: 1,
  requestPath: '/request',
  reportPath: '/report',
  failurePath: '/failure',
  runtime: input.runtime,
  id: `${input.request.job}-1`,
});

/** With the golden report, unless the test has its own. */
export const succeeded = (handle: JobHandle, report: JobReport = reportOf[handle.job]): JobOutcome => ({
  kind: 'succeeded',
  report: { ...report, stepKey: parseStepKey(handle.stepKey) },
});

/** A failure whose kind, type and at most fields matter. */
export const failed = (
  handle: JobHandle,
  kind: FailureKind,
  type: string,
  fields: JobFailure['fields'] = {},
): JobOutcome => ({
  kind: 'failed',
  failure: {
    protocol: 1,
    stepKey: parseStepKey(handle.stepKey),
    attempt: 1,
    kind,
    type,
    message: 'm',
    remedy: 'r',
    fields,
    detail: '',
  },
});

export const newJournal = (): Journal => ({ submitted: [], published: [], calls: [] });

/** Waits as a real watch does: heartbeats keep it alive, the end of its worker ends it. */
export async function watching(end: Promise<void>): Promise<void> {
  const beat = setInterval(() => heartbeat(), 500);
  try {
    await Promise.race([end, Context.current().cancelled]);
  } finally {
    clearInterval(beat);
  }
}

/** A watch that hangs: no heartbeat, until its worker ends. */
export const silence = (): Promise<never> => Context.current().cancelled;

/** The bundle that jest's global setup made once. */
export function workflowBundle(): { code: string } {
  const path = process.env['HEADGATE_TEST_BUNDLE'];
  if (path === undefined) throw new Error('run through jest: its global setup bundles the workflows');
  return { code: readFileSync(path, 'utf8') };
}

/** A keeper with a timer or an activity and no worker would hold up the time of the tests after it. */
export const endKeeper = (environment: TestWorkflowEnvironment, table: string): Promise<void> =>
  endWorkflow(environment, keeperWorkflowId(table));

export async function endWorkflow(environment: TestWorkflowEnvironment, workflowId: string): Promise<void> {
  const keeper = environment.client.workflow.getHandle(workflowId);
  // Not every test comes to a commit, so there may be none.
  const found = await keeper.describe().catch(() => undefined);
  await keeper.terminate().catch(() => undefined);
  // The server leaves the lock on its time behind that an activity under way has taken.
  const started = found?.raw.pendingActivities?.filter(({ state }) => state === 2) ?? [];
  for (let left = started.length; left > 0; left -= 1) await environment.connection.testService?.unlockTimeSkipping({});
}

export async function withWorker<Result>(
  environment: TestWorkflowEnvironment,
  taskQueue: string,
  activities: Partial<Activities>,
  body: () => Promise<Result>,
  options: Partial<WorkerOptions> = {},
): Promise<Result> {
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: workflowBundle(),
    activities,
    maxHeartbeatThrottleInterval: '100ms',
    shutdownGraceTime: '100ms',
    shutdownForceTime: '2s',
    ...options,
  });
  return worker.runUntil(body);
}
