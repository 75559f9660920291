// The engine's commit: a MERGE of staged rows, newer rows only, as one transaction of its step. A repeated step commits nothing.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CommitRequest } from '../../../src/contracts/job';
import { JobFailed, reportBase, type Step } from './job';
import {
  isEmptyFolder,
  openTable,
  readLog,
  readRows,
  writeVersion,
  type TableRow,
  type TableState,
} from './tiny-table';

/** Refused when the table is not the one that the batch was planned against, or no longer holds what it held then. */
function checkBase({ base, target }: CommitRequest, table: TableState | undefined): void {
  if (base === undefined) return;
  const bytes = readLog(target.table, base.version);
  const commit = bytes === undefined ? '' : createHash('sha256').update(bytes).digest('hex').slice(0, 16);
  const since = table?.commits.slice(base.version + 1) ?? [];
  const isSame = table?.id === base.id && commit === base.commit;
  if (isSame && !since.some(({ operation }) => operation === 'RESTORE')) return;
  throw new JobFailed('inputs-changed', 'TableChanged', `${target.table} is not what the batch was planned against.`);
}

function isNewer(staged: TableRow, found: TableRow, latestBy: string | undefined): boolean {
  if (latestBy !== undefined) {
    const difference = Number(staged[latestBy] ?? 0) - Number(found[latestBy] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  const [before, now] = [found['_headgate_delivery'], staged['_headgate_delivery']];
  return typeof before !== 'string' || typeof now !== 'string' || now >= before;
}

/** The columns of the data, in one order. */
const textOf = (row: TableRow): string =>
  JSON.stringify(
    Object.keys(row)
      .filter((name) => name !== '_headgate_delivery')
      .toSorted((a, b) => (a < b ? -1 : 1))
      .map((name) => [name, row[name]]),
  );

type Merged = { readonly rows: readonly TableRow[]; readonly inserted: number; readonly updated: number };

function merge(before: readonly TableRow[], staged: readonly TableRow[], request: CommitRequest): Merged {
  const keyOf = (row: TableRow): string => JSON.stringify(request.target.key.map((name) => row[name]));
  const rows = new Map(before.map((row) => [keyOf(row), row]));
  let [inserted, updated] = [0, 0];
  for (const row of staged) {
    const found = rows.get(keyOf(row));
    if (found === undefined) inserted += 1;
    else if (textOf(found) !== textOf(row) && isNewer(row, found, request.latestBy)) updated += 1;
    else continue;
    rows.set(keyOf(row), row);
  }
  return { rows: [...rows.values()], inserted, updated };
}

/** A row that meets two of the table would make the MERGE ambiguous. */
function checkKeys(before: readonly TableRow[], staged: readonly TableRow[], { target }: CommitRequest): void {
  const keyOf = (row: TableRow): string => JSON.stringify(target.key.map((name) => row[name]));
  const keys = before.map(keyOf);
  const twice = staged.map(keyOf).filter((key) => keys.indexOf(key) !== keys.lastIndexOf(key));
  if (twice.length > 0)
    throw new JobFailed('data', 'DuplicateTargetKey', `${target.table} has keys more than once: ${twice.join(', ')}.`);
}

function stagedRows({ staging }: CommitRequest): readonly TableRow[] {
  const path = join(staging.table, 'rows.json');
  if (existsSync(path)) return JSON.parse(readFileSync(path, 'utf8')) as readonly TableRow[];
  throw new JobFailed('config', 'StagingMissing', `${staging.table} is gone.`);
}

/** One transaction; undefined when the step is in the table already. */
async function write(request: CommitRequest, step: Step): Promise<number | undefined> {
  const { target, stepKey, generation, run, digest, interval, staging } = request;
  const table = openTable(target.table);
  checkBase(request, table);
  if (table === undefined && !isEmptyFolder(target.table)) {
    throw new JobFailed('config', 'NotADeltaTable', `${target.table} holds files but no Delta table.`);
  }
  if ((table?.transactions.get(stepKey) ?? 0) >= generation) return undefined;
  const staged = stagedRows(request);
  const before = readRows(target.table);
  const columns = before[0];
  if (columns !== undefined && !('total' in columns)) {
    throw new JobFailed('config', 'TargetSchema', `The batch does not fit the table ${target.table}.`);
  }
  checkKeys(before, staged, request);
  const { rows, inserted, updated } = merge(before, staged, request);
  await step('writes');
  const version = writeVersion(target.table, table, {
    operation: table === undefined ? 'WRITE' : 'MERGE',
    rows,
    userMetadata: JSON.stringify({ stepKey, generation, run, digest, interval: interval ?? null, rows: staging.rows }),
    metrics:
      table === undefined
        ? { numFiles: 1, numOutputRows: staged.length, numOutputBytes: 1 }
        : {
            numSourceRows: staged.length,
            numTargetRowsInserted: inserted,
            numTargetRowsUpdated: updated,
            numTargetFilesAdded: 1,
          },
    transaction: { appId: stepKey, version: generation },
  });
  if (version === undefined)
    throw new JobFailed('conflict', 'ConcurrentWrite', `${target.table} was written by another.`);
  return version;
}

const metaOf = (text: string | undefined): { readonly stepKey?: string; readonly generation?: number } =>
  JSON.parse(text ?? '{}') as object;

export async function commit(request: CommitRequest, step: Step): Promise<object> {
  const { target, stepKey, generation, staging } = request;
  const written = await write(request, step);
  await step('wrote');
  const commits = openTable(target.table)?.commits ?? [];
  const isOurs = ({ userMetadata }: { readonly userMetadata?: string }): boolean => {
    const found = metaOf(userMetadata);
    return found.stepKey === stepKey && (found.generation ?? 0) >= generation;
  };
  const version = written ?? commits.findLastIndex(isOurs);
  const found = commits[version];
  if (found === undefined)
    throw new JobFailed('unknown', 'CommitNotFound', `The step is not in the history of ${target.table}.`);
  const metric = (...names: readonly string[]): number =>
    Number(names.map((name) => found.operationMetrics?.[name]).find((value) => value !== undefined) ?? 0);
  const inserted = metric('numTargetRowsInserted', 'numOutputRows');
  const updated = metric('numTargetRowsUpdated');
  return {
    ...reportBase(request),
    job: 'commit',
    rows: { staged: staging.rows, inserted, updated, unchanged: Math.max(0, staging.rows - inserted - updated) },
    table: { path: target.table, version, recovered: written === undefined },
    files: { added: 1, removed: 0, bytesAdded: 1 },
  };
}
