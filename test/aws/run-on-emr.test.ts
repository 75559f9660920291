// The main job as on AWS: the CLI, Temporal and a worker here, tables on the S3 server, Spark as steps of emulated clusters.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { DescribeClusterCommand, ListClustersCommand, ListStepsCommand, type EMRClient } from '@aws-sdk/client-emr';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { startEmulatorOnS3, type EmulatorOnS3 } from '../emulators/emr/on-s3';
import { clientOf } from '../emulators/emr/support';
import { headgate, runWell, startDev, type DevStack } from '../support/headgate';
import { askOracle, makeSample } from '../support/oracle';
import { crash } from '../support/processes';
import { createRandom } from '../support/random';
import { projectRoot } from '../support/tools';
import { until } from '../support/waiting';
import { createWorkspace, type Workspace } from '../support/workspace';

jest.setTimeout(600_000);

const rows = 2000;

let workspace: Workspace;
/** Of the servers: not of the workspace, in which nothing may be left by then. */
let data: string;
let running: EmulatorOnS3;
let emr: EMRClient;
let stack: DevStack;

beforeAll(async () => {
  const made = await createWorkspace('aws');
  data = mkdtempSync(join(tmpdir(), 'headgate-aws-data-'));
  running = await startEmulatorOnS3({ data, buckets: ['raw', 'lake', 'logs'] });
  workspace = { ...made, env: { ...made.env, ...running.s3Server.env, ...running.emulator.env } };
  emr = clientOf(running.emulator);
  await makeSample(workspace.raw, '--rows', String(rows), '--customers', '900', '--seed', '11');
  for (const name of await readdir(workspace.raw)) await upload(name);
  stack = await startDev(workspace);
});

afterAll(async () => {
  try {
    await stack?.stop();
  } finally {
    emr?.destroy();
    await running?.stop();
    await workspace?.remove();
    rmSync(data, { recursive: true, force: true });
  }
});

const upload = async (name: string): Promise<unknown> =>
  running.s3.send(new PutObjectCommand({ Bucket: 'raw', Key: name, Body: await readFile(join(workspace.raw, name)) }));

/** The shipped pipeline, with a name and a table of its own, on this runtime. */
function pipelineOn(name: string, runtime: string): string {
  const shipped = readFileSync(join(projectRoot, 'pipelines', 'customer-sales.yaml'), 'utf8');
  const file = join(workspace.folder, `${name}.yaml`);
  const mine = shipped
    .replace(/^name: .*$/m, `name: ${name}`)
    .replace('${LAKE}/customer_sales', `\${LAKE}/${name}`)
    .replace(/^runtime: .*$/m, `runtime: ${runtime}`);
  writeFileSync(file, mine);
  return file;
}

const places = { RAW: 's3://raw', LAKE: 's3://lake' };

const variables = Object.entries(places).flatMap(([name, value]) => ['--set', `${name}=${value}`]);

/** The bucket is a folder, so DuckDB and delta-rs judge it as any other table. */
async function expectOracleAgrees(name: string): Promise<void> {
  const table = join(data, 'buckets', 'lake', name);
  const verdict = await askOracle('customer-sales', workspace.raw, table);
  expect(verdict.differences).toEqual([]);
}

const alive = ['STARTING', 'BOOTSTRAPPING', 'RUNNING', 'WAITING', 'TERMINATING'] as const;

async function clustersOf(name: string): Promise<readonly { readonly id: string; readonly state: string }[]> {
  const { Clusters = [] } = await emr.send(new ListClustersCommand({}));
  return Clusters.filter(({ Name = '' }) => Name.includes(name)).map(({ Id = '', Status }) => ({
    id: Id,
    state: Status?.State ?? '',
  }));
}

async function stepsOf(cluster: string): Promise<readonly { readonly name: string; readonly state: string }[]> {
  const { Steps = [] } = await emr.send(new ListStepsCommand({ ClusterId: cluster }));
  return Steps.map(({ Name = '', Status }) => ({ name: Name, state: Status?.State ?? '' }));
}

