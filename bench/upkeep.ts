// What upkeep costs and gives: a shop day by day, the same query before and after, one batch into tables of three sizes.
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { readHealth } from '../src/activities/tables/health';
import type { CommitReport } from '../src/contracts/job';
import { jobPaths } from '../src/contracts/layout';
import type { MaintenanceResult, TableHealth } from '../src/contracts/maintenance';
import { keeperWorkflowId } from '../src/contracts/names';
import type { RunPipelineResult, TableView } from '../src/contracts/run';
import { defaultMaintenance } from '../src/domain/maintenance-policy';
import { load, median, note, round, type Bench } from './bench';
import { eventually, residentStats, root, startDev, type BenchStack } from './stack';

const run = promisify(execFile);
/** A sixty-fourth of the default: a day of the bench is a sixty-fourth of a day of 1.3 million rows. */
const fileSize = '1 MiB';
const fileBytes = 1024 * 1024;
const sizes = [1, 4, 16] as const;
/** Days of the smallest of the three tables: more than corrections reach back. */
const baseDays = 15;
const batches = 5;
/** Daily runs before the measured ones: as far as corrections reach back, so that every measured day finds what it corrects. */
const historyDays = 15;

export type UpkeepOptions = { readonly days: number; readonly rowsPerDay: number; readonly skip: ReadonlySet<string> };

/** The shipped pipeline for a table of many corrections: rows stay in their partition, changed ones are marked, files small. */
function writePipeline(folder: string): string {
  const shipped = readFileSync(join(root, 'pipelines', 'customer-sales.yaml'), 'utf8');
  const file = join(folder, 'shop.yaml');
  writeFileSync(
    file,
    shipped
      .replace('name: customer-sales', 'name: shop')
      .replace(
        'partition_by: [invoice_month]',
        'partition_by: [invoice_month]\n  partitions_fixed: true\n  deletion_vectors: true',
      )
      .replace(/^maintenance:.*$/m, `maintenance: { file_size: ${fileSize} }`)
      .replace(/^schedule:.*$/m, ''),
  );
  return file;
}

type Day = { readonly wall: number; readonly report: CommitReport };

type Shop = {
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

  const rest = async (): Promise<void> => {
    const keeper = stack.client.workflow.getHandle(keeperWorkflowId(table));
    for (let quiet = 0; quiet < 3;) {
      await delay(100);
      const { maintaining } = await keeper.query<TableView>('table');
      quiet = maintaining === undefined ? quiet + 1 : 0;
    }
  };

  return {
    next: async (days) => {
      for (const last = passed + days; passed < last; passed += 1) {
        bring(`sales_data-${String(passed).padStart(3, '0')}.csv`);
      }
      const since = performance.now();
      const { outcome, digest }: RunPipelineResult = await stack.client.workflow.execute('runPipeline', {
        workflowId: `bench/${name}-${passed}`,
        taskQueue: 'headgate',
        args: [{ pipeline, variables: { RAW: raw, LAKE: lake } }],
      });
      const wall = (performance.now() - since) / 1000;
      if (outcome !== 'committed' || digest === undefined) throw new Error(`day ${passed} ended ${outcome}`);
      await rest();
      const { report } = jobPaths(join(lake, '_headgate', 'shop'), 'commit', digest, 1);
      return { wall, report: JSON.parse(readFileSync(report, 'utf8')) as CommitReport };
    },
    health: () => {
      const settings = { ...defaultMaintenance, targetFileBytes: fileBytes };
      const python = { python: tools.python, pythonPath: join(root, 'spark') };
      return readHealth(python, { table, zorderBy: ['customer_id', 'category'], clusterBy: [], settings });
    },
  };
}

async function makeDays({ tools, env, work }: Bench, name: string, days: number, rows: number): Promise<string> {
  const folder = join(work, name);
  await run(tools.python, [join(root, 'bench', 'spark', 'daily.py'), folder, String(days), String(rows)], { env });
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
  const { ingestedBytes, rewrittenBytes, naiveBytes, filesBefore, filesAfter } = savings;
  const measured = seen.slice(historyDays);
  const scanned = ({ report }: Day): number => report.files.scanned ?? 0;
  bench.figures['daily'] = {
    days,
    rowsPerDay,
    files,
    megabytes: round(bytes / 1e6, 1),
    upkeepPerByte: round(rewrittenBytes / ingestedBytes, 2),
    naivePerByte: round(naiveBytes / ingestedBytes, 1),
    filesBefore,
    filesAfter,
    mostFilesInPartition: Math.max(...seen.map(({ mostFiles }) => mostFiles)),
    mergeLastOverFirst: lastOverFirst(measured.map(({ report }) => report.seconds['merge'] ?? 0)),
    scannedLastOverFirst: lastOverFirst(measured.map(scanned)),
    // From the first batch into an empty table.
    scannedLastOverEmpty: lastOverFirst(seen.map(scanned)),
    wallLastOverFirst: lastOverFirst(measured.map(({ wall }) => wall)),
  };
}

type QueryFigures = { readonly files: number; readonly scanned: number; readonly seconds: number };

/** The same selective query on a table as appends left it, and on its copy after the policy had its way. */
async function measureQuery(bench: Bench, stack: BenchStack, pipeline: string): Promise<void> {
  const { tools, env, work, figures } = bench;
  const lake = join(work, 'query');
  const query = async (...args: readonly string[]): Promise<string> => {
    const { stdout } = await run(tools.python, [join(root, 'bench', 'spark', 'query.py'), ...args], { env });
    return stdout.trim().split('\n').at(-1) ?? '';
  };
  await query('make', join(lake, 'before', 'customer_sales'), join(lake, 'after', 'customer_sales'));
  const result: MaintenanceResult = await stack.client.workflow.execute('maintainTable', {
    workflowId: 'bench/query',
    taskQueue: 'headgate',
    args: [{ pipeline, variables: { RAW: work, LAKE: join(lake, 'after') } }],
  });
  if (result.done.length === 0) throw new Error('the policy left the table of the query as it was');
  const measured = await query('ask', join(lake, 'before', 'customer_sales'), join(lake, 'after', 'customer_sales'));
  const [before, after] = JSON.parse(measured) as [QueryFigures, QueryFigures];
  figures['query'] = {
    before,
    after,
    shareOfFiles: round(after.scanned / after.files),
    shareOfTime: round(after.seconds / before.seconds),
  };
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
  bench.figures['growth'] = {
    seconds: [one, four, sixteen].map((seconds) => round(seconds)),
    fourOverOne: round(four / one, 2),
    sixteenOverOne: round(sixteen / one, 2),
  };
}

export async function measureUpkeep(bench: Bench, options: UpkeepOptions): Promise<void> {
  const pipeline = writePipeline(bench.work);
  const home = join(bench.work, 'home');
  note('headgate dev: start, warm up …');
  const stack = await startDev(home);
  try {
    await eventually('the warm-up', async () => ((await residentStats(home)).warmed ? true : undefined), 300, 200);
    if (!options.skip.has('query')) {
      note('the same query before and after upkeep …');
      await measureQuery(bench, stack, pipeline);
    }
    if (!options.skip.has('growth')) {
      note('one batch into tables of three sizes …');
      await measureGrowth(bench, stack, pipeline, options.rowsPerDay);
    }
    note(`${options.days} days with corrections and late rows …`);
    await measureDays(bench, stack, pipeline, options);
  } finally {
    await stack.stop();
  }
}
