// What the sources of a pipeline file must agree on: columns, keys, arrival and path, CSV options.
import type { Pipeline, Source } from '../contracts/pipeline';
import { parseDatetimePattern } from '../contracts/pipeline-file-types';
import type { PipelineFile, SourceFile } from '../contracts/pipeline-file-schema';
import { suggest } from '../domain/suggest';
import type { FieldPath } from './issue';
import { isIntervalTemplate, looksLikeTemplate, templatesIn } from './paths';

/** Takes one problem; `{value}` stands for the text at `path` as it was written. */
export type Report = (path: FieldPath, problem: string, remedy: string, options?: { readonly atKey: boolean }) => void;

export const sameName = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

/** Names that differ only in case are one name to Spark and Delta. */
export function reportTwins(names: readonly string[], above: FieldPath, what: string, report: Report): void {
  for (const [index, name] of names.entries()) {
    const twin = names.slice(0, index).find((earlier) => sameName(earlier, name));
    if (twin !== undefined) {
      report([...above, name], `'${name}' and '${twin}' are one ${what}: case does not count`, 'Rename one.', {
        atKey: true,
      });
    }
  }
}

/** Each entry of a list of column names must be a known column, once. */
export function reportUnknownColumns(
  list: readonly string[],
  known: readonly string[],
  above: FieldPath,
  what: string,
  report: Report,
): void {
  for (const [index, name] of list.entries()) {
    if (!known.includes(name))
      report([...above, index], `{value} is not a column of ${what}`, suggest(name, known, 'Columns'));
    else if (list.indexOf(name) < index) report([...above, index], '{value} is listed twice', 'Remove one.');
  }
}

export function checkSources(file: PipelineFile, pipeline: Pipeline, report: Report): void {
  if (pipeline.sources.length === 0) report(['sources'], 'names no source', 'Add at least one source.');
  reportTwins(
    pipeline.sources.map(({ name }) => name),
    ['sources'],
    'source',
    report,
  );
  for (const source of pipeline.sources) {
    const raw = file.sources[source.name];
    if (raw === undefined) continue;
    checkColumns(source, raw, report);
    checkArrival(source, raw, report);
    checkFormat(source, raw, report);
  }
  checkIntervals(pipeline.sources, report);
}

function checkColumns(source: Source, raw: SourceFile, report: Report): void {
  const above = ['sources', source.name];
  const names = source.columns.map(({ name }) => name);
  reportTwins(names, [...above, 'columns'], 'column', report);
  reportUnknownColumns(source.key, names, [...above, 'key'], `source ${source.name}`, report);
  if (source.latestBy !== undefined && !names.includes(source.latestBy)) {
    const problem = `{value} is not a column of source ${source.name}`;
    report([...above, 'latest_by'], problem, suggest(source.latestBy, names, 'Columns'));
  }
  if (source.columns.every(({ expression }) => expression !== undefined)) {
    report([...above, 'columns'], 'reads no column of the file', 'Declare at least one column without expr.');
  }
  const headers = new Map<string, string>();
  for (const column of source.columns) {
    const at = [...above, 'columns', column.name];
    const spec = raw.columns[column.name];
    if (typeof spec === 'object') checkLongColumn(spec, column.type, raw, at, report);
    if (column.expression !== undefined) continue;
    const earlier = headers.get(column.from);
    if (earlier !== undefined) {
      const remedy = `Compute one of them: { expr: ${earlier}, type: … }.`;
      report(at, `reads the same header as ${earlier}`, remedy, { atKey: true });
    }
    headers.set(column.from, column.name);
  }
}

type LongColumn = Exclude<SourceFile['columns'][string], string>;

function checkLongColumn(spec: LongColumn, type: string, raw: SourceFile, at: FieldPath, report: Report): void {
  if (spec.expr !== undefined && spec.from !== undefined) {
    report([...at, 'from'], 'contradicts expr: a column is read or computed', 'Remove from or expr.', { atKey: true });
  }
  if (spec.expr !== undefined && spec.format !== undefined) {
    report([...at, 'format'], 'contradicts expr: only text of the file has a format', 'Use to_date(…) in expr.', {
      atKey: true,
    });
  }
  if (spec.from !== undefined && raw.csv?.header === 'false') {
    report([...at, 'from'], 'has no effect: without a header columns are taken by position', 'Remove from.', {
      atKey: true,
    });
  }
  if (spec.format === undefined) return;
  if (/\S\s+\S/.test(spec.type.replace(/\([^)]*\)/, ''))) {
    report([...at, 'format'], 'is given twice, here and in type', 'Keep one.', { atKey: true });
  }
  const pattern = parseDatetimePattern(type, spec.format);
  if ('problem' in pattern) report([...at, 'format'], pattern.problem, pattern.remedy);
}

