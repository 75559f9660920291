// What a transform must hold to give one row per row of its `from` source, and columns with one meaning each.
import { compareDecimals } from '../contracts/pipeline-file-notation';
import { typeFamily } from '../contracts/pipeline-file-types';
import type { DerivedColumn, Join, Pipeline, Source, Transform } from '../contracts/pipeline';
import type { PipelineFile, TransformFile } from '../contracts/pipeline-file-schema';
import { reportTwins, reportUnknownColumns, sameName, type Report } from './check-sources';
import { suggest } from '../domain/suggest';
import type { FieldPath } from './issue';

type ColumnsTransform = Extract<Transform, { kind: 'columns' }>;

type RowColumn = { readonly name: string; readonly type: string; readonly source: string };

export function checkTransform(file: PipelineFile, pipeline: Pipeline, report: Report): void {
  const { transform, sources } = pipeline;
  const names = sources.map(({ name }) => name);
  if (file.transform?.from === undefined && sources.length > 1) {
    const remedy = `Add transform: { from: ${names[0]} }; one of: ${names.join(', ')}.`;
    report(['transform', 'from'], 'is missing: several sources could give the rows', remedy);
    return;
  }
  const from = sources.find(({ name }) => name === transform.from);
  if (from === undefined) {
    report(['transform', 'from'], '{value} is not a source', suggest(transform.from, names, 'Sources'));
    return;
  }
  if (from.key.length === 0 && (file.sources[from.name]?.key ?? []).length === 0) {
    const problem = 'has no key, and the rows of the table come from it';
    const remedy =
      'Add key: […]; without a natural key compute one: { expr: "sha2(to_json(struct(…)), 256)", type: string! }.';
    report(['sources', from.name], problem, remedy, { atKey: true });
  }
  if (transform.kind === 'sql') checkSql(file, transform, sources, report);
  else checkColumnsTransform(file.transform?.join ?? {}, transform, from, sources, report);
}

function checkSql(
  file: PipelineFile,
  transform: Extract<Transform, { kind: 'sql' }>,
  sources: readonly Source[],
  report: Report,
): void {
  for (const key of ['join', 'columns', 'select'] as const) {
    if (file.transform?.[key] === undefined) continue;
    report(['transform', key], 'contradicts sql, which replaces it', `Remove ${key} or sql.`, { atKey: true });
  }
  for (const { name } of sources) {
    if (new RegExp(`\\b${name}\\b`, 'i').test(transform.sql)) continue;
    const problem = `source ${name} is not used by the query`;
    report(['sources', name], problem, 'Use it, or remove it.', { atKey: true });
  }
}

function checkColumnsTransform(
  written: NonNullable<TransformFile['join']>,
  transform: ColumnsTransform,
  from: Source,
  sources: readonly Source[],
  report: Report,
): void {
  let row: readonly RowColumn[] = columnsOf(from);
  // A wrong join makes the row wrong: what follows from it alone is not told.
  let sound = true;
  for (const join of transform.joins) {
    const right = sources.find(({ name }) => name === join.source);
    const at = ['transform', 'join', join.source];
    if (right === undefined) {
      const names = sources.map(({ name }) => name).filter((name) => name !== from.name);
      report(at, `'${join.source}' is not a source`, suggest(join.source, names, 'Sources'), { atKey: true });
      sound = false;
      continue;
    }
    if (right === from) {
      const problem = `joins ${from.name} to itself`;
      report(at, problem, 'Declare the files as a second source with another name.', { atKey: true });
      continue;
    }
    sound = checkJoin(join, written[join.source]?.on ?? '', right, row, report) && sound;
    row = [
      ...row,
      ...columnsOf(right).filter(({ name }) => !join.on.some((on) => on.right === name && on.left === name)),
    ];
  }
  if (!sound) return;
  for (const { name } of sources) {
    if (name === from.name || transform.joins.some((join) => join.source === name)) continue;
    report(['sources', name], 'is never used', `Add transform: { join: { ${name}: … } }, or remove it.`, {
      atKey: true,
    });
  }
  checkRow(transform, row, report);
}

const columnsOf = (source: Source): readonly RowColumn[] =>
  source.columns.map(({ name, type }) => ({ name, type, source: source.name }));

type OnFile = NonNullable<TransformFile['join']>[string]['on'];

/** Where the columns of the n-th condition stand, and how a message names them. */
function placeOn(on: OnFile, index: number, at: FieldPath) {
  if (typeof on === 'string') return { path: at, left: '{value}', atKey: false };
  if (Array.isArray(on)) return { path: [...at, index], left: '{value}', atKey: false };
  const [left = ''] = Object.keys(on).slice(index);
  return { path: [...at, left], left: `'${left}'`, atKey: true };
}

