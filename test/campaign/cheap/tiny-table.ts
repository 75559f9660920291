// A small honest Delta table: a real log, rows as JSON. The campaign's engine writes it, other programs and people touch it.
import { randomUUID } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export type TableRow = Readonly<Record<string, string | number | null>>;

type Json = Readonly<Record<string, unknown>>;

/** What is read of an action. */
type Action = {
  readonly commitInfo?: CommitInfo;
  readonly metaData?: { readonly id: string; readonly schemaString: string };
  readonly txn?: { readonly appId: string; readonly version: number };
  readonly add?: { readonly path: string };
  readonly remove?: { readonly path: string };
};

export type CommitInfo = {
  readonly operation: string;
  readonly operationParameters?: Json;
  readonly operationMetrics?: Readonly<Record<string, string>>;
  readonly userMetadata?: string;
};

export type TableState = {
  readonly id: string;
  readonly version: number;
  readonly files: readonly string[];
  readonly transactions: ReadonlyMap<string, number>;
  readonly commits: readonly CommitInfo[];
};

const logFolder = (table: string): string => join(table, '_delta_log');

const logFile = (table: string, version: number): string =>
  join(logFolder(table), `${String(version).padStart(20, '0')}.json`);

/** Bytes of one commit; undefined when there is none. */
export const readLog = (table: string, version: number): Buffer | undefined =>
  existsSync(logFile(table, version)) ? readFileSync(logFile(table, version)) : undefined;

const actionsOf = (bytes: Buffer): readonly Action[] =>
  bytes
    .toString('utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Action);

/** The newest state, or that of a version; undefined where no table is. */
export function openTable(table: string, until = Infinity): TableState | undefined {
  let id: string | undefined;
  const files = new Set<string>();
  const transactions = new Map<string, number>();
  const commits: CommitInfo[] = [];
  for (let version = 0; version <= until; version += 1) {
    const bytes = readLog(table, version);
    if (bytes === undefined) break;
    for (const { metaData, txn, add, remove, commitInfo } of actionsOf(bytes)) {
      if (metaData !== undefined) ({ id } = metaData);
      if (txn !== undefined) transactions.set(txn.appId, Math.max(txn.version, transactions.get(txn.appId) ?? 0));
      if (remove !== undefined) files.delete(remove.path);
      if (add !== undefined) files.add(add.path);
      if (commitInfo !== undefined) commits.push(commitInfo);
    }
  }
  return id === undefined ? undefined : { id, version: commits.length - 1, files: [...files], transactions, commits };
}

export const readRows = (table: string, until?: number): readonly TableRow[] =>
  (openTable(table, until)?.files ?? []).flatMap(
    (file) => JSON.parse(readFileSync(join(table, file), 'utf8')) as readonly TableRow[],
  );

const schemaOf = (rows: readonly TableRow[]): string => {
  const [first = {}] = rows;
  const fields = Object.entries(first).map(([name, value]) => {
    return { name, type: typeof value === 'string' ? 'string' : 'integer', nullable: true, metadata: {} };
  });
  return JSON.stringify({ type: 'struct', fields });
};

export type Written = {
  readonly operation: string;
  readonly rows: readonly TableRow[];
  readonly parameters?: Json;
  readonly metrics?: Readonly<Record<string, number>>;
  readonly userMetadata?: string;
  readonly transaction?: { readonly appId: string; readonly version: number };
};

/** One version whose rows replace those before it. Undefined when another writer has made that version meanwhile. */
export function writeVersion(table: string, before: TableState | undefined, written: Written): number | undefined {
  const version = (before?.version ?? -1) + 1;
  const { rows, transaction, userMetadata, operation, parameters = {}, metrics = {} } = written;
  const path = `part-${String(version).padStart(5, '0')}-${randomUUID()}.json`;
  mkdirSync(logFolder(table), { recursive: true });
  writeFileSync(join(table, path), JSON.stringify(rows));
  const now = Date.now();
  const actions: readonly Json[] = [
    {
      commitInfo: {
        timestamp: now,
        operation,
        operationParameters: parameters,
        operationMetrics: Object.fromEntries(Object.entries(metrics).map(([name, value]) => [name, String(value)])),
        ...(userMetadata === undefined ? {} : { userMetadata }),
        engineInfo: 'campaign',
        txnId: randomUUID(),
      },
    },
    ...(before === undefined
      ? [
          {
            metaData: {
              id: randomUUID(),
              format: { provider: 'parquet', options: {} },
              schemaString: schemaOf(rows),
              partitionColumns: [],
              configuration: {},
              createdTime: now,
            },
          },
          { protocol: { minReaderVersion: 1, minWriterVersion: 2 } },
        ]
      : []),
    ...(transaction === undefined ? [] : [{ txn: { ...transaction, lastUpdated: now } }]),
    ...(before?.files ?? []).map((file) => ({ remove: { path: file, deletionTimestamp: now, dataChange: true } })),
    { add: { path, partitionValues: {}, size: 1, modificationTime: now, dataChange: true } },
  ];
  return putCommit(table, version, actions) ? version : undefined;
}

function putCommit(table: string, version: number, actions: readonly Json[]): boolean {
  const temporary = join(dirname(logFile(table, version)), `.${randomUUID()}.tmp`);
  writeFileSync(temporary, `${actions.map((action) => JSON.stringify(action)).join('\n')}\n`);
  try {
    linkSync(temporary, logFile(table, version));
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    unlinkSync(temporary);
  }
}

/** As Delta's RESTORE: the old rows in a new version; transactions stay. */
export function restoreTable(table: string, version: number): void {
  writeVersion(table, openTable(table), {
    operation: 'RESTORE',
    rows: readRows(table, version),
    parameters: { version: String(version), timestamp: null },
  });
}

/** As `ALTER TABLE … SET TBLPROPERTIES`: a version without a file. */
export function alterTable(table: string): void {
  const version = openTable(table)?.version;
  if (version === undefined) return;
  const operation = 'SET TBLPROPERTIES';
  const properties = JSON.stringify({ owner: 'another' });
  putCommit(table, version + 1, [
    { commitInfo: { timestamp: Date.now(), operation, operationParameters: { properties }, engineInfo: 'campaign' } },
  ]);
}

/** Rows of another program, beside what is there. */
export const appendRows = (table: string, rows: readonly TableRow[]): void =>
  void writeVersion(table, openTable(table), {
    operation: 'WRITE',
    rows: [...readRows(table), ...rows],
    parameters: { mode: 'Append' },
  });

export const isEmptyFolder = (folder: string): boolean =>
  !existsSync(folder) || readdirSync(folder).every((name) => name.startsWith('_') || name.startsWith('.'));
