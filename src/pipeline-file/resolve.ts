// A pipeline file of right shape to the resolved Pipeline: names, defaults, units. What it means is checked elsewhere.
import { parseTableUri, type TableUri } from '../contracts/ids';
import { defaultStateRoot } from '../contracts/layout';
import type { MaintenanceSettings } from '../contracts/maintenance';
import type {
  Column,
  CsvOptions,
  DerivedColumn,
  Join,
  Pipeline,
  Source,
  Target,
  Transform,
} from '../contracts/pipeline';
import * as notation from '../contracts/pipeline-file-notation';
import type { Parsed } from '../contracts/pipeline-file-notation';
import type { ColumnFile, PipelineFile, SourceFile, TransformFile } from '../contracts/pipeline-file-schema';
import { parseColumnText } from '../contracts/pipeline-file-types';
import { defaultMaintenance } from '../domain/upkeep/policy';
import { definitionDigest } from './digest';
import { known } from './known';
import { resolveRuntime } from './resolve-runtime';
import { resolvePath } from './paths';

const day = 86_400;

export function resolvePipeline(file: PipelineFile, cwd: string, sqlText: string | undefined): Pipeline {
  const sources = Object.entries(file.sources).map(([name, source]) => resolveSource(name, source, cwd));
  const from = file.transform?.from ?? sources[0]?.name ?? '';
  const table = parseTableUri(resolvePath(file.target.table, cwd));
  const timezone = file.timezone ?? 'UTC';
  const definition = {
    sources,
    transform: resolveTransform(from, file.transform ?? {}, sqlText),
    expectations: Object.entries(file.expectations ?? {}).map(([name, { check, action, hold_above: share }]) => ({
      name,
      check: known(notation.parseExpression(check)),
      action: action ?? 'warn',
      ...(share === undefined ? {} : { holdAbove: known(notation.parseShare(share)) }),
    })),
    target: resolveTarget(file.target, table, sources.find(({ name }) => name === from)?.key ?? []),
    timezone,
  };
  const schedule = file.schedule;
  const state = file.state === undefined ? defaultStateRoot(table, file.name) : resolvePath(file.state, cwd);
  return {
    name: file.name,
    ...definition,
    maintenance: resolveMaintenance(file.maintenance, timezone),
    ...(schedule === undefined
      ? {}
      : {
          schedule: {
            at: schedule.at,
            timezone: schedule.timezone ?? timezone,
            overlap: schedule.overlap ?? 'skip',
            catchupSeconds: schedule.catchup === undefined ? day : known(notation.parseDuration(schedule.catchup)),
          },
        }),
    ...resolveRuntime(file.runtime, state),
    gateWaitSeconds: file.gate?.wait === undefined ? 7 * day : known(notation.parseDuration(file.gate.wait)),
    state,
    definitionDigest: definitionDigest(definition),
  };
}

type MaintenanceFile = PipelineFile['maintenance'];

function resolveMaintenance(file: MaintenanceFile, timezone: string): MaintenanceSettings {
  const vacuum = file?.vacuum;
  const or = <T>(text: string | undefined, parse: (text: string) => Parsed<T>, fallback: T): T =>
    text === undefined ? fallback : known(parse(text));
  const hours = (text: string): Parsed<number> => ({ value: Math.ceil(known(notation.parseDuration(text)) / 3600) });
  const days = (text: string): Parsed<number> => ({ value: known(notation.parseDuration(text)) / day });
  const base = defaultMaintenance;
  return {
    optimize: file?.optimize ?? base.optimize,
    fileSize: or(file?.file_size, notation.parseFileSize, base.fileSize),
    compactFrom: or(file?.compact_from, notation.parseCount(2), base.compactFrom),
    clusterAbove: or(file?.cluster_above, notation.parseShare, base.clusterAbove),
    closedAfter: or(file?.closed_after, notation.parseCount(1), base.closedAfter),
    rewriteBudget: or(file?.rewrite_budget, notation.parseFactor, base.rewriteBudget),
    windowHours: base.windowHours,
    ...(file?.quiet_hours === undefined
      ? {}
      : { quietHours: { ...known(notation.parseQuietHours(file.quiet_hours)), timezone } }),
    ...(file?.adopt === 'true' ? { adopt: true } : {}),
    vacuumRetainHours: or(vacuum?.retain, hours, base.vacuumRetainHours),
    vacuumCeiling: or(vacuum?.ceiling, notation.parseShare, base.vacuumCeiling),
    vacuumFullEveryDays: or(vacuum?.full_every, days, base.vacuumFullEveryDays),
  };
}

