// The command line as scripts see it: exit codes, one JSON object, errors with place and remedy, nothing left behind.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { headgate, runWell, type Ended } from '../../support/headgate';
import { makeSample } from '../../support/oracle';
import { expectNothingLeft } from '../../support/processes';
import { useSharedStack, type SharedStack } from '../../support/shared-stack';
import { projectRoot } from '../../support/tools';
import { createWorkspace, type Workspace } from '../../support/workspace';

const seedPipeline = readFileSync(join(projectRoot, 'pipelines', 'customer-sales.yaml'), 'utf8');

const errorSchema = z.object({
  error: z.object({
    message: z.string(),
    remedy: z.string(),
    fields: z.object({ line: z.number(), field: z.string() }),
  }),
});
const rowsSchema = z.object({ rows: z.array(z.unknown()) });

// Starting Spark, runs and restarts take their time on two shared cores.
jest.setTimeout(300_000);

let workspace: Workspace;

async function bringSample(): Promise<void> {
  await makeSample(workspace.raw, '--rows', '500', '--seed', '3');
  await makeSample(workspace.raw, '--rows', '500', '--seed', '3', '--part', 'bad-date:2');
}

const sets = (): readonly string[] => ['--set', `RAW=${workspace.raw}`, '--set', `LAKE=${workspace.lake}`];
const cli = (...args: readonly string[]): Promise<Ended> => headgate(workspace, args);

describe('without a server', () => {
  beforeAll(async () => {
    workspace = await createWorkspace('cli');
    await bringSample();
  });

  afterAll(async () => {
    await workspace?.remove();
  });

  test('help is exit code 0 and names every command', async () => {
    const { code, stdout } = await cli('--help');
    expect(code).toBe(0);
    for (const name of ['dev', 'worker', 'run', 'validate', 'verify', 'status', 'show', 'doctor', 'gate', 'cancel']) {
      expect(stdout).toMatch(new RegExp(`^\\s+${name}\\b`, 'm'));
    }
  });

  test.each([
    { name: 'an unknown command', args: ['frobnicate'] },
    { name: 'an unknown option', args: ['run', 'customer-sales', '--frobnicate'] },
    { name: 'a missing argument', args: ['run'] },
    { name: 'a --set without a value', args: ['run', 'customer-sales', '--set', 'RAW'] },
    { name: 'a limit that is no number', args: ['show', 'customer-sales', '--limit', 'many'] },
    { name: 'a demo of fewer sales than its later file brings', args: ['demo', '--rows', '599'] },
  ])('$name is exit code 2', async ({ args }) => {
    const { code, stderr } = await cli(...args);
    expect(code).toBe(2);
    expect(stderr).not.toBe('');
  });

  test('a right pipeline file is valid', async () => {
    const { code, json } = await cli('validate', 'customer-sales', ...sets(), '--json');
    expect(code).toBe(0);
    expect(json).toMatchObject({
      valid: true,
      pipeline: {
        name: 'customer-sales',
        target: { table: join(workspace.lake, 'customer_sales'), key: ['invoice_no'] },
      },
    });
  });

  test.each([
    { name: 'an unknown key', from: 'key: [invoice_no]', to: 'keys: [invoice_no]', field: 'sources.sales.keys' },
    { name: 'a wrong type', from: 'quantity: int', to: 'quantity: integr', field: 'sources.sales.columns.quantity' },
    { name: 'too few labels', from: 'high, premium]', to: 'high]', field: 'transform.columns.price_range' },
    {
      name: 'a key that is no column',
      from: '  key: [invoice_no]\n  partition',
      to: '  key: [nope]\n  partition',
      field: 'target.key',
    },
    {
      name: 'zorder by a partition column',
      from: 'zorder_by: [customer_id',
      to: 'zorder_by: [invoice_month',
      field: 'target.zorder_by',
    },
  ])('$name in a pipeline file is told with file, line, column, field and remedy', async ({ from, to, field }) => {
    const file = join(workspace.folder, 'wrong.yaml');
    const text = seedPipeline.replace(from, to);
    expect(text).not.toBe(seedPipeline);
    writeFileSync(file, text);
    const line = seedPipeline.slice(0, seedPipeline.indexOf(from)).split('\n').length;
    const { code, json } = await cli('validate', file, ...sets(), '--json');
    expect(code).toBe(2);
    expect(json).toMatchObject({ error: { kind: 'config', type: 'PipelineFile' } });
    const { error } = errorSchema.parse(json);
    expect(error.message).toContain(`${file}:`);
    expect(error.message).toMatch(/:\d+:\d+ /);
    expect(error.fields.field).toContain(field);
    expect(Math.abs(error.fields.line - line)).toBeLessThanOrEqual(1);
    expect(error.remedy).not.toBe('');
  });

  test('a variable without a value and a pipeline that does not exist are exit code 2', async () => {
    const unset = await cli('validate', 'customer-sales', '--json');
    expect(unset.code).toBe(2);
    expect(JSON.stringify(unset.json)).toContain('RAW');
    const absent = await cli('run', 'no-such-pipeline', '--json');
    expect(absent.code).toBe(2);
    expect(JSON.stringify(absent.json)).toContain('no-such-pipeline');
  });

  test('status needs a server and says so', async () => {
    const { code, json } = await cli('status', '--json');
    expect(code).toBe(1);
    expect(json).toMatchObject({ error: { type: 'TemporalUnreachable' } });
  });

  test('show says that there is no table yet', async () => {
    const { code, json } = await cli('show', 'customer-sales', ...sets(), '--json');
    expect(code).toBe(1);
    expect(json).toMatchObject({ error: { type: 'TableNotFound' } });
  });

  test('doctor finds everything that the tests run with', async () => {
    const { code, json } = await cli('doctor', '--json');
    expect(json).toMatchObject({ healthy: true });
    expect(code).toBe(0);
  });

  test('run brings its own server and worker, and leaves nothing behind', async () => {
    const lake = join(workspace.lake, 'alone');
    mkdirSync(lake);
    const run = await runWell(workspace, 'customer-sales', { RAW: workspace.raw, LAKE: lake });
    expect(run).toMatchObject({ code: 0, outcome: 'committed', rows: { read: 502, inserted: 500, quarantined: 2 } });
    await expectNothingLeft(workspace.folder);
  });
});

