// Upkeep through the real CLI, Temporal, worker and Spark: small batches, a table that stays whole, files that stay few.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { headgate, runWell } from '../../support/headgate';
import { tableOperations } from '../../support/lake';
import { useSharedStack, type SharedStack } from '../../support/shared-stack';
import { until } from '../../support/waiting';
import type { Workspace } from '../../support/workspace';

// Starting Spark and a dozen jobs take their time on two shared cores.
jest.setTimeout(300_000);

let workspace: Workspace;
let stack: SharedStack;
let pipeline: string;

const definition = `
name: events
sources:
  events: { path: "\${RAW}/*.csv", format: csv, columns: { id: string, part: string, value: int }, key: [id] }
target: { table: "\${LAKE}/events", partition_by: [part], zorder_by: [value] }
maintenance: { file_size: 1 MB, compact_from: 3, rewrite_budget: 1000 }
`;

beforeAll(async () => {
  stack = await useSharedStack('upkeep');
  ({ workspace } = stack);
  pipeline = join(workspace.folder, 'events.yaml');
  writeFileSync(pipeline, definition);
});

afterAll(async () => {
  await stack?.expectNoOthers();
});

const set = (): Record<string, string> => ({ RAW: workspace.raw, LAKE: workspace.lake });
const table = (): string => join(workspace.lake, 'events');

/** One batch of ten new rows in one partition: one more file there. */
async function bring(batch: number, part: string): Promise<void> {
  const rows = Array.from({ length: 10 }, (_, row) => `${batch}-${row},${part},${(row * 7 + batch) % 10}`);
  writeFileSync(join(workspace.raw, `batch-${batch}.csv`), `id,part,value\n${rows.join('\n')}\n`);
  await runWell(workspace, pipeline, set());
}

async function ask(...more: readonly string[]): Promise<{ code: number | null; json: unknown }> {
  const variables = Object.entries(set()).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  return headgate(workspace, ['maintain', pipeline, ...variables, '--json', ...more]);
}

async function countRows(): Promise<unknown> {
  const variables = Object.entries(set()).flatMap(([name, value]) => ['--set', `${name}=${value}`]);
  const sql = 'SELECT count(*) AS rows, count(DISTINCT id) AS ids FROM t';
  const { json } = await headgate(workspace, ['show', pipeline, ...variables, '--sql', sql, '--json']);
  return json;
}

const optimizations = (): number => tableOperations(table()).filter((operation) => operation === 'OPTIMIZE').length;

describe('a table that takes small batches', () => {
  test('is compacted by its keeper once there are enough small files, and explains itself before', async () => {
    await bring(1, 'a');
    await bring(2, 'a');
    expect(await ask('--dry-run')).toMatchObject({
      code: 0,
      json: { health: { files: 2, partitions: [{ values: { part: 'a' }, smallFiles: 2 }] }, plan: { actions: [] } },
    });
    expect(optimizations()).toBe(0);

    await bring(3, 'a');
    await until('the keeper compacts', () => optimizations() === 1, 120_000);
    const after = await ask('--dry-run');
    expect(after.json).toMatchObject({ health: { files: 1, held: { files: 3 } }, plan: { actions: [] } });
    expect(await countRows()).toMatchObject({ rows: [{ rows: 30, ids: 30 }] });
  });

  test('is left alone while nothing comes, however often it is asked', async () => {
    const before = tableOperations(table());
    for (let time = 0; time < 2; time += 1) {
      expect(await ask()).toMatchObject({ code: 0, json: { done: [], postponed: 0 } });
    }
    expect(tableOperations(table())).toEqual(before);
  });

  test('takes the next batch after an upkeep that a person asked for', async () => {
    await bring(4, 'b');
    await bring(5, 'b');
    expect(await ask('--now', 'zorder')).toMatchObject({
      code: 0,
      json: { done: [{ kind: 'zorder', partitions: 1, filesRemoved: 2, filesAdded: 1 }] },
    });
    expect(await ask('--now', 'vacuum-full')).toMatchObject({ code: 0, json: { done: [{ filesRemoved: 0 }] } });
    await bring(6, 'b');
    expect(await countRows()).toMatchObject({ rows: [{ rows: 60, ids: 60 }] });
  });
});