function resolveSource(name: string, source: SourceFile, cwd: string): Source {
  const arrives = source.arrives ?? 'new-files';
  return {
    name,
    path: resolvePath(source.path, cwd),
    format: source.format,
    arrives,
    ...(arrives === 'interval' ? { every: source.every ?? 'day' } : {}),
    columns: Object.entries(source.columns).map(([column, spec]) => resolveColumn(column, spec)),
    key: source.key ?? [],
    ...(source.latest_by === undefined ? {} : { latestBy: source.latest_by }),
    ...(source.format === 'csv' ? { csv: resolveCsv(source.csv ?? {}) } : {}),
    extract: source.extract ?? 'in-place',
    ...(source.hold_above === undefined ? {} : { holdAbove: known(notation.parseShareOrOff(source.hold_above)) }),
  };
}

function resolveColumn(name: string, spec: ColumnFile): Column {
  if (typeof spec === 'string') return { name, from: name, ...known(parseColumnText(spec)) };
  const { format: inType, ...typed } = known(parseColumnText(spec.type));
  const format = spec.format ?? inType;
  return {
    name,
    from: spec.from ?? name,
    ...typed,
    ...(format === undefined ? {} : { format }),
    ...(spec.expr === undefined ? {} : { expression: known(notation.parseExpression(spec.expr)) }),
  };
}

function resolveCsv(csv: NonNullable<SourceFile['csv']>): CsvOptions {
  const character = (text: string | undefined, fallback: string): string =>
    text === undefined ? fallback : known(notation.parseCharacter(text));
  const quote = character(csv.quote, '"');
  return {
    delimiter: character(csv.delimiter, ','),
    quote,
    escape: character(csv.escape, quote),
    header: csv.header !== 'false',
    encoding: known(notation.parseEncoding(csv.encoding ?? 'utf-8')),
    nulls: csv.nulls ?? [],
    ...(csv.comment === undefined ? {} : { comment: character(csv.comment, '#') }),
    multiline: csv.multiline === 'true',
    trim: csv.trim === 'true',
    extraColumns: csv.extra_columns ?? 'warn',
  };
}

function resolveTransform(from: string, transform: TransformFile, sqlText: string | undefined): Transform {
  if (sqlText !== undefined) return { kind: 'sql', from, sql: known(notation.parseQuery(sqlText)) };
  return {
    kind: 'columns',
    from,
    joins: Object.entries(transform.join ?? {}).map(([source, { on, how }]): Join => ({
      source,
      on: resolveOn(on),
      how: how ?? 'left',
    })),
    columns: Object.entries(transform.columns ?? {}).map(([name, spec]): DerivedColumn =>
      typeof spec === 'string'
        ? { kind: 'expression', name, expression: known(notation.parseExpression(spec)) }
        : {
            kind: 'bin',
            name,
            of: known(notation.parseExpression(spec.bin)),
            edges: spec.edges,
            labels: spec.labels,
            missing: spec.missing ?? 'unknown',
          },
    ),
    ...(transform.select === undefined ? {} : { select: transform.select }),
  };
}

function resolveOn(on: NonNullable<TransformFile['join']>[string]['on']): Join['on'] {
  if (typeof on === 'string') return [{ left: on, right: on }];
  if (Array.isArray(on)) return on.map((column) => ({ left: column, right: column }));
  return Object.entries(on).map(([left, right]) => ({ left, right }));
}

const resolveTarget = (target: PipelineFile['target'], table: TableUri, fromKey: readonly string[]): Target => ({
  table,
  key: target.key ?? fromKey,
  partitionBy: target.partition_by ?? [],
  zorderBy: target.zorder_by ?? [],
  clusterBy: target.cluster_by ?? [],
  partitionsFixed: target.partitions_fixed === 'true',
  deletionVectors: target.deletion_vectors === 'true',
  ...(target.evolve === 'add-columns' ? { evolve: target.evolve } : {}),
});
