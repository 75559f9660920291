// The resolved pipeline: what a pipeline file means once names, defaults and ${…} are settled. Not for workflows.
import { z } from 'zod';
import type { ClusterChoice } from './cluster-shape';
import { type Infer, named, text, texts } from './document-schema';
import { isTableUri } from './ids';
import { runtimeNames } from './kinds';
import { maintenanceSettings } from './maintenance-schema';

const flag = z.boolean();

const column = named('Column', {
  name: text.describe('Name in Headgate and in the target table.'),
  from: text.describe('Header in the file. Equals `name` unless renamed; unused when `expression` is set.'),
  type: text.describe('Spark SQL type as written in DDL, e.g. `int`, `decimal(18,2)`, `timestamp`.'),
  required: flag.describe('A null here sends the row to quarantine.'),
  format: text.exactOptional().describe('Spark datetime pattern for `date` and `timestamp` text; absent = ISO 8601.'),
  expression: text
    .exactOptional()
    .describe('Spark SQL over the other columns of the same source: a computed source column.'),
});
export type Column = Infer<typeof column>;

const csvOptions = named('CsvOptions', {
  delimiter: text.default(','),
  quote: text.default('"'),
  escape: text.default('"'),
  header: flag.default(true),
  encoding: text.default('utf-8').describe('Java charset name, lower case.'),
  nulls: texts.default([]).describe('Texts that mean null, besides the empty unquoted field.'),
  comment: text.exactOptional(),
  multiline: flag.default(false).describe('A quoted field may hold line breaks. Such files are read by one task each.'),
  trim: flag.default(false).describe('Strip blanks around unquoted values.'),
  extraColumns: z.enum(['warn', 'fail']).default('warn'),
});
export type CsvOptions = Infer<typeof csvOptions>;

const source = named('Source', {
  name: text,
  path: text.describe('Absolute path, glob, folder, or template with `{yyyy-MM-dd}` for `interval`.'),
  format: z.enum(['csv', 'parquet']),
  arrives: z.enum(['new-files', 'interval', 'snapshot']),
  every: z
    .enum(['hour', 'day', 'month'])
    .exactOptional()
    .describe('Length of one interval; only for `arrives: interval`.'),
  columns: z.array(column),
  key: texts,
  latestBy: text.exactOptional().describe('Column that orders versions of one key; the greatest wins.'),
  csv: csvOptions.exactOptional(),
  extract: z.enum(['in-place', 'copy']),
  holdAbove: z
    .number()
    .exactOptional()
    .describe(
      'Share of unreadable rows (0 to 1) above which the batch is held for a person; 1 = never. Absent: the default of the gate.',
    ),
});
export type Source = Infer<typeof source>;

const join = named('Join', {
  source: text,
  on: z.array(named('JoinKey', { left: text, right: text })),
  how: z.enum(['left', 'inner']),
});
export type Join = Infer<typeof join>;

const derivedColumn = z
  .discriminatedUnion('kind', [
    named('Expression', { kind: z.literal('expression'), name: text, expression: text }),
    named('Bin', {
      kind: z.literal('bin'),
      name: text,
      of: text.describe('Spark SQL expression that is binned.'),
      edges: texts.describe('Ascending decimal literals; bin i is the half-open range [edges[i-1], edges[i]).'),
      labels: texts.describe('One more than edges: below the first edge, between, at or above the last.'),
      missing: text.describe('Label of null.'),
    }),
  ])
  .meta({ id: 'DerivedColumn' });
export type DerivedColumn = Infer<typeof derivedColumn>;

const transform = z
  .discriminatedUnion('kind', [
    named('ColumnsTransform', {
      kind: z.literal('columns'),
      from: text,
      joins: z.array(join),
      columns: z.array(derivedColumn),
      select: texts
        .exactOptional()
        .describe('Target columns in order; absent = columns of `from`, of the joined sources, then derived.'),
    }),
    named('SqlTransform', {
      kind: z.literal('sql'),
      from: text.describe('The source whose rows the result stands for; its rows are accounted one by one.'),
      sql: text.describe('One query; every source is a view of its name.'),
    }),
  ])
  .meta({ id: 'Transform' });
export type Transform = Infer<typeof transform>;

export const expectationAction = z.enum(['warn', 'quarantine', 'fail']).meta({ id: 'Action' });

const expectation = named('Expectation', {
  name: text,
  check: text.describe('Spark SQL condition over the transformed row; null counts as failed.'),
  action: expectationAction,
  holdAbove: z
    .number()
    .exactOptional()
    .describe('Share of failed rows (0 to 1) above which the batch is held for a person.'),
});
export type Expectation = Infer<typeof expectation>;

export const tableUri = text
  .refine(isTableUri, {
    error: 'expected an absolute path or a URI, without doubled or trailing slashes, s3:// for S3',
  })
  .brand('TableUri')
  .describe('Absolute path or URI of the Delta table.');

export const target = named('Target', {
  table: tableUri,
  key: texts,
  partitionBy: texts,
  zorderBy: texts.describe('Columns that closed partitions are Z-ordered by.'),
  clusterBy: texts.describe("Columns of Delta's liquid clustering, for a table without partitions."),
  partitionsFixed: flag.describe(
    'The row of a key never moves to another partition, so a MERGE may skip partitions that the batch does not name. False (default) is always right; true on a table whose rows do move doubles the moved rows.',
  ),
  deletionVectors: flag.describe(
    'The table is made with deletion vectors: a MERGE marks changed rows instead of writing their files again.',
  ),
  evolve: z
    .enum(['add-columns'])
    .exactOptional()
    .describe('The table takes new columns of the batch. Absent: other columns than those of the table are refused.'),
});
export type Target = Infer<typeof target>;

const schedule = named('Schedule', {
  at: text.describe('Wall clock `HH:MM` in `timezone`.'),
  timezone: text,
  overlap: z.enum(['skip', 'buffer-one', 'buffer-all', 'cancel-other', 'allow-all']),
  catchupSeconds: z.number().describe('How late a missed start may still happen, seconds.'),
});

const runtimeName = z.enum(runtimeNames).meta({ id: 'RuntimeName' });

export const pipeline = named('Pipeline', {
  name: text,
  sources: z.array(source),
  transform,
  expectations: z.array(expectation),
  target,
  maintenance: maintenanceSettings,
  schedule: schedule.exactOptional(),
  runtime: runtimeName,
  timezone: text.describe('Zone in which timestamps without one are read and `date_format` works. Default UTC.'),
  gateWaitSeconds: z.number().describe('How long a held batch waits for a person, seconds. Default 7 days.'),
  state: text.describe('Folder for manifests, reports, staging and quarantine of this pipeline.'),
  definitionDigest: text.describe(
    'Digest over all that decides the staged rows: sources, transform, expectations, target key.',
  ),
});
/** `cluster` is of no concern to jobs, which are on one: it is no part of their protocol. */
export type Pipeline = Infer<typeof pipeline> & { readonly cluster?: ClusterChoice };
