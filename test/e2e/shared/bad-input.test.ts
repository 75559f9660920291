// Bad input through the real CLI, where freeze, gate or pipeline file have a part in it: a clear error that leaves the table alone,
// or quarantine with a reason. What the prepare job alone decides: spark/tests/spark/test_bad_input.py.
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readTable } from '../../../src/adapters/tables/show';
import { badFiles } from '../../support/bad-files';
import { csv, fatesOf, good, line, type BadInput } from '../../support/bad-input';
import { badRows } from '../../support/bad-rows';
import { headgate, runPipeline, type RunSeen } from '../../support/headgate';
import { stateFiles, tableVersions } from '../../support/lake';
import { makeCustomers } from '../../support/oracle';
import { sparkProcess, whileHeld } from '../../support/spark-process';
import { projectRoot, sparkFolder, testTools } from '../../support/tools';
import { useSharedStack, type SharedStack } from '../../support/shared-stack';
import { until } from '../../support/waiting';
import type { Workspace } from '../../support/workspace';

const seedPipeline = readFileSync(join(projectRoot, 'pipelines', 'customer-sales.yaml'), 'utf8');

const badInputs = [...badRows, ...badFiles];

type Place = {
  readonly name: string;
  readonly raw: string;
  readonly lake: string;
  readonly table: string;
  readonly run: () => Promise<RunSeen>;
};

// Starting Spark, runs and restarts take their time on two shared cores.
jest.setTimeout(300_000);

let workspace: Workspace;
let stack: SharedStack;
let python: string;
const runs = new Map<BadInput, Promise<RunSeen>>();
const places = new Map<BadInput, Place>();

/** An own pipeline, raw folder and lake: cases neither see nor wait for each other. */
async function createPlace(title: string, change: (text: string) => string = (text) => text): Promise<Place> {
  const name = title
    .toLowerCase()
    .replaceAll(/[^a-z0-9]+/g, '-')
    .slice(0, 60);
  const [raw, lake] = [join(workspace.raw, name), join(workspace.lake, name)];
  mkdirSync(raw);
  mkdirSync(lake);
  await makeCustomers(join(raw, 'customer_data.parquet'), ['C1', 'C2', 'C3']);
  const file = join(workspace.folder, `${name}.yaml`);
  writeFileSync(file, change(seedPipeline.replace('name: customer-sales', `name: ${name}`)));
  const run = () => runPipeline(workspace, file, { RAW: raw, LAKE: lake });
  return { name, raw, lake, table: join(lake, 'customer_sales'), run };
}

beforeAll(async () => {
  stack = await useSharedStack('bad-input');
  ({ workspace } = stack);
  ({ python } = await testTools());
  for (const badInput of badInputs) {
    const place = await createPlace(badInput.name, badInput.pipeline);
    badInput.write(place.raw);
    places.set(badInput, place);
  }
  // Two at a time, as many as the Spark process takes; each test below waits for its own.
  const queue = [...badInputs];
  const settle: { [index: number]: (run: Promise<RunSeen>) => void } = {};
  badInputs.forEach((badInput, index) => runs.set(badInput, new Promise((resolve) => (settle[index] = resolve))));
  const take = async (): Promise<void> => {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const run = places.get(next)?.run() ?? Promise.reject(new Error('no place'));
      settle[badInputs.indexOf(next)]?.(run);
      await run.catch(() => undefined);
    }
  };
  void take();
  void take();
});

afterAll(async () => {
  await Promise.allSettled(runs.values());
  await stack?.expectNoOthers();
});

const read = (table: string, sql: string) => readTable({ python, pythonPath: sparkFolder }, { table, sql, limit: 100 });

const noRows = { read: 0, inserted: 0, updated: 0, unchanged: 0, quarantined: 0, duplicates: 0, unjoined: 0 };

const quarantineOf = ({ lake, name }: Place): string => join(lake, '_headgate', name, 'quarantine');

async function resultOf(badInput: BadInput): Promise<RunSeen & { readonly place: Place }> {
  const [run, place] = [await runs.get(badInput), places.get(badInput)];
  if (run === undefined || place === undefined) throw new Error('the case did not run');
  return { ...run, place };
}

type Outcome = BadInput['expected']['outcome'];
type Expecting<O extends Outcome> = BadInput & { readonly expected: Extract<BadInput['expected'], { outcome: O }> };

const expects =
  <O extends Outcome>(outcome: O) =>
  (badInput: BadInput): badInput is Expecting<O> =>
    badInput.expected.outcome === outcome;

const ofOutcome = <O extends Outcome>(outcome: O) =>
  badInputs
    .filter(expects(outcome))
    .map((badInput) => ({ name: badInput.name, badInput, expected: badInput.expected }));

test.each(ofOutcome('committed'))('$name: every row is accounted for', async ({ badInput, expected }) => {
  const { place, ...run } = await resultOf(badInput);
  expect(run.error).toBeUndefined();
  expect(run).toMatchObject({ code: 0, outcome: 'committed', rows: { ...noRows, ...expected.rows } });
  expect(fatesOf(run)).toBe(run.rows?.read);
  const types = run.warnings?.map(({ type }) => type) ?? [];
  expect(types).toEqual(expect.arrayContaining(expected.warning === undefined ? [] : [expected.warning]));
  const found = expected.holds === undefined ? [] : (await read(place.table, expected.holds.sql)).rows;
  expect(found).toEqual(expected.holds?.rows ?? []);
});

