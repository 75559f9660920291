// What upkeep costs and gives: a shop day by day, the same query before and after, one batch into tables of three sizes.
import { parseDigest } from '../src/contracts/ids';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readHealth } from '../src/adapters/tables/health';
import type { CommitReport } from '../src/contracts/job';
import { defaultStateRoot } from '../src/contracts/layout';
import type { TableHealth } from '../src/contracts/maintenance';
import type { MaintenanceResult } from '../src/contracts/upkeep';
import { defaultMaintenance } from '../src/domain/upkeep/policy';
import { load, median, note, python, root, round, tell, type Bench } from './bench';
import { readReport, runOnce, shippedPipeline } from './product';
import { withStack, type BenchStack } from './stack';

export const upkeepParts = ['query', 'growth', 'days'] as const;

/** A sixty-fourth of the default: a day of the bench is a sixty-fourth of a day of 1.3 million rows. */
const fileSize = '1 MiB';
const fileBytes = 1024 * 1024;
const sizes = [1, 4, 16] as const;
/** Days of the smallest of the three tables: more than corrections reach back. */
const baseDays = 15;
const batches = 5;
/** Daily runs before the measured ones: as far as corrections reach back, so that every measured day finds what it corrects. */
const historyDays = 15;

export type UpkeepOptions = { readonly days: number; readonly rowsPerDay: number };

/** The shipped pipeline for a table of many corrections: rows stay in their partition, changed ones are marked, files small. The table of the query is made by plain Spark. */
function writePipeline(folder: string): string {
  const shipped = readFileSync(shippedPipeline, 'utf8');
  const file = join(folder, 'shop.yaml');
  writeFileSync(
    file,
    shipped
      .replace('name: customer-sales', 'name: shop')
      .replace(
        'partition_by: [invoice_month]',
        'partition_by: [invoice_month]\n  partitions_fixed: true\n  deletion_vectors: true',
      )
      .replace(/^maintenance:.*$/m, `maintenance: { file_size: ${fileSize}, adopt: true }`)
      .replace(/^schedule:.*$/m, ''),
  );
  return file;
}

type Day = { readonly wall: number; readonly report: CommitReport };

const mergeOf = ({ seconds }: CommitReport): number => seconds['merge'] ?? 0;

type Shop = {
  readonly table: string;
  /** The files of so many more days in one run, and the upkeep that follows it. */
  next(days: number): Promise<Day>;
  health(): Promise<TableHealth>;
};

/** A lake of its own; `source` holds the files of days to come. */
function openShop({ work, tools }: Bench, stack: BenchStack, pipeline: string, source: string, name: string): Shop {
  const raw = join(work, name, 'raw');
  const lake = join(work, name, 'lake');
  const table = join(lake, 'customer_sales');
  const bring = (file: string): void => renameSync(join(source, file), join(raw, file));
  let passed = 0;
  mkdirSync(raw, { recursive: true });
  bring('customer_data.parquet');

  return {
    table,
    next: async (days) => {
      for (const last = passed + days; passed < last; passed += 1) {
        bring(`sales_data-${String(passed).padStart(3, '0')}.csv`);
      }
      const { wall, result } = await runOnce(stack.client, { id: `${name}-${passed}`, raw, lake, pipeline });
      const state = defaultStateRoot(table, result.pipeline);
      return { wall, report: readReport<CommitReport>(state, 'commit', parseDigest(result.digest ?? '')) };
    },
    health: () => {
      const settings = { ...defaultMaintenance, fileSize: fileBytes };
      const runtime = { python: tools.python, pythonPath: join(root, 'spark') };
      return readHealth(runtime, { table, zorderBy: ['customer_id', 'category'], clusterBy: [], settings });
    },
  };
}

async function makeDays(bench: Bench, name: string, days: number, rows: number): Promise<string> {
  const folder = join(bench.work, name);
  await python(bench, [join(root, 'bench', 'spark', 'daily.py'), folder, String(days), String(rows)]);
  return folder;
}

const mean = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;
const lastOverFirst = (values: readonly number[]): number =>
  round(mean(values.slice(-10)) / mean(values.slice(0, 10)), 2);