describe('with a server', () => {
  let stack: SharedStack;

  beforeAll(async () => {
    stack = await useSharedStack('cli');
    ({ workspace } = stack);
    await bringSample();
  });

  afterAll(async () => {
    await stack?.expectNoOthers();
  });

  test('run tells people what became of the rows, status lists the run, show shows the rows', async () => {
    const run = await cli('run', 'customer-sales', ...sets());
    expect(run.code).toBe(0);
    expect(run.stdout).toContain('committed');
    expect(run.stdout).toContain('502 read');
    expect(run.stderr).toMatch(/prepare/);

    const status = await cli('status', 'customer-sales', ...sets(), '--json');
    expect(status.code).toBe(0);
    expect(status.json).toMatchObject({
      runs: expect.arrayContaining([
        expect.objectContaining({
          run: expect.stringMatching(/^run\/customer-sales\/[0-9a-f]{8}$/),
          state: 'committed',
          version: 0,
        }),
      ]),
    });

    const table = await cli('show', 'customer-sales', ...sets(), '--limit', '3', '--json');
    expect(table.code).toBe(0);
    expect(table.json).toMatchObject({ table: join(workspace.lake, 'customer_sales'), totalRows: 500 });
    expect(rowsSchema.parse(table.json).rows).toHaveLength(3);

    const chosen = await cli('show', 'customer-sales', ...sets(), '--where', "invoice_no = 'I1000007'", '--json');
    expect(chosen.json).toMatchObject({ rows: [{ invoice_no: 'I1000007' }] });

    const quarantine = await cli('show', 'customer-sales', 'quarantine', ...sets(), '--json');
    expect(quarantine.json).toMatchObject({ totalRows: 2 });
    expect(quarantine.stdout).toContain('31-02-2024');
    const fates = 'select _hg_fate as fate, count(*) as n from t group by _hg_fate order by fate';
    const staging = await cli('show', 'customer-sales', 'staging', ...sets(), '--sql', fates, '--json');
    expect(rowsSchema.parse(staging.json).rows).toEqual(
      expect.arrayContaining([
        { fate: 'aside', n: 2 },
        { fate: 'staged', n: 500 },
      ]),
    );

    const wrong = await cli('show', 'customer-sales', ...sets(), '--where', 'nope = 1', '--json');
    expect(wrong.code).toBe(2);
    expect(wrong.json).toMatchObject({ error: { type: 'BadQuery' } });
  });

  test('a wrong batch is exit code 1 with file, column and remedy', async () => {
    const raw = join(workspace.folder, 'wrong-raw');
    mkdirSync(raw);
    await makeSample(raw, '--rows', '10');
    const file = join(raw, 'sales_data.csv');
    writeFileSync(file, readFileSync(file, 'utf8').replace('price', 'cost'));
    const args = ['run', 'customer-sales', '--set', `RAW=${raw}`, '--set', `LAKE=${join(workspace.lake, 'wrong')}`];
    const people = await cli(...args);
    expect(people.code).toBe(1);
    expect(`${people.stdout}${people.stderr}`).toMatch(/MissingColumn: .*sales_data\.csv.*price[^]*remedy:/);
    const program = await cli(...args, '--json');
    expect(program.code).toBe(1);
    expect(program.json).toMatchObject({ outcome: 'failed', error: { type: 'MissingColumn', kind: 'data' } });
    await stack.accountFor({ activity: 'watchJob', type: 'MissingColumn' });
  });

  test('a run that does not exist cannot be cancelled or decided', async () => {
    for (const args of [
      ['cancel', 'run/nothing'],
      ['gate', 'run/nothing', 'approve'],
    ]) {
      const { code, json } = await cli(...args, '--why', 'a test', '--json');
      expect(code).toBe(1);
      expect(json).toMatchObject({ error: { type: 'NotPossible' } });
    }
  });
});
