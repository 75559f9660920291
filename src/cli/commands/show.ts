// headgate show: rows of a table, its staging or its quarantine, read without Spark.
import { parseDigest } from '../../contracts/ids';
import Table from 'cli-table3';
import pc from 'picocolors';
import { createStores } from '../../adapters/stores';
import { readTable, type TableAnswer } from '../../adapters/tables/show';
import { HeadgateError } from '../../contracts/errors';
import { batchPaths, quarantineTable } from '../../contracts/layout';
import type { Pipeline } from '../../contracts/pipeline';
import { ensureTools } from '../../setup/tools';
import type { Config } from '../../workers/config';
import { escapeGlob } from '../../domain/glob';
import { visible } from '../../domain/visible';
import { sparkFolder } from '../../workers/paths';
import { count, exitCodes, out, printJson } from '../output';
import { openPipeline, type Variables } from '../variables';
import { ours, paint } from '../terminal';

export type ShowOptions = {
  readonly set: Variables;
  readonly limit: number;
  readonly where?: string;
  readonly sql?: string;
  readonly version?: number;
  readonly json: boolean;
};

/** Staging is one table per batch: the newest batch is shown. */
async function newestStaging(pipeline: Pipeline): Promise<string> {
  const store = createStores();
  const manifests = await store.list(`${escapeGlob(pipeline.state)}/batches/*/manifest.json`);
  const newest = manifests
    .toSorted((a, b) => b.modifiedMs - a.modifiedMs)[0]
    ?.path.split('/')
    .at(-2);
  if (newest !== undefined) return batchPaths(pipeline.state, parseDigest(newest)).staging;
  throw new HeadgateError({
    kind: 'data',
    type: 'NothingStaged',
    message: `Pipeline ${pipeline.name} has no batch yet.`,
    remedy: `Run it first: headgate run ${pipeline.name}`,
    fields: { pipeline: pipeline.name, state: pipeline.state },
  });
}

async function tableOf(pipeline: Pipeline, what: 'table' | 'staging' | 'quarantine'): Promise<string> {
  switch (what) {
    case 'table':
      return pipeline.target.table;
    case 'quarantine':
      return quarantineTable(pipeline.state);
    case 'staging':
      return newestStaging(pipeline);
  }
}

export function drawTable({ columns, rows }: TableAnswer): string {
  const grid = new Table({
    head: columns.map(({ name }) => pc.bold(visible(name))),
    style: { head: [], border: [], compact: true },
  });
  for (const row of rows) grid.push(columns.map(({ name }) => cell(row[name])));
  return ours(grid.toString());
}

/** Longer texts are cut; `--json` has them whole. */
const cellWidth = 72;

const cell = (value: unknown): string => {
  if (value === null || value === undefined) return pc.dim('null');
  const text = Array.from(visible(typeof value === 'string' ? value : JSON.stringify(value)));
  return text.length <= cellWidth ? text.join('') : `${text.slice(0, cellWidth - 1).join('')}…`;
};

export async function showCommand(
  config: Config,
  nameOrFile: string,
  what: 'table' | 'staging' | 'quarantine',
  options: ShowOptions,
): Promise<number> {
  const { pipeline } = await openPipeline(config, nameOrFile, options.set);
  const table = await tableOf(pipeline, what);
  const { python } = await ensureTools('runtime');
  const answer = await readTable(
    { python, pythonPath: sparkFolder, limitMs: 120_000 },
    {
      table,
      limit: options.limit,
      ...(options.where === undefined ? {} : { where: options.where }),
      ...(options.sql === undefined ? {} : { sql: options.sql }),
      ...(options.version === undefined ? {} : { version: options.version }),
    },
  );
  if (options.json) printJson({ table, ...answer });
  else {
    out(drawTable(answer));
    out(paint.dim(`${table}  version ${answer.version}  ${count(answer.totalRows)} rows in ${answer.files} files`));
  }
  return exitCodes.done;
}
