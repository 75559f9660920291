// headgate demo: a sample, a run, what happened to the rows, the same again, a later file, a clean end.
import { execFile } from 'node:child_process';
import { mkdir, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Client } from '@temporalio/client';
import type { PythonRuntime } from '../../adapters/tables/ask-python';
import { readTable } from '../../adapters/tables/show';
import { HeadgateError } from '../../contracts/errors';
import { quarantineTable } from '../../contracts/layout';
import { keeperWorkflowId } from '../../contracts/names';
import type { TableView } from '../../contracts/keeper';
import type { Config } from '../../workers/config';
import { examplesFolder, sparkFolder } from '../../workers/paths';
import { count, exitCodes, note, out } from '../output';
import { createProgressView } from '../progress';
import { printFailure, printResult, type RunReport } from '../run-report';
import { sessionOn, stackTools, withSession, type Session } from '../session';
import { startStack } from '../stack/stack';
import { openPipeline } from '../variables';
import { explainUpkeep } from './maintain';
import { finishUpkeep, runOnce } from './run';
import { drawTable } from './show';
import { lineEnd, paint } from '../terminal';

export type DemoOptions = { readonly keep: boolean; readonly rows: number };

const run = promisify(execFile);

/** Seed of the sample: the same rows on every machine. */
const seed = 7;

/** What the second file brings: new sales, newer versions of sales in the table, and lines that cannot be read. */
const laterParts = ['new:600', 'corrections:400', 'bad-date:1', 'too-few-fields:1', 'negative-amount:1'];

/** With the file of each month that is there, as many small files as are worth putting together. */
const deliveries = 7;

const title = (text: string): void => out(`${lineEnd}${paint.bold(text)}`);

async function writeSample(
  python: PythonRuntime,
  folder: string,
  rows: number,
  parts: readonly string[],
  round = 2,
): Promise<void> {
  const options = ['--out', folder, '--rows', String(rows), '--seed', String(seed), '--round', String(round)];
  await run(python.python, ['-m', 'headgate_spark.sample', ...options, ...parts.flatMap((part) => ['--part', part])], {
    env: { ...process.env, PYTHONPATH: python.pythonPath },
  });
}

async function printTotals(python: PythonRuntime, table: string): Promise<void> {
  for (const column of ['age_group', 'price_range']) {
    const sql = `select ${column}, count(*) as invoices, sum(total_sales) as total_sales from t group by 1 order by 1`;
    out('');
    out(drawTable(await readTable(python, { table, sql, limit: 100 })));
  }
}

async function printQuarantine(python: PythonRuntime, table: string): Promise<void> {
  out('');
  out(drawTable(await readTable(python, { table, columns: ['reason', 'detail', 'row'], limit: 10 })));
}

type Places = { readonly raw: string; readonly lake: string; readonly rows: number };

/** New sales of all months, file by file; the version of the table after the last one. */
async function deliver(session: Session, config: Config, python: PythonRuntime, places: Places): Promise<number> {
  const { raw, lake, rows } = places;
  let version = 0;
  for (let number = 1; number <= deliveries; number += 1) {
    await writeSample(python, raw, rows, ['new:200'], 2 + number);
    const quiet = createProgressView(true);
    const report = await runOnce(session, config, 'customer-sales', { set: { RAW: raw, LAKE: lake } }, quiet);
    if (report.result?.table.version === undefined) throw demoFailed(config, report);
    ({ version } = report.result.table);
    out(`   ${report.result.rows?.inserted ?? 0} sales, version ${version}`);
  }
  return version;
}

async function printUpkeep(client: Client, table: string): Promise<void> {
  const { lastMaintenance } = await client.workflow.getHandle(keeperWorkflowId(table)).query<TableView>('table');
  for (const line of lastMaintenance?.chosen ?? []) out(`   ${line}`);
  for (const { kind, filesRemoved, filesAdded, seconds } of lastMaintenance?.done ?? [])
    out(`   ${kind}: ${count(filesRemoved)} files became ${count(filesAdded)} in ${seconds.toFixed(1)} s`);
}