const needed = { month: ['yyyy', 'MM'], day: ['yyyy', 'MM', 'dd'], hour: ['yyyy', 'MM', 'dd', 'HH'] } as const;

function checkArrival(source: Source, raw: SourceFile, report: Report): void {
  const at = ['sources', source.name, 'path'];
  const templates = templatesIn(raw.path);
  if (source.arrives !== 'interval') {
    if (raw.every !== undefined) {
      const problem = `has no effect with arrives: ${source.arrives}`;
      report(['sources', source.name, 'every'], problem, 'Remove it, or write arrives: interval.', { atKey: true });
    }
    if (templates.some(looksLikeTemplate)) {
      const problem = `{value} holds a date template, but the source arrives as ${source.arrives}`;
      report(at, problem, 'Write arrives: interval, or * in place of the template.');
    }
    return;
  }
  const every = source.every ?? 'day';
  const letters = needed[every];
  const example = { month: '{yyyy-MM}', day: '{yyyy-MM-dd}', hour: '{yyyy-MM-dd-HH}' }[every];
  const remedy = `Write ${example} where the date stands: yyyy, MM, dd, HH with - _ . T between, or {yyyy}/{MM} for folders.`;
  if (templates.length === 0) {
    report(at, '{value} has no place for the date of the interval', remedy);
  } else if (!templates.every(isIntervalTemplate)) {
    report(at, '{value} has braces that are no date template', remedy);
  } else {
    const written = templates.join('-');
    const missing = letters.filter((part) => !written.includes(part));
    if (missing.length > 0) {
      report(at, `{value} lacks ${missing.join(', ')}: two intervals would read the same file`, remedy);
    }
    const finer = needed.hour.slice(letters.length).filter((part) => written.includes(part));
    if (finer.length > 0) {
      report(
        at,
        `{value} holds ${finer.join(', ')}, which an interval of one ${every} does not have`,
        `Write every: ${finer.includes('HH') ? 'hour' : 'day'}, or * in place of ${finer.join(', ')}.`,
      );
    }
  }
}

function checkFormat(source: Source, raw: SourceFile, report: Report): void {
  const above = ['sources', source.name];
  if (source.format === 'parquet' && raw.csv !== undefined) {
    report([...above, 'csv'], 'has no effect on a parquet source', 'Remove it, or write format: csv.', { atKey: true });
  }
  const ending = /\.(csv|tsv|txt|parquet|zip|7z|rar|xz|xlsx?)$/i.exec(raw.path)?.[1]?.toLowerCase();
  if (ending !== undefined && /^(zip|7z|rar|xz|xlsx?)$/.test(ending)) {
    report(
      [...above, 'path'],
      `files that end in .${ending} cannot be read`,
      'Unpack or convert them to CSV, .csv.gz or Parquet.',
    );
  } else if (ending !== undefined && (ending === 'parquet') !== (source.format === 'parquet')) {
    const remedy = `Write format: ${ending === 'parquet' ? 'parquet' : 'csv'}, or correct the path.`;
    report([...above, 'format'], `{value} does not fit a path that ends in .${ending}`, remedy);
  }
  if (source.csv === undefined) return;
  const { delimiter, quote, comment } = source.csv;
  if (delimiter === quote) report([...above, 'csv', 'quote'], 'is also the delimiter', 'Choose another character.');
  if (comment !== undefined && (comment === delimiter || comment === quote)) {
    report([...above, 'csv', 'comment'], 'is also the delimiter or the quote', 'Choose another character.');
  }
}

function checkIntervals(sources: readonly Source[], report: Report): void {
  const [first, ...others] = sources.filter(({ arrives }) => arrives === 'interval');
  for (const other of others) {
    if (other.every === first?.every) continue;
    const problem = `source ${other.name} is cut by ${other.every}, source ${first?.name} by ${first?.every}`;
    report(['sources', other.name, 'every'], problem, 'Use one interval length for a pipeline.', { atKey: true });
  }
}
