// kill -9 of every process in the middle of a job: the run finishes by itself, with one version, the right rows, and
// no Spark work done again where the job had survived. No hooks: the middle of a job is seen from the files it writes.
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { runWell, startDev, type DevStack } from '../support/headgate';
import { readReport, stateFiles, tableOperations } from '../support/lake';
import { askOracle, makeSample } from '../support/oracle';
import { isAlive } from '../support/processes';
import type { NamedFailure } from '../support/retries';
import { countJvms, killedJvm, killInTheMiddle, type SparkProcess } from '../support/spark-process';
import { until } from '../support/waiting';
import { createWorkspace, type Workspace } from '../support/workspace';

const rows = 20_000;
const pipeline = 'customer-sales';
type Job = 'prepare' | 'commit';

// Starting Spark, runs and restarts take their time on two shared cores.
jest.setTimeout(300_000);

let workspace: Workspace;
let dev: DevStack;
/** What an undisturbed run leaves in the table's history. */
let expected: readonly string[];

beforeAll(async () => {
  workspace = await createWorkspace('crash');
  [dev] = await Promise.all([startDev(workspace), makeSample(workspace.raw, '--rows', String(rows), '--seed', '5')]);
  const { table, run } = lakeOf('undisturbed');
  await run();
  expected = tableOperations(table);
  if (expected.length === 0) throw new Error('the undisturbed run committed nothing');
});

afterAll(async () => {
  try {
    await dev?.stop();
  } finally {
    await workspace?.remove();
  }
});

function lakeOf(name: string) {
  const lake = join(workspace.lake, name);
  mkdirSync(lake);
  const set = { RAW: workspace.raw, LAKE: lake };
  return { lake, table: join(lake, 'customer_sales'), run: () => runWell(workspace, pipeline, set) };
}

const holdsData = (folder: string): boolean =>
  existsSync(folder) &&
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).some((name) => name.endsWith('.parquet'));

const requests = (lake: string, job: Job): number =>
  stateFiles(lake, pipeline).filter((name) => name.includes(`${job}.request-`)).length;

const isReported = (lake: string, job: Job): boolean =>
  stateFiles(lake, pipeline).some((name) => name.includes(`${job}.report`));

/** The job has written data and has not ended. */
function isInTheMiddleOf(job: Job, lake: string, table: string): boolean {
  if (isReported(lake, job)) return false;
  if (job === 'commit') return holdsData(table);
  const batches = join(lake, '_headgate', pipeline, 'batches');
  return existsSync(batches) && readdirSync(batches).some((digest) => holdsData(join(batches, digest, 'staging')));
}

type Victim = {
  readonly name: string;
  /** The Spark process keeps its job: nothing is done again. */
  readonly jobSurvives: boolean;
  readonly pid: (spark: SparkProcess) => number | undefined;
  /** What the run must notice, and nothing else. */
  readonly failure: NamedFailure;
};

const unwatched: NamedFailure = { activity: 'watchJob', type: 'timeout' };

const victims: readonly Victim[] = [
  { name: 'the worker', jobSurvives: true, pid: () => dev.record().pids.worker, failure: unwatched },
  {
    name: 'the Temporal server',
    jobSurvives: true,
    pid: () => dev.record().pids.server,
    // heartbeats that the next server did not hear of
    failure: { ...unwatched, maybe: true },
  },
  { name: 'the Python process of Spark', jobSurvives: false, pid: ({ python }) => python, failure: killedJvm },
  { name: 'the JVM of Spark', jobSurvives: false, pid: ({ java }) => java, failure: killedJvm },
];

const scenarios = (['prepare', 'commit'] as const).flatMap((job) => victims.map((victim) => ({ ...victim, job })));

test.each(scenarios)('$name dies in $job', async ({ name, job, jobSurvives, pid, failure }) => {
  const { lake, table, run } = lakeOf(`${name} ${job}`.replaceAll(' ', '-'));
  const running = run();
  const spark = await killInTheMiddle({
    home: workspace.home,
    running,
    isInTheMiddle: () => isInTheMiddleOf(job, lake, table),
    victim: pid,
  });

  expect(await running).toMatchObject({ code: 0, outcome: 'committed', rows: { read: rows, inserted: rows } });
  expect(tableOperations(table)).toEqual(expected);
  expect((await askOracle(pipeline, workspace.raw, table)).differences).toEqual([]);
  const attempts = {
    prepare: readReport(lake, pipeline, 'prepare').attempt,
    commit: readReport(lake, pipeline, 'commit').attempt,
  };
  expect(attempts).toEqual({ prepare: 1, commit: 1, ...(jobSurvives ? {} : { [job]: requests(lake, job) }) });
  expect(requests(lake, 'prepare')).toBe(job === 'prepare' && !jobSurvives ? 2 : 1);
  expect(requests(lake, 'commit')).toBe(job === 'commit' && !jobSurvives ? 2 : 1);

  expect([isAlive(spark.python), isAlive(spark.java)]).toEqual([jobSurvives, jobSurvives]);
  expect(countJvms(workspace.home)).toBe(1);
  await until('all is up again', () => {
    const { server, worker } = dev.record().pids;
    return server !== undefined && worker !== undefined && isAlive(server) && isAlive(worker);
  });
  expect(await run()).toMatchObject({ outcome: 'nothing-new' });
  await dev.accountFor(failure);
});
