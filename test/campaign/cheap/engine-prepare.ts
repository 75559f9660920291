// The engine's prepare: reads the frozen files, gives every row its fate, stages those that pass.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Manifest } from '../../../src/contracts/batch';
import type { PrepareRequest } from '../../../src/contracts/job';
import type { Source } from '../../../src/contracts/pipeline';
import { checkUnchanged, JobFailed, reportBase, writeJson, type Step } from './job';
import type { TableRow } from './tiny-table';

type Read = { readonly row: TableRow; readonly age: number };

/** A row of numbers and texts; undefined where a value is not of its type. */
function typed(source: Source, header: readonly string[], line: string): TableRow | undefined {
  const cells = line.split(',');
  const row: Record<string, string | number | null> = {};
  for (const { name, type, required } of source.columns) {
    const cell = cells[header.indexOf(name)] ?? '';
    const value = cell === '' ? null : type === 'string' ? cell : /^-?\d+$/.test(cell) ? Number(cell) : undefined;
    if (value === undefined || (value === null && required)) return undefined;
    row[name] = value;
  }
  return row;
}

function readFile(source: Source, file: Manifest['files'][number], age: number) {
  checkUnchanged(file);
  const [head = '', ...lines] = readFileSync(file.readPath, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
  if (head === '') return { rows: [], unreadable: 0 };
  const header = head.split(',');
  const missing = source.columns.find(({ name }) => !header.includes(name));
  if (missing !== undefined) {
    throw new JobFailed('data', 'MissingColumn', `${file.path} has no column ${missing.name}.`, { file: file.path });
  }
  const delivery = file.delivery === undefined ? {} : { _headgate_delivery: file.delivery };
  const rows = lines.map((line) => typed(source, header, line));
  return {
    rows: rows.flatMap((row): readonly Read[] => (row === undefined ? [] : [{ row: { ...row, ...delivery }, age }])),
    unreadable: rows.filter((row) => row === undefined).length,
  };
}

/** A source that the lines are joined with. */
function readJoined(source: Source, manifest: Manifest) {
  const read = manifest.files.filter((file) => file.source === source.name).map((file) => readFile(source, file, 0));
  return {
    name: source.name,
    columns: source.columns.map(({ name }) => name),
    rows: read.flatMap(({ rows }) => rows),
    unreadable: read.reduce((sum, file) => sum + file.unreadable, 0),
  };
}

const order = (one: Read, other: Read, latestBy: string | undefined): number => {
  const by = (read: Read): number => Number((latestBy === undefined ? 0 : read.row[latestBy]) ?? 0);
  const delivery = (read: Read): string => String(read.row['_headgate_delivery'] ?? '');
  if (by(one) !== by(other)) return by(one) - by(other);
  if (delivery(one) !== delivery(other)) return delivery(one) < delivery(other) ? -1 : 1;
  return one.age - other.age;
};

/** `value * 3`, the only expression of the campaign's pipelines. */
const factorOf = (expression: string): number => Number(/^value \* (\d+)$/.exec(expression)?.[1]);

export async function prepare(request: PrepareRequest, step: Step): Promise<object> {
  const { pipeline, stagingTable, manifestPath } = request;
  const { transform, expectations } = pipeline;
  const source = pipeline.sources.find(({ name }) => name === transform.from);
  if (source === undefined || transform.kind !== 'columns') throw new Error('not a pipeline of the campaign');
  const manifest = JSON.parse(readFileSync(manifestPath, 'utf8')) as Manifest;
  const files = manifest.files
    .filter((file) => file.source === source.name)
    .toSorted((a, b) => a.modifiedMs - b.modifiedMs || (a.path < b.path ? -1 : 1));
  const read = files.map((file, age) => readFile(source, file, age));
  const unreadable = read.reduce((sum, file) => sum + file.unreadable, 0);
  const all = read.flatMap(({ rows }) => rows);
  const joined = pipeline.sources
    .filter(({ name }) => name !== source.name)
    .map((other) => readJoined(other, manifest));
  const noteOf = (row: TableRow): TableRow =>
    Object.fromEntries(
      joined.flatMap(({ rows: notes, columns }) => {
        const note = notes.find(({ row: found }) => found['id'] === row['id'])?.row;
        return columns.filter((column) => column !== 'id').map((column) => [column, note?.[column] ?? null]);
      }),
    );
  const newest = new Map<unknown, Read>();
  for (const one of all) {
    const key = JSON.stringify(source.key.map((name) => one.row[name]));
    const known = newest.get(key);
    if (known === undefined || order(known, one, source.latestBy) <= 0) newest.set(key, one);
  }
  const rows = [...newest.values()].map(({ row: { _headgate_delivery: delivery, ...row } }) => ({
    ...row,
    ...noteOf(row),
    ...Object.fromEntries(
      transform.columns.map((column) => {
        if (column.kind !== 'expression') throw new Error('not a column of the campaign');
        return [column.name, Number(row['value']) * factorOf(column.expression)];
      }),
    ),
    ...(delivery === undefined ? {} : { _headgate_delivery: delivery }),
  }));
  await step('stages');
  writeJson(join(stagingTable, 'rows.json'), rows);
  const counts = { read: all.length + unreadable, quarantined: unreadable, duplicates: all.length - newest.size };
  const limit = ({ check }: { readonly check: string }): number => Number(/^value < (\d+)$/.exec(check)?.[1]);
  return {
    ...reportBase(request),
    job: 'prepare',
    sources: {
      [source.name]: { ...counts, kept: rows.length },
      ...Object.fromEntries(
        joined.map(({ name, rows: { length: kept }, unreadable: quarantined }) => [
          name,
          { read: kept + quarantined, quarantined, duplicates: 0, kept },
        ]),
      ),
    },
    rows: { ...counts, staged: rows.length, unjoined: 0 },
    quarantine: unreadable === 0 ? {} : { UnreadableValue: unreadable },
    expectations: expectations.map((rule) => ({
      ...{ name: rule.name, action: rule.action, checked: rows.length },
      failed: rows.filter((row) => !(Number((row as TableRow)['value']) < limit(rule))).length,
    })),
    bins: {},
    staging: { table: stagingTable, version: 0, rows: rows.length },
  };
}
