// headgate demo: a sample, a run, what happened to the rows, a second run that finds nothing to do, a clean end.
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, rm } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { promisify } from 'node:util';
import pc from 'picocolors';
import { readTable } from '../../activities/tables/show';
import { HeadgateError } from '../../contracts/errors';
import type { Config } from '../../workers/config';
import { connectClient } from '../../workers/connection';
import { sparkFolder } from '../../workers/paths';
import { count, exitCodes, note, out } from '../output';
import { createProgressView } from '../progress';
import { printFailure, printResult } from '../run-report';
import { stackTools, type Session } from '../session';
import { startStack } from '../stack/stack';
import { runOnce, type RunReport } from './run';
import { drawTable } from './show';

const run = promisify(execFile);

/** Seed of the sample: the same rows on every machine. */
const seed = 7;

const question = (column: string): string =>
  `select ${column}, count(*) as invoices, sum(total_sales) as total_sales from t group by ${column} order by ${column}`;

export async function demoCommand(
  config: Config,
  options: { readonly keep: boolean; readonly rows: number },
): Promise<number> {
  const folder = resolve('.headgate', 'demo');
  const raw = join(folder, 'raw');
  const lake = join(folder, 'lake');
  const home = join(folder, 'home');
  await Promise.all([raw, lake, home].map((path) => rm(path, { recursive: true, force: true })));
  await mkdir(raw, { recursive: true });
  const tools = await stackTools();
  const python = { python: tools.python, pythonPath: sparkFolder };

  out(
    pc.bold(
      `\n1. A sample: customer_data.parquet and sales_data.csv, ${count(options.rows)} sales, in ${relative('.', raw)}`,
    ),
  );
  await run(
    tools.python,
    ['-m', 'headgate_spark.sample', '--out', raw, '--rows', String(options.rows), '--seed', String(seed)],
    {
      env: { ...process.env, PYTHONPATH: sparkFolder },
    },
  );

  out(pc.bold('\n2. A Temporal server, its UI, a worker, a Spark process'));
  const demoConfig = { ...config, home };
  const interrupted = once(process, 'SIGINT');
  const stack = await startStack({ config: demoConfig, tools, port: 7233, onEvent: note });
  out(`   Temporal ${stack.target.address}, UI ${stack.ui ?? ''}`);
  try {
    const client = await connectClient(stack.target);
    const session: Session = {
      client,
      target: stack.target,
      stop: () => stack.stop(),
      close: () => client.connection.close(),
    };
    const set = { RAW: raw, LAKE: lake };

    const follow = async (): Promise<RunReport> => {
      const view = createProgressView(false);
      try {
        return await runOnce(session, demoConfig, 'customer-sales', { set }, view);
      } finally {
        view.stop();
      }
    };
    const tell = (report: RunReport): void => {
      if (report.result !== undefined) return printResult(report.run, report.result);
      printFailure(report);
      throw new HeadgateError({
        kind: 'unknown',
        type: 'DemoFailed',
        message: 'The demo run did not finish.',
        remedy: `Look at ${join(home, 'worker.log')} and run \`npx headgate doctor\`.`,
      });
    };

    out(pc.bold('\n3. The pipeline: freeze, extract, prepare, gate, commit, publish'));
    const first = await follow();
    tell(first);
    const table = join(lake, 'customer_sales');
    for (const column of ['age_group', 'price_range']) {
      out('');
      out(drawTable(await readTable(python, { table, sql: question(column), limit: 100 })));
    }

    out(pc.bold('\n4. The same again: nothing is done twice'));
    tell(await follow());

    out(pc.bold('\nWhere things are'));
    out(`   table        ${table}`);
    out(
      `   quarantine   headgate show customer-sales quarantine --set RAW=${relative('.', raw)} --set LAKE=${relative('.', lake)}`,
    );
    out(`   run record   ${join(lake, '_headgate', 'customer-sales', 'runs')}`);
    if (options.keep) {
      out(`   Temporal UI  ${stack.ui ?? ''}`);
      out(pc.dim('\nCtrl-C ends all of it.'));
      await interrupted;
    } else out(pc.dim('   Temporal UI  run `npm run demo -- --keep` to leave it up'));
    await session.close();
  } finally {
    await stack.stop();
  }
  return exitCodes.done;
}