const untilAllEnded = (name: string): Promise<unknown> =>
  until(
    `the clusters of ${name} have ended`,
    async () => {
      const all = await clustersOf(name);
      return all.length > 0 && all.every(({ state }) => !alive.includes(state as never));
    },
    120_000,
  );

it('brings every row once over a cluster of its own, and ends that; a second run makes none', async () => {
  const file = pipelineOn('on-emr', 'emr');
  const first = await runWell(workspace, file, places);
  expect(first).toMatchObject({ outcome: 'committed', rows: { read: rows, inserted: rows } });
  await expectOracleAgrees('on-emr');
  await untilAllEnded('on-emr');
  const [cluster, ...others] = await clustersOf('on-emr');
  expect(others).toEqual([]);
  const steps = await stepsOf(cluster?.id ?? '');
  expect(steps.map(({ state }) => state)).toEqual(['COMPLETED', 'COMPLETED']);
  const { Cluster } = await emr.send(new DescribeClusterCommand({ ClusterId: cluster?.id }));
  expect(Cluster).toMatchObject({
    ReleaseLabel: 'emr-spark-8.2.0',
    Status: { StateChangeReason: { Code: 'USER_REQUEST' } },
  });

  expect(await runWell(workspace, file, places)).toMatchObject({ outcome: 'nothing-new' });
  expect(await clustersOf('on-emr')).toHaveLength(1);
});

it('brings the same with the Spark of this machine', async () => {
  const run = await runWell(workspace, pipelineOn('on-s3', 'local'), places);
  expect(run).toMatchObject({ outcome: 'committed', rows: { read: rows, inserted: rows } });
  await expectOracleAgrees('on-s3');
});

/** As many as there shall be: each takes half a minute. */
const deaths = Number(process.env['HEADGATE_EMR_DEATHS'] ?? '1');

it.each(Array.from({ length: deaths }, (_, index) => index + 1))(
  'goes on where a killed worker has left it, with one step for each job, %i',
  async (seed) => {
    const name = `survivor-${seed}`;
    const running = runWell(workspace, pipelineOn(name, '{ emr: { cluster: shared } }'), places);
    // Anywhere between the freeze and the end of the commit.
    await delay(createRandom(seed).below(25_000));
    const { worker } = stack.record().pids;
    if (worker !== undefined) await crash(worker);
    expect(await running).toMatchObject({ outcome: 'committed', rows: { read: rows, inserted: rows } });
    await expectOracleAgrees(name);
    const all = await Promise.all((await clustersOf('shared')).map(({ id }) => stepsOf(id)));
    const names = all.flat().flatMap((step) => (step.name.includes(`${name}/`) ? [step.name] : []));
    expect(names).toHaveLength(2);
    expect(new Set(names).size).toBe(2);
    expect((await clustersOf('shared')).filter(({ state }) => alive.includes(state as never))).toHaveLength(1);
    // It may have been between two activities.
    await stack.accountFor({ type: 'timeout', maybe: true });
  },
);

it('leaves no step and no cluster behind a run that is cancelled', async () => {
  const file = pipelineOn('cancelled', 'emr');
  const running = headgate(workspace, ['run', file, ...variables, '--json']);
  await until(
    'its step runs',
    async () => {
      const [cluster] = await clustersOf('cancelled');
      return cluster !== undefined && (await stepsOf(cluster.id)).some(({ state }) => state === 'RUNNING');
    },
    120_000,
  );
  await delay(1000);
  const cancelled = await headgate(workspace, ['cancel', file, ...variables, '--why', 'wrong day', '--json']);
  expect(cancelled.code).toBe(0);
  expect((await running).json).toMatchObject({ outcome: 'cancelled' });
  await untilAllEnded('cancelled');
  const [cluster] = await clustersOf('cancelled');
  expect((await stepsOf(cluster?.id ?? '')).map(({ state }) => state)).toEqual(['CANCELLED']);
});