/** False when the row that comes of it is not what the writer meant. */
function checkJoin(join: Join, written: OnFile, right: Source, row: readonly RowColumn[], report: Report): boolean {
  const at = ['transform', 'join', join.source, 'on'];
  const rightNames = right.columns.map(({ name }) => name);
  let sound = right.key.every((key) => rightNames.includes(key));
  const refuse: Report = (...problem) => {
    report(...problem);
    sound = false;
  };
  for (const [index, on] of join.on.entries()) {
    const { path, left: leftName, atKey } = placeOn(written, index, at);
    const left = row.find(({ name }) => name === on.left);
    const column = right.columns.find(({ name }) => name === on.right);
    if (left === undefined) {
      const known = row.map(({ name }) => name);
      refuse(path, `${leftName} is not a column of the rows so far`, suggest(on.left, known, 'Columns'), { atKey });
    } else if (column === undefined) {
      const problem = `{value} is not a column of source ${right.name}`;
      refuse(path, problem, suggest(on.right, rightNames, 'Columns'));
    } else if (typeFamily(left.type) !== typeFamily(column.type)) {
      const problem = `${on.left} is ${left.type}, ${right.name}.${on.right} is ${column.type}: they cannot be compared`;
      refuse(path, problem, 'Declare both with one type.');
    }
  }
  const joined = new Set(join.on.map((on) => on.right));
  const isKey = right.key.length === joined.size && right.key.every((key) => joined.has(key));
  if (!isKey && sound) {
    const key = right.key.length === 0 ? 'it has no key' : `its key is [${right.key.join(', ')}]`;
    const problem = `does not join source ${right.name} by exactly its key (${key}): rows could multiply`;
    refuse(at, problem, `Join on the key of ${right.name}, or correct that key.`);
  }
  if (rightNames.some((name) => sameName(name, 'matched'))) {
    const problem = `source ${right.name} has a column 'matched', which stands for the outcome of the join`;
    report(['sources', right.name, 'columns'], problem, 'Rename it: { from: matched, type: … }.');
  }
  return sound;
}

function checkRow(transform: ColumnsTransform, row: readonly RowColumn[], report: Report): void {
  const sources = [transform.from, ...transform.joins.map((join) => join.source)];
  const isSource = (column: string): boolean => sources.some((source) => sameName(source, column));
  for (const [index, column] of row.entries()) {
    const at = ['sources', column.source, 'columns', column.name];
    const twin = row
      .slice(0, index)
      .find(({ name, source }) => source !== column.source && sameName(name, column.name));
    const rename = `${column.source}_${column.name}: { from: ${column.name}, type: ${column.type} }.`;
    if (twin !== undefined) {
      const problem = `'${column.name}' stands in ${twin.source} and in ${column.source}`;
      report(at, problem, `Rename one, for example ${rename}`, { atKey: true });
    } else if (isSource(column.name)) {
      const problem = `'${column.name}' is also the name of a source`;
      report(at, problem, `Rename the source, or the column: ${rename}`, { atKey: true });
    }
  }
  reportTwins(
    transform.columns.map(({ name }) => name),
    ['transform', 'columns'],
    'column',
    report,
  );
  for (const derived of transform.columns) {
    const at = ['transform', 'columns', derived.name];
    const twin = row.find(({ name }) => sameName(name, derived.name));
    if (twin !== undefined) {
      const problem = `'${derived.name}' is also a column of source ${twin.source}`;
      report(at, problem, 'Give the derived column another name.', { atKey: true });
    } else if (isSource(derived.name)) {
      report(at, `'${derived.name}' is also the name of a source`, 'Give the derived column another name.', {
        atKey: true,
      });
    }
    if (derived.kind === 'bin') checkBin(derived, report);
  }
  if (transform.select === undefined) return;
  const known = [...row, ...transform.columns].map(({ name }) => name);
  reportUnknownColumns(transform.select, known, ['transform', 'select'], 'the transformed row', report);
}

function checkBin(bin: Extract<DerivedColumn, { kind: 'bin' }>, report: Report): void {
  const at = ['transform', 'columns', bin.name];
  for (const [index, edge] of bin.edges.entries()) {
    const previous = bin.edges[index - 1];
    if (previous !== undefined && compareDecimals(previous, edge) >= 0) {
      const problem = '{value} is not greater than the edge before it: bins would overlap';
      report([...at, 'edges', index], problem, 'List the edges in ascending order, each once.');
    }
  }
  const wanted = bin.edges.length + 1;
  if (bin.labels.length !== wanted) {
    const problem = `${bin.edges.length} edges make ${wanted} bins, but there are ${bin.labels.length} labels`;
    report(
      [...at, 'labels'],
      problem,
      `Write ${wanted} labels: below the first edge, between edges, from the last edge on.`,
    );
  }
  for (const [index, label] of bin.labels.entries()) {
    if (bin.labels.indexOf(label) < index) report([...at, 'labels', index], '{value} is a label twice', 'Rename one.');
  }
  if (bin.labels.includes(bin.missing)) {
    const problem = `the label of null ('unknown' by default) is also the label of a bin`;
    report([...at, 'missing'], problem, 'Write another text for missing.');
  }
}

/** Columns of the table in order; undefined when only Spark can tell (SQL). */
export function targetColumns(pipeline: Pipeline): readonly string[] | undefined {
  const { transform, sources } = pipeline;
  if (transform.kind === 'sql') return undefined;
  if (transform.select !== undefined) return transform.select;
  const namesOf = (name: string): readonly string[] =>
    sources.find((source) => source.name === name)?.columns.map((column) => column.name) ?? [];
  const all = [transform.from, ...transform.joins.map((join) => join.source)].flatMap(namesOf);
  return [...new Set([...all, ...transform.columns.map(({ name }) => name)])];
}