test.each(ofOutcome('committed').filter(({ expected }) => expected.quarantine !== undefined))(
  '$name: the quarantine holds the row with file and reason',
  async ({ badInput, expected }) => {
    const { place } = await resultOf(badInput);
    const { rows } = await read(quarantineOf(place), 'SELECT * FROM t');
    const reasons = rows.map((row) => String(row['reason']));
    const counted = Object.fromEntries(
      reasons.map((reason) => [reason, reasons.filter((other) => other === reason).length]),
    );
    expect(counted).toEqual(expected.quarantine);
    for (const row of rows) expect(JSON.stringify(row)).toContain('sales_data');
  },
);

test.each(ofOutcome('failed'))('$name: a clear error, and no table', async ({ badInput, expected }) => {
  const { place, ...run } = await resultOf(badInput);
  expect(run).toMatchObject({ code: 1, outcome: 'failed', error: { type: expected.type, kind: 'data' } });
  for (const word of expected.says) expect(run.error?.message).toContain(word);
  expect(run.error?.remedy).toMatch(/\w+ \w+/);
  expect(tableVersions(place.table)).toEqual([]);
  await stack.accountFor({ workflow: run.run, type: expected.type });
});

test.each(ofOutcome('nothing-new'))('$name: nothing happens, and it is told why', async ({ badInput, expected }) => {
  const { place, ...run } = await resultOf(badInput);
  expect(run).toMatchObject({ code: 0, outcome: 'nothing-new' });
  expect(run.notices?.join('\n')).toMatch(expected.notice);
  expect(stateFiles(place.lake, place.name).filter((file) => file.includes('request'))).toEqual([]);
});

test.each(ofOutcome('held'))('$name: a person decides, readers see nothing', async ({ badInput }) => {
  const { place, ...run } = await resultOf(badInput);
  expect(run).toMatchObject({ code: 1, outcome: 'held' });
  expect(run.held?.join(' ')).toContain('known_customer');
  expect(tableVersions(place.table)).toEqual([]);
  const decided = await headgate(workspace, ['gate', run.run, 'approve', '--why', 'a new shop', '--json']);
  expect(decided.json).toMatchObject({ run: run.run, decision: 'approve', why: 'a new shop' });
  const { rows } = await until('the approved batch is in the table', () =>
    read(place.table, 'SELECT invoice_no FROM t'),
  );
  expect(rows).toHaveLength(4);
});

describe('with a table that stands', () => {
  test('a batch that fails leaves it as it is, and a repaired file goes in', async () => {
    const place = await createPlace('a-standing-table');
    writeFileSync(join(place.raw, 'sales_data.csv'), csv(...good));
    await place.run();
    const versions = tableVersions(place.table);
    const second = join(place.raw, 'sales_data_2.csv');
    writeFileSync(second, csv(line('I4')).replace(',price', ',cost'));
    const failed = await place.run();
    expect(failed).toMatchObject({ code: 1, outcome: 'failed', error: { type: 'MissingColumn' } });
    await stack.accountFor({ workflow: failed.run, type: 'MissingColumn' });
    expect(tableVersions(place.table)).toEqual(versions);
    writeFileSync(second, csv(line('I4')));
    expect(await place.run()).toMatchObject({ outcome: 'committed', rows: { read: 1, inserted: 1 } });
  });

  /** Holds Spark after the freeze, lets `change` touch the raw folder, lets Spark go on. */
  async function between(place: Place, change: () => void): Promise<RunSeen> {
    const { running } = await whileHeld(sparkProcess(workspace.home), async () => {
      const running = place.run();
      running.catch(() => undefined);
      await until('the prepare job is asked for', () =>
        stateFiles(place.lake, place.name).some((file) => file.includes('prepare.request')),
      );
      change();
      return { running };
    });
    const seen = await running;
    await stack.accountFor({ workflow: seen.run, activity: 'watchJob', type: 'InputChanged' });
    return seen;
  }

  test('a file that changes between freeze and prepare is frozen anew', async () => {
    const place = await createPlace('changed-between');
    const file = join(place.raw, 'sales_data.csv');
    writeFileSync(file, csv(...good));
    const run = await between(place, () => writeFileSync(file, csv(...good, line('I4'), line('I5'))));
    expect(run).toMatchObject({ outcome: 'committed', rows: { read: 5, inserted: 5 } });
  });

  test('a file that vanishes between freeze and prepare is left out by a new freeze', async () => {
    const place = await createPlace('vanished-between');
    const second = join(place.raw, 'sales_data_2.csv');
    writeFileSync(join(place.raw, 'sales_data.csv'), csv(...good));
    writeFileSync(second, csv(line('I4')));
    const run = await between(place, () => rmSync(second));
    expect(run).toMatchObject({ outcome: 'committed', rows: { read: 3, inserted: 3 } });
  });
});