/** Daily batches with corrections and late rows, the keeper at work between them. */
async function measureDays(bench: Bench, stack: BenchStack, pipeline: string, options: UpkeepOptions): Promise<void> {
  const { days, rowsPerDay } = options;
  const source = await makeDays(bench, 'days', historyDays + days, rowsPerDay);
  const shop = openShop(bench, stack, pipeline, source, 'shop');
  const seen: (Day & { readonly mostFiles: number })[] = [];
  for (let day = 1 - historyDays; day <= days; day += 1) {
    const done = await shop.next(1);
    const { partitions } = await shop.health();
    const mostFiles = Math.max(...partitions.map(({ files }) => files));
    seen.push({ ...done, mostFiles });
    const { files, seconds } = done.report;
    note(
      `  day ${day}: ${round(done.wall, 2)} s, MERGE ${seconds['merge']} s, ${files.scanned} of ${files.scannedOf} files scanned, ` +
        `most files ${mostFiles} (load ${load()})`,
    );
  }
  const { savings, files, bytes } = await shop.health();
  const { ingestedBytes, rewrittenBytes, filesBefore, filesAfter } = savings;
  const naive = Number(
    await python(bench, [join(root, 'bench', 'spark', 'naive.py'), shop.table, String(fileBytes), 'ordered']),
  );
  const measured = seen.slice(historyDays);
  const scanned = ({ report }: Day): number => report.files.scanned ?? 0;
  const part = 'days';
  const times = (name: string, value: number): void => tell(bench, { part, name, value, unit: 'times' });
  times('bytes written by upkeep over bytes that came', rewrittenBytes / ingestedBytes);
  times('the same with OPTIMIZE ZORDER after each ingest', naive / ingestedBytes);
  times('seconds of MERGE, last ten days over first', lastOverFirst(measured.map(({ report }) => mergeOf(report))));
  times('files that a MERGE looks at, last ten over first', lastOverFirst(measured.map(scanned)));
  times('the same over the first ten into an empty table', lastOverFirst(seen.map(scanned)));
  times('wall time of a run, last ten days over first', lastOverFirst(measured.map(({ wall }) => wall)));
  bench.details[part] = {
    ...{ days, rowsPerDay, files, megabytes: round(bytes / 1e6, 1), filesBefore, filesAfter },
    mostFilesInPartition: Math.max(...seen.map(({ mostFiles }) => mostFiles)),
  };
}

type QueryFigures = { readonly files: number; readonly scanned: number; readonly seconds: number };

/** The same selective query on a table as appends left it, and on its copy after the policy had its way. */
async function measureQuery(bench: Bench, stack: BenchStack, pipeline: string): Promise<void> {
  const lake = join(bench.work, 'query');
  const query = async (...args: readonly string[]): Promise<string> => {
    const said = await python(bench, [join(root, 'bench', 'spark', 'query.py'), ...args]);
    return said.split('\n').at(-1) ?? '';
  };
  await query('make', join(lake, 'before', 'customer_sales'), join(lake, 'after', 'customer_sales'));
  const result: MaintenanceResult = await stack.client.workflow.execute('maintainTable', {
    workflowId: 'bench/query',
    taskQueue: 'headgate',
    args: [{ pipeline, variables: { RAW: bench.work, LAKE: join(lake, 'after') } }],
  });
  if (result.done.length === 0) throw new Error('the policy left the table of the query as it was');
  const measured = await query('ask', join(lake, 'before', 'customer_sales'), join(lake, 'after', 'customer_sales'));
  const [before, after] = JSON.parse(measured) as [QueryFigures, QueryFigures];
  const part = 'query';
  tell(bench, { part, name: 'files that a query opens, share', value: after.scanned / after.files, unit: 'times' });
  tell(bench, { part, name: 'query after upkeep over before', value: after.seconds / before.seconds, unit: 'times' });
  bench.details[part] = { before, after };
}

/** Equal batches into tables of one, four and sixteen times the rows, one after the other. */
async function measureGrowth(bench: Bench, stack: BenchStack, pipeline: string, rowsPerDay: number): Promise<void> {
  const shops: Shop[] = [];
  for (const size of sizes) {
    const days = baseDays * size;
    const source = await makeDays(bench, `growth-${size}`, days + batches + 1, rowsPerDay / 2);
    const shop = openShop(bench, stack, pipeline, source, `grown-${size}`);
    note(`  table of ${days} days …`);
    await shop.next(days);
    await shop.next(1);
    shops.push(shop);
  }
  const walls = shops.map((): number[] => []);
  for (let batch = 0; batch < batches; batch += 1) {
    for (const [index, shop] of shops.entries()) walls[index]?.push((await shop.next(1)).wall);
  }
  const [one = Number.NaN, four = Number.NaN, sixteen = Number.NaN] = walls.map((seconds) => median(seconds));
  const part = 'growth';
  tell(bench, { part, name: 'a batch into a table of 4 times the rows', value: four / one, unit: 'times' });
  tell(bench, { part, name: 'into one of 16 times the rows', value: sixteen / one, unit: 'times', goal: 1.3 });
  bench.details[part] = { seconds: [one, four, sixteen].map((seconds) => round(seconds)) };
}

export async function measureUpkeep(bench: Bench, options: UpkeepOptions, chosen: ReadonlySet<string>): Promise<void> {
  const pipeline = writePipeline(bench.work);
  const measures = {
    query: (stack) => measureQuery(bench, stack, pipeline),
    growth: (stack) => measureGrowth(bench, stack, pipeline, options.rowsPerDay),
    days: (stack) => measureDays(bench, stack, pipeline, options),
  } satisfies Record<(typeof upkeepParts)[number], (stack: BenchStack) => Promise<void>>;
  await withStack(bench, 'upkeep', async (stack) => {
    for (const part of upkeepParts) {
      if (!chosen.has(part)) continue;
      note(`${part} …`);
      await measures[part](stack);
    }
  });
}
