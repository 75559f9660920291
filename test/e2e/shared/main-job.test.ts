// The main job through the real CLI, Temporal server, worker and Spark; DuckDB judges the tables from the raw files.
import { cpSync, mkdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { runWell, type RunSeen } from '../../support/headgate';
import { stateFiles, tableVersions } from '../../support/lake';
import { askOracle, makeSample } from '../../support/oracle';
import { makeRetailDays } from '../../support/retail';
import { useSharedStack, type SharedStack } from '../../support/shared-stack';
import { projectRoot } from '../../support/tools';
import type { Workspace } from '../../support/workspace';

const rows = 20_000;
const seed = '11';
const realData = process.env['HEADGATE_REAL_DATA'];
const retail = (name: string): string => join(projectRoot, 'test', 'e2e', 'pipelines', `${name}.yaml`);

// Starting Spark, runs and restarts take their time on two shared cores.
jest.setTimeout(300_000);

let workspace: Workspace;
let stack: SharedStack;
let sample: string;

beforeAll(async () => {
  stack = await useSharedStack('main-job');
  ({ workspace } = stack);
  sample = join(workspace.folder, 'sample');
  await makeSample(sample, '--rows', String(rows), '--customers', '9000', '--seed', seed);
});

afterAll(async () => {
  await stack?.expectNoOthers();
});

type Place = {
  readonly raw: string;
  readonly lake: string;
  readonly table: string;
  readonly run: () => Promise<RunSeen>;
};

/** Own raw files and an own lake for one test. */
function place(name: string, from = sample): Place {
  const [raw, lake] = [join(workspace.raw, name), join(workspace.lake, name)];
  cpSync(from, raw, { recursive: true });
  mkdirSync(lake);
  return {
    raw,
    lake,
    table: join(lake, 'customer_sales'),
    run: () => runWell(workspace, 'customer-sales', { RAW: raw, LAKE: lake }),
  };
}

const delta = (raw: string, ...parts: readonly string[]): Promise<void> =>
  makeSample(raw, '--rows', String(rows), '--customers', '9000', '--seed', seed, ...parts);

const noRows = { read: 0, inserted: 0, updated: 0, unchanged: 0, quarantined: 0, duplicates: 0, unjoined: 0 };

async function expectOracleAgrees(pipeline: 'customer-sales' | 'retail-by-day', raw: string, table: string) {
  const verdict = await askOracle(pipeline, raw, table);
  expect(verdict.differences).toEqual([]);
  return verdict;
}

describe('the seed pipeline', () => {
  test('brings every row once, and a second run does nothing', async () => {
    const { raw, lake, table, run } = place('once');
    const first = await run();
    expect(first).toMatchObject({
      code: 0,
      outcome: 'committed',
      run: expect.stringMatching(/^run\/customer-sales\/[0-9a-f]{8}$/),
      rows: { ...noRows, read: rows, inserted: rows },
      table: { path: table },
      warnings: [],
    });
    expect(first.digest).toMatch(/^[0-9a-f]{32}$/);
    expect(Object.keys(first.seconds ?? {})).toEqual(
      expect.arrayContaining(['freeze', 'prepare', 'gate', 'commit', 'publish', 'total']),
    );
    expect(tableVersions(table).at(-1)).toBe(first.table?.version);
    await expectOracleAgrees('customer-sales', raw, table);

    const [versions, state] = [tableVersions(table), stateFiles(lake, 'customer-sales')];
    const second = await run();
    expect(second).toMatchObject({ code: 0, outcome: 'nothing-new' });
    expect(second.digest).toBeUndefined();
    expect(tableVersions(table)).toEqual(versions);
    expect(stateFiles(lake, 'customer-sales')).toEqual(state);

    const again = new Date(Date.now() - 3_600_000);
    utimesSync(join(raw, 'sales_data.csv'), again, again);
    expect(await run()).toMatchObject({ code: 0, outcome: 'nothing-new' });
    expect(tableVersions(table)).toEqual(versions);
    expect(stateFiles(lake, 'customer-sales')).toEqual(state);
  });

  test('takes 600 new and 400 changed invoices as exactly that, and a late older correction as nothing', async () => {
    const { raw, table, run } = place('delta');
    const first = await run();
    const before = first.table?.version ?? -1;
    await delta(raw, '--part', 'new:600', '--part', 'corrections:400');
    const changed = await run();
    expect(changed).toMatchObject({
      outcome: 'committed',
      rows: { ...noRows, read: 1000, inserted: 600, updated: 400 },
      table: { version: before + 1 },
    });
    await expectOracleAgrees('customer-sales', raw, table);

    await delta(raw, '--part', 'late:50', '--part', 'corrections:10', '--round', '3');
    const late = await run();
    expect(late).toMatchObject({
      outcome: 'committed',
      rows: { ...noRows, read: 60, updated: 10, unchanged: 50 },
      table: { version: before + 2 },
    });
    await expectOracleAgrees('customer-sales', raw, table);
  });

  test('takes of a file that is sent again changed only the changes', async () => {
    const { raw, table, run } = place('again');
    const first = await run();
    const file = join(raw, 'sales_data.csv');
    const lines = readFileSync(file, 'utf8').split('\n');
    for (const at of [1, 500, rows]) lines[at] = (lines[at] ?? '').replace(/,(\d),/, (_, n) => `,${Number(n) + 1},`);
    writeFileSync(file, lines.join('\n'));
    expect(await run()).toMatchObject({
      outcome: 'committed',
      rows: { ...noRows, read: rows, updated: 3, unchanged: rows - 3 },
      table: { version: (first.table?.version ?? -1) + 1 },
    });
    await expectOracleAgrees('customer-sales', raw, table);
  });

  test('puts dirty rows aside, counts every row, and keeps the rest right', async () => {
    const { raw, table, run } = place('dirty');
    const kinds = ['bad-number', 'bad-date', 'overflow', 'too-few-fields', 'too-many-fields', 'null-key'];
    const parts = [...kinds, 'negative-amount', 'orphan', 'duplicate-equal'].flatMap((kind) => ['--part', `${kind}:3`]);
    await delta(raw, ...parts);
    const { rows: seen } = await run();
    expect(seen).toEqual({ ...noRows, read: rows + 30, inserted: rows + 6, quarantined: 21, duplicates: 3 });
    await expectOracleAgrees('customer-sales', raw, table);
  });
});

describe('another pipeline, other names and types', () => {
  const days = ['2010-12-01', '2010-12-02', '2010-12-31', '2011-01-03'];

  test('takes all days at once', async () => {
    const [raw, lake] = [join(workspace.raw, 'retail'), join(workspace.lake, 'retail')];
    mkdirSync(raw);
    mkdirSync(lake);
    if (realData === undefined) makeRetailDays(raw, days, 2000);
    else cpSync(join(realData, 'retail-by-day'), raw, { recursive: true });
    const { outcome, rows: seen } = await runWell(workspace, retail('retail-by-day'), { RAW: raw, LAKE: lake });
    expect(outcome).toBe('committed');
    const { expected } = await expectOracleAgrees('retail-by-day', raw, join(lake, 'retail_lines'));
    expect(seen?.inserted).toBe(expected['all']?.[0]?.['rows']);
    expect(seen?.duplicates).toBeGreaterThan(0);
    expect(seen).toMatchObject({ updated: 0, unchanged: 0, quarantined: 0, unjoined: 0 });
  });

  test('takes each day as an interval, a repaired day as its changes, and a day without a file as nothing', async () => {
    const [raw, lake] = [join(workspace.raw, 'intervals'), join(workspace.lake, 'intervals')];
    mkdirSync(raw);
    mkdirSync(lake);
    makeRetailDays(raw, days, 300);
    const table = join(lake, 'retail_lines');
    const run = (day: string) =>
      runWell(workspace, retail('retail-intervals'), { RAW: raw, LAKE: lake }, '--interval', day);
    for (const day of days) expect(await run(day)).toMatchObject({ code: 0, outcome: 'committed' });
    await expectOracleAgrees('retail-by-day', raw, table);
    const versions = tableVersions(table);
    expect(await run('2010-12-02')).toMatchObject({ code: 0, outcome: 'nothing-new' });
    expect(await run('2010-12-24')).toMatchObject({ code: 0, outcome: 'nothing-new' });
    expect(tableVersions(table)).toEqual(versions);
  });
});

const withRealData = realData === undefined ? describe.skip : describe;

withRealData('the real pair', () => {
  test('gives the known totals', async () => {
    const { raw, table, run } = place('real', join(realData ?? '', 'customer-sales'));
    expect((await run()).rows).toEqual({ ...noRows, read: 99_457, inserted: 99_457 });
    const { expected } = await expectOracleAgrees('customer-sales', raw, table);
    expect(expected['all']).toEqual([{ rows: 99_457, total_sales: '251505794.25' }]);
    expect(expected['unknown ages']).toEqual([{ rows: 119 }]);
  });
});