/** One customer of the sample; only the files tell where those sales lie. */
async function printQuery(python: PythonRuntime, table: string, version?: number): Promise<void> {
  const sql = `select count(*) as invoices, sum(total_sales) as total_sales from t where customer_id = 'C5000042'`;
  const question = { table, sql, ...(version === undefined ? {} : { version }) };
  const { rows, files, seconds, version: read } = await readTable(python, question);
  const found = Object.entries(rows[0] ?? {}).map(([name, value]) => `${name} ${String(value)}`);
  out(
    `   one customer, version ${read}: ${found.join(', ')}, of ${count(files)} files, ${(seconds * 1000).toFixed(0)} ms`,
  );
}

/** Runs the seed pipeline and tells what happened; anything but success ends the demo. */
async function runAndTell(session: Session, config: Config, set: Readonly<Record<string, string>>): Promise<void> {
  const view = createProgressView(false);
  const report = await runOnce(session, config, 'customer-sales', { set }, view).finally(() => view.stop());
  if (report.result !== undefined) return printResult(report.run, report.result, { pipeline: 'customer-sales', set });
  throw demoFailed(config, report);
}

function demoFailed(config: Config, report: RunReport): HeadgateError {
  printFailure(report);
  return new HeadgateError({
    kind: 'unknown',
    type: 'DemoFailed',
    message: 'The demo run did not finish.',
    remedy: `Look at ${join(config.home, 'worker.log')} and run \`headgate doctor\`.`,
    fields: { run: report.run, outcome: report.outcome },
  });
}

export async function demoCommand(installation: Config, options: DemoOptions): Promise<number> {
  const folder = resolve('.headgate', 'demo');
  const [raw, lake, home] = [join(folder, 'raw'), join(folder, 'lake'), join(folder, 'home')];
  const config = { ...installation, home, pipelines: examplesFolder, pipelineFolders: [examplesFolder] };
  await Promise.all([raw, lake, home].map((path) => rm(path, { recursive: true, force: true })));
  await mkdir(raw, { recursive: true });
  const tools = await stackTools();
  const python = { python: tools.python, pythonPath: sparkFolder };

  title(`1. A sample: ${count(options.rows)} sales and their customers, in ${relative('.', raw)}`);
  await writeSample(python, raw, options.rows, []);

  title('2. A Temporal server with its UI, a worker, a Spark process');
  const stack = await startStack({ config, tools, port: 7233, onEvent: note });
  out(`   Temporal ${stack.target.address}, UI ${stack.ui}`);
  const session = await sessionOn(stack, config);

  return withSession(session, async () => {
    const table = join(lake, 'customer_sales');
    const set = { RAW: raw, LAKE: lake };
    title('3. The pipeline customer-sales: freeze, extract, prepare, gate, commit, publish');
    await runAndTell(session, config, set);
    await printTotals(python, table);

    title('4. The same again: nothing is done twice');
    await runAndTell(session, config, set);

    title('5. A later file: 600 new sales, 400 corrected ones, three bad lines');
    await writeSample(python, raw, options.rows, laterParts);
    await runAndTell(session, config, set);
    await printQuarantine(python, quarantineTable(join(lake, '_headgate', 'customer-sales')));

    title(`6. ${deliveries} small deliveries: the table's keeper decides when its files are put together`);
    const before = await deliver(session, config, python, { raw, lake, rows: options.rows });
    await finishUpkeep(session, table);
    await printUpkeep(session.client, table);
    await printQuery(python, table, before);
    await printQuery(python, table);

    title('7. What the table needs now, from its log, and why');
    const { pipeline } = await openPipeline(config, 'customer-sales', set);
    await explainUpkeep(python, pipeline);

    title('Where things are');
    out(`   table        ${table}`);
    out(`   state        ${join(lake, '_headgate', 'customer-sales')}: manifests, reports, ledger, quarantine, runs`);
    out(`   logs         ${home}`);
    if (!options.keep) out(paint.dim('   All processes are ended now; `--keep` leaves server and UI up.'));
    else {
      out(`   Temporal UI  ${stack.ui}`);
      out(`${lineEnd}${paint.dim('Ctrl-C ends all of it.')}`);
      // The session ends on a signal; until then the stack's own timers keep this process alive.
      await new Promise(() => undefined);
    }
    return exitCodes.done;
  });
}
