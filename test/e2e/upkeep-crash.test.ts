// kill -9 in the middle of OPTIMIZE and of VACUUM: nothing is lost, nothing is done twice, the next batch commits, and a
// reader that stays on an old version inside the retention time never fails.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { z } from 'zod';
import { readTable } from '../../src/adapters/tables/show';
import { maintenanceKinds, type MaintenanceKind } from '../../src/contracts/maintenance';
import { headgate, runWell, startDev, type DevStack, type Ended } from '../support/headgate';
import { tableOperations, tableVersions } from '../support/lake';
import { askOracle, makeSample } from '../support/oracle';
import { crash } from '../support/processes';
import { killedJvm, killInTheMiddle, sparkProcess, type SparkProcess } from '../support/spark-process';
import { sparkFolder, testTools } from '../support/tools';
import { createWorkspace, type Workspace } from '../support/workspace';

// Starting Spark, and starting it again, takes its time on two shared cores.
jest.setTimeout(300_000);

const rows = '20000';
/** Past the retention: an hour for readers and a day for jobs. */
const ageMs = 30 * 3_600_000;
const month = 'invoice_month=2024-05';
const orphans = 4000;

const requestSchema = z.object({ kind: z.enum(maintenanceKinds) });

let workspace: Workspace;
let dev: DevStack;
let pipeline: string;

beforeAll(async () => {
  workspace = await createWorkspace('upkeep-crash');
  pipeline = join(workspace.folder, 'customer-sales.yaml');
  // Only what a person asks for: the keeper's own upkeep would come in between. Retention is the shortest there is.
  const shipped = readFileSync(join(__dirname, '..', '..', 'pipelines', 'customer-sales.yaml'), 'utf8');
  const upkeep = 'maintenance: { optimize: off, vacuum: { retain: 1 hour, ceiling: 100% } }';
  writeFileSync(pipeline, shipped.replace(/^maintenance:.*$/m, upkeep));
  [dev] = await Promise.all([startDev(workspace), bring()]);
  await load();
});

afterAll(async () => {
  try {
    await dev?.stop();
  } finally {
    await workspace?.remove();
  }
});

const table = (): string => join(workspace.lake, 'customer_sales');
const set = (): Record<string, string> => ({ RAW: workspace.raw, LAKE: workspace.lake });
const flags = (): string[] => Object.entries(set()).flatMap(([name, value]) => ['--set', `${name}=${value}`]);

const bring = (round?: number): Promise<void> =>
  makeSample(
    workspace.raw,
    ...['--rows', rows, '--seed', '3'],
    ...(round === undefined ? [] : ['--round', String(round), '--part', 'new:2000']),
  );

async function load(): Promise<void> {
  expect(await runWell(workspace, pipeline, set())).toMatchObject({ code: 0, outcome: 'committed' });
}

const maintain = (now: string): Promise<Ended> =>
  headgate(workspace, ['maintain', pipeline, ...flags(), '--now', now, '--json']);

async function differences(): Promise<unknown> {
  return (await askOracle('customer-sales', workspace.raw, table())).differences;
}

const dataFiles = (): readonly string[] =>
  readdirSync(table(), { recursive: true, encoding: 'utf8' }).filter((name) => name.endsWith('.parquet'));
const countOf = (operation: string): number => tableOperations(table()).filter((found) => found === operation).length;

/** Submissions of the last job of this kind. */
function attemptsOf(kind: MaintenanceKind): number {
  const state = join(workspace.lake, '_headgate', 'customer-sales', 'maintenance');
  const jobs = readdirSync(state).map((digest) => {
    const requests = readdirSync(join(state, digest)).filter((name) => name.includes('.request-'));
    const [first = ''] = requests;
    const file = join(state, digest, first);
    return {
      kind: requestSchema.parse(JSON.parse(readFileSync(file, 'utf8'))).kind,
      at: statSync(file).mtimeMs,
      requests,
    };
  });
  const last = jobs
    .filter((job) => job.kind === kind)
    .toSorted((one, other) => one.at - other.at)
    .at(-1);
  return last?.requests.length ?? 0;
}

