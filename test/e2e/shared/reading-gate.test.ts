// A batch that could not be read, as a person meets it: held with the reason, looked at by the printed command, rejected, corrected.
import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { headgate } from '../../support/headgate';
import { tableVersions } from '../../support/lake';
import { useSharedStack, type SharedStack } from '../../support/shared-stack';
import type { Workspace } from '../../support/workspace';

// Starting Spark, runs and restarts take their time on two shared cores.
jest.setTimeout(300_000);

let workspace: Workspace;
let stack: SharedStack;

beforeAll(async () => {
  stack = await useSharedStack('reading-gate');
  ({ workspace } = stack);
});

afterAll(async () => {
  await stack?.expectNoOthers();
});

const toldSchema = z.object({
  run: z.string(),
  digest: z.string().optional(),
  held: z.array(z.string()).optional(),
  quarantine: z.object({ rows: z.number(), show: z.string() }),
});

const text = `name: unread-prices
sources:
  sales: { path: "\${RAW}/sales*.csv", format: csv, columns: { id: int!, product: string!, qty: int! }, key: [id] }
  products:
    path: \${RAW}/products.csv
    format: csv
    arrives: snapshot
    columns: { product: string!, price: "decimal(18,2)" }
    key: [product]
transform:
  from: sales
  join: { products: { on: product } }
  columns: { total: qty * price }
target: { table: "\${LAKE}/unread prices" }
`;

const corrected = text.replace(
  'price: "decimal(18,2)"',
  `price_text: { from: price, type: string }, price: { expr: "try_cast(regexp_replace(price_text, '[$, ]', '') AS decimal(18,2))", type: "decimal(18,2)!" }`,
);

/** As a shell splits it. */
const wordsOf = (command: string): readonly string[] =>
  execFileSync('sh', ['-c', `printf '%s\\n' ${command}`], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');

test('a joined source that could not be read is held, shown, rejected, corrected and committed without --redo', async () => {
  const folder = join(workspace.folder, 'unread prices');
  const [raw, lake, file] = [join(folder, 'raw'), join(folder, 'lake'), join(folder, 'p.yaml')];
  for (const path of [folder, raw, lake]) mkdirSync(path);
  writeFileSync(join(raw, 'sales.csv'), 'id,product,qty\n1,A,2\n2,B,3\n');
  writeFileSync(join(raw, 'products.csv'), 'product,price\nA,$6.62\nB,"$1,299.00 "\n');
  writeFileSync(file, text);
  const sets = ['--set', `RAW=${raw}`, '--set', `LAKE=${lake}`];
  const cli = (...args: readonly string[]) => headgate(workspace, args);
  const table = join(lake, 'unread prices');

  const first = await cli('run', file, ...sets, '--json');
  expect(first.code).toBe(1);
  expect(first.json).toMatchObject({
    ...{ outcome: 'held', prepared: { read: 2, staged: 2 } },
    sources: { sales: { drives: true, quarantined: 0 }, products: { read: 2, kept: 0, unreadable: 2 } },
    quarantine: { rows: 2 },
  });
  const { run, held = [], quarantine } = toldSchema.parse(first.json);
  expect(held.join()).toMatch(/^products: 2 of 2 rows could not be read .*'\$6\.62'.*currency sign/);
  expect(tableVersions(table)).toEqual([]);

  const [name, ...shown] = wordsOf(quarantine.show);
  expect(name).toBe('headgate');
  const rows = await cli(...shown, '--json');
  expect(rows.json).toMatchObject({ rows: [{ source: 'products' }, { source: 'products' }] });

  const status = await cli('status', file, ...sets);
  expect(status.stdout).toMatch(/held .*run\/unread-prices/);
  expect(status.stdout).toContain('products 2 read = 2 quarantined');
  expect(status.stdout).toContain(quarantine.show);

  const rejected = await cli('gate', run, 'reject', '--why', 'money', '--json');
  expect(rejected).toMatchObject({
    code: 0,
    json: { decision: 'reject', outcome: 'rejected', quarantine: { rows: 2 } },
  });

  writeFileSync(file, corrected);
  const second = await cli('run', file, ...sets);
  expect(second.code).toBe(0);
  expect(second.stdout).toContain('sales    2 read = 2 inserted');
  expect(second.stdout).toContain('products 2 read = 2 kept');
  expect(second.stdout).not.toContain('aside');
  const totals = await cli('show', file, ...sets, '--sql', 'select id, total from t order by id', '--json');
  expect(totals.json).toMatchObject({
    rows: [
      { id: 1, total: '13.24' },
      { id: 2, total: '3897.00' },
    ],
  });

  const recorded = await cli('status', file, ...sets, '--json');
  expect(recorded.json).toMatchObject({
    runs: [
      { state: 'committed', sources: { products: { quarantined: 0 } } },
      {
        state: 'rejected',
        sources: { products: { quarantined: 2 } },
        quarantine: { rows: 2, show: expect.any(String) },
      },
    ],
  });
});

test('an approval of rows that cannot be read says before and after what it does', async () => {
  const folder = join(workspace.folder, 'approved');
  mkdirSync(folder);
  writeFileSync(join(folder, 'a.csv'), '1;a\n2;b\n3;c\n');
  const file = join(folder, 'p.yaml');
  writeFileSync(
    file,
    `name: wrong-delimiter\nsources:\n  s:\n    path: ${folder}/*.csv\n    format: csv\n    csv: { header: false }\n    columns: { id: int, v: string }\n    key: [id]\ntarget: { table: ${folder}/lake/t }\n`,
  );
  const cli = (...args: readonly string[]) => headgate(workspace, args);
  const held = await cli('run', file);
  expect(held.code).toBe(1);
  expect(held.stdout).toMatch(/3 of 3 rows could not be read .*: 1;a\).*`csv: \{ delimiter: semicolon \}`/);
  expect(held.stdout).toMatch(/0 of 3 rows go to the table, which is made without rows where there is none/);
  expect(tableVersions(join(folder, 'lake', 't'))).toEqual([]);
  const approved = await cli('gate', 'run/wrong-delimiter', 'approve', '--why', 'a test');
  expect(approved.code).toBe(0);
  expect(approved.stdout).toMatch(/^approved .*\ncommitted [^]*3 read = 3 quarantined/);
  expect(tableVersions(join(folder, 'lake', 't'))).toEqual([0]);
});