/** All that is there looks older than the retention, in the log as on the disk; a Spark process that knows better must go. */
async function age(): Promise<void> {
  const past = Date.now() - ageMs;
  for (const name of readdirSync(table(), { recursive: true, encoding: 'utf8' })) {
    const file = join(table(), name);
    if (/_delta_log.\d{20}\.json$/.test(file)) {
      const older = (_: string, key: string, time: string): string => `"${key}":${Number(time) - ageMs}`;
      const text = readFileSync(file, 'utf8');
      writeFileSync(file, text.replaceAll(/"(timestamp|inCommitTimestamp|deletionTimestamp)":(\d{13})/g, older));
      // Hadoop's checksum of the text that was.
      rmSync(join(table(), '_delta_log', `.${name.slice(name.lastIndexOf('/') + 1)}.crc`), { force: true });
    }
    utimesSync(file, past / 1000, past / 1000);
  }
  await crash(sparkProcess(workspace.home).java);
}

const jvm = ({ java }: SparkProcess): number => java;
const worker = (): number | undefined => dev.record().pids.worker;

/** Reads one version over and over while `act` runs: all answers, all the same, or the first failure. */
async function whileReading(version: number, act: () => Promise<void>): Promise<void> {
  const sql = 'SELECT count(*) AS invoices, sum(total_sales) AS total FROM t';
  const { python } = await testTools();
  const read = async (): Promise<string> => {
    const answer = await readTable({ python, pythonPath: sparkFolder }, { table: table(), version, sql });
    return JSON.stringify({ version: answer.version, rows: answer.rows });
  };
  const stop = new AbortController();
  const seen = new Set<string>();
  const reader = (async () => {
    for (let reads = 0; !stop.signal.aborted || reads < 2; reads += 1) {
      seen.add(await read().catch(String));
      // the jobs need the machine too
      await delay(500);
    }
  })();
  try {
    await act();
  } finally {
    stop.abort();
    await reader;
  }
  expect([...seen]).toEqual([expect.stringContaining(`"version":${version}`)]);
}

test.each([
  { name: 'worker', round: 2, attempts: 1, victim: worker, failure: { activity: 'watchJob', type: 'timeout' } },
  { name: 'jvm', round: 3, attempts: 2, victim: jvm, failure: killedJvm },
])('OPTIMIZE outlives its $name and is done once', async ({ round, attempts, victim, failure }) => {
  await bring(round);
  await load();
  const [pinned = 0] = tableVersions(table()).toReversed();
  const before = { files: dataFiles().length, optimized: countOf('OPTIMIZE') };

  await whileReading(pinned, async () => {
    const running = maintain('zorder');
    const isInTheMiddle = (): boolean => dataFiles().length > before.files && countOf('OPTIMIZE') === before.optimized;
    await killInTheMiddle({ home: workspace.home, running, isInTheMiddle, victim });
    expect(await running).toMatchObject({ code: 0, json: { done: [{ kind: 'zorder' }], postponed: 0 } });
  });
  expect(countOf('OPTIMIZE')).toBe(before.optimized + 1);
  expect(attemptsOf('zorder')).toBe(attempts);
  expect(await differences()).toEqual([]);
  await dev.accountFor(failure);
});

test('VACUUM goes on where it was killed, and deletes nothing that a version in the window needs', async () => {
  await age();
  await bring(4);
  await load();
  const [pinned = 0] = tableVersions(table()).toReversed();
  await bring(5);
  await load();
  const old = new Date(Date.now() - ageMs);
  mkdirSync(join(table(), month), { recursive: true });
  for (let number = 0; number < orphans; number += 1) {
    const orphan = join(table(), month, `part-99999-orphan-${number}.c000.snappy.parquet`);
    writeFileSync(orphan, '');
    utimesSync(orphan, old, old);
  }
  const left = (): number => dataFiles().filter((name) => name.includes('-orphan-')).length;

  await whileReading(pinned, async () => {
    const running = maintain('vacuum-full');
    const isInTheMiddle = (): boolean => left() < orphans && left() > 0;
    await killInTheMiddle({ home: workspace.home, running, isInTheMiddle, victim: jvm });
    expect(await running).toMatchObject({ code: 0, json: { done: [{ kind: 'vacuum-full' }], postponed: 0 } });
  });
  expect(left()).toBe(0);
  expect(attemptsOf('vacuum-full')).toBe(2);
  await dev.accountFor(killedJvm);
  expect(await differences()).toEqual([]);

  await bring(6);
  await load();
  expect(await differences()).toEqual([]);
});
