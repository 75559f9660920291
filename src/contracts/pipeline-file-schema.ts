// The shape of a pipeline file. Every scalar arrives as the text that was written (YAML's failsafe schema), so labels
// such as 18-25, yes or 007 stay what they are; this file names the words, other files say what they mean together.
import { z } from 'zod';
import * as notation from './pipeline-file-notation';
import { runtimeFile } from './pipeline-file-runtime';
import { parseColumnText } from './pipeline-file-types';
import { fields, flag, options, text, word } from './pipeline-file-words';

const columnNames = (description: string) => z.array(text('Column name.')).min(1).meta({ description });

/** Unquoted identifiers of Spark SQL; `_headgate…` and `_hg_…` are ours. */
const identifierPattern = /^(?!_headgate|_hg_)[A-Za-z_][A-Za-z0-9_]{0,127}$/;
const expectationNamePattern = /^[A-Za-z_][A-Za-z0-9_-]{0,127}$/;

const identifier = z.string().regex(identifierPattern, {
  error: 'Use letters, digits and _, not starting with a digit, _headgate or _hg_; rename a header with { from: … }.',
});

const expression = (description: string) => text(description, notation.parseExpression);

const longColumn = fields(
  {
    from: text('Header in the file, when it differs from the column name.').optional(),
    type: text('Spark type; ! after it: null goes to quarantine.', parseColumnText),
    format: text('Spark datetime pattern of the text; default ISO 8601. Only for date and timestamp.').optional(),
    expr: expression('Spark SQL over the other columns of this source: the column is computed, not read.').optional(),
  },
  'A column that is renamed or computed.',
);

const csv = options(
  {
    delimiter: text('Character between fields: "," ";" "|" tab space. Default comma.', notation.parseCharacter),
    quote: text('Character around fields. Default ".', notation.parseCharacter),
    escape: text('Character before a quote inside a field. Default: the quote itself.', notation.parseCharacter),
    header: flag('The first line names the columns. false: columns are taken by position. Default true.'),
    encoding: text('Character encoding: utf-8, windows-1252, iso-8859-1, … Default utf-8.', notation.parseEncoding),
    nulls: z
      .array(z.string().meta({ type: ['string', 'number', 'boolean', 'null'] }))
      .meta({ description: 'Texts that mean null, besides the empty field. Default none.' }),
    comment: text('Lines that start with this character are skipped. Default none.', notation.parseCharacter),
    multiline: flag('Quoted fields may hold line breaks; such a file is read by one task. Default false.'),
    trim: flag('Strip blanks around unquoted values. Default false.'),
    extra_columns: word('Columns that are not declared: reported, or the batch is refused.', ['warn', 'fail'], 'warn'),
  },
  'How CSV text is read. A name that ends in .gz is unpacked.',
);

const source = fields(
  {
    path: text(
      'File, glob, folder, or a template such as ${RAW}/{yyyy-MM-dd}.csv for arrives: interval. Relative paths start ' +
        'at the working directory; s3:// is kept.',
    ),
    format: word('File format.', ['csv', 'parquet']),
    arrives: word(
      'new-files: each file once. interval: the path holds the logical date. snapshot: read whole each run.',
      ['new-files', 'interval', 'snapshot'],
      'new-files',
    ).optional(),
    every: word('Length of one interval, for arrives: interval.', ['hour', 'day', 'month'], 'day').optional(),
    columns: z
      .record(
        identifier,
        z.union([text('Type, with ! when null goes to quarantine, then a date pattern.', parseColumnText), longColumn]),
      )
      .meta({ description: 'Columns to read, by name. Others in the file are reported and left out.' }),
    key: columnNames('Columns that identify a row: null goes to quarantine, the latest of equal keys wins.').optional(),
    latest_by: text('Column that orders versions of one key; the greatest wins. Default: the newest file.').optional(),
    csv: csv.optional(),
    extract: word(
      'in-place: Spark reads the files where they are. copy: they are copied to the state folder first.',
      ['in-place', 'copy'],
      'in-place',
    ).optional(),
    hold_above: text(
      'Share of unreadable rows above which a person decides, as 5% or 0.05, or off. Default: more than 5% and more ' +
        'than 10 rows, or every row.',
      notation.parseShareOrOff,
      { type: ['string', 'number'] },
    ).optional(),
  },
  'Files of one shape.',
);

const join = fields(
  {
    on: z
      .union([text('Column of the same name on both sides.'), columnNames('…'), z.record(identifier, text('…'))])
      .meta({ description: 'A column, a list of columns, or { left: right }. The right side is exactly its key.' }),
    how: word('left keeps rows without a match; inner counts them as unjoined.', ['left', 'inner'], 'left').optional(),
  },
  'A source joined to the rows.',
);

const bin = fields(
  {
    bin: expression('Spark SQL expression to bin.'),
    edges: z
      .array(text('Edge.', notation.parseDecimal, { type: ['number', 'string'] }))
      .min(1)
      .meta({ description: 'Ascending edges; a bin holds its lower edge and not its upper one.' }),
    labels: z
      .array(text('Label.', undefined, { type: ['string', 'number', 'boolean'] }))
      .meta({ description: 'One more than edges: below the first, between, from the last on.' }),
    missing: text('Label of null. Default unknown.', undefined, { type: ['string', 'number', 'boolean'] }).optional(),
  },
  'A column of labels; total over null and any value.',
);

const transform = fields(
  {
    from: text('Source whose rows become the rows of the table. Default: the only source.').optional(),
    join: z.record(identifier, join).optional().meta({ description: 'Sources joined to it, in this order.' }),
    columns: z
      .record(identifier, z.union([expression('Spark SQL over the joined row.'), bin]))
      .optional()
      .meta({ description: 'Derived columns. customers.matched tells whether a joined row was found.' }),
    select: columnNames('Columns of the table, in order. Default: all.').optional(),
    sql: text('A .sql file beside this file, or one query: replaces join, columns and select.').optional(),
  },
  'From sources to the rows of the table.',
);

const expectation = fields(
  {
    check: expression('Spark SQL condition over the transformed row. Null counts as failed.'),
    action: word(
      'warn: counted. quarantine: the row goes aside. fail: the batch is held when any row fails, or more than hold_above.',
      ['warn', 'quarantine', 'fail'],
      'warn',
    ).optional(),
    hold_above: text('Share of failed rows above which a person decides, as 5% or 0.05.', notation.parseShare, {
      type: ['string', 'number'],
    }).optional(),
  },
  'A rule on rows.',
);

const target = fields(
  {
    table: text('Folder or s3:// of the Delta table; made by the first run.'),
    key: columnNames('Columns that identify a row of the table. Default: the key of `from`.').optional(),
    partition_by: columnNames('Partition columns. Default none.').optional(),
    zorder_by: columnNames('Columns that closed partitions are clustered by. Default none.').optional(),
    cluster_by: columnNames(
      'Columns of liquid clustering, at most 4, for a table without partition_by and zorder_by. Default none.',
    )
      .max(4)
      .optional(),
    partitions_fixed: flag(
      'true: a key never moves to another partition, so a MERGE reads only the partitions of the batch. Rows that do ' +
        'move would be doubled. Default false, always right.',
    ).optional(),
    deletion_vectors: flag(
      'true: a new table has deletion vectors, so a MERGE marks changed rows instead of writing their files again. All ' +
        'readers of the table must know them. Default false.',
    ).optional(),
    evolve: word(
      'add-columns: the table takes new columns of the batch, null in the rows that it has. none: they are refused, as is any other difference.',
      ['none', 'add-columns'],
      'none',
    ).optional(),
  },
  'The Delta table.',
);

const maintenance = options(
  {
    optimize: word('Compact and cluster when it pays, or never.', ['auto', 'off'], 'auto'),
    file_size: text('Size that compaction aims at. Default 64 MiB.', notation.parseFileSize),
    compact_from: text('Small files in a partition from which it is compacted. Default 8.', notation.parseCount(2)),
    cluster_above: text(
      'Share of what a clustering writes again that must be new: of a closed partition for zorder_by. Default 20%.',
      notation.parseShare,
    ),
    closed_after: text(
      'A partition is closed when this many batches in a row have not written to it. Default 3.',
      notation.parseCount(1),
    ),
    rewrite_budget: text(
      'Bytes that upkeep may write again per byte that came in, over a week. Default 2.',
      notation.parseFactor,
    ),
    quiet_hours: text(
      'Hours in which compaction and clustering may run, as "22:00-05:30" in the timezone of the pipeline. Default: always.',
      notation.parseQuietHours,
    ),
    adopt: flag(
      'true: upkeep also takes a table that Headgate did not make. Default false: it leaves such a table alone.',
    ),
    vacuum: options(
      {
        retain: text(
          'How long files of old versions stay for readers: longer than the longest query. VACUUM adds a day, the ' +
            'longest job. A longer time in the table itself counts. Default 7 days, at least 1 hour.',
          notation.parseDurationFrom(3600, '1 hour'),
        ),
        ceiling: text(
          'Share of all files of the table above which a VACUUM deletes nothing and waits for a person. Default 50%.',
          notation.parseShare,
        ),
        full_every: text(
          'How often the whole folder is searched for files that crashed jobs left. Default 30 days.',
          notation.parseDurationFrom(86_400, '1 day'),
        ),
      },
      'Removal of files that no version in the retention time needs.',
    ),
  },
  'Upkeep of the table.',
);

const schedule = fields(
  {
    at: text('Wall clock of the daily start, as "02:30".', notation.parseClock),
    timezone: text('Zone of `at`. Default: the timezone of the pipeline.', notation.parseTimezone).optional(),
    overlap: word(
      'What happens when the previous run is still open.',
      ['skip', 'buffer-one', 'buffer-all', 'cancel-other', 'allow-all'],
      'skip',
    ).optional(),
    catchup: text(
      'How late a missed start may still happen. Default 1 day.',
      notation.parseDurationFrom(60, '1 minute'),
    ).optional(),
  },
  'Daily start.',
);

export const pipelineFileSchema = fields(
  {
    name: text(
      'Name of the pipeline: lower case letters, digits and -. It names the state folder and workflows.',
      notation.parsePipelineName,
    ),
    sources: z.record(identifier, source).meta({ description: 'What is read, by name.' }),
    transform: transform.optional(),
    expectations: z
      .record(z.string().regex(expectationNamePattern, { error: 'Use letters, digits, _ and -.' }), expectation)
      .optional()
      .meta({ description: 'Rules on the transformed rows, by name.' }),
    target,
    maintenance: maintenance.optional(),
    schedule: schedule.optional(),
    runtime: runtimeFile.optional(),
    timezone: text('Zone of timestamps without one. Default UTC.', notation.parseTimezone).optional(),
    gate: fields(
      {
        wait: text(
          'How long a held batch waits for a person before it is rejected. Default 7 days.',
          notation.parseDurationFrom(60, '1 minute'),
        ).optional(),
      },
      'The decision between prepare and commit.',
    ).optional(),
    state: text(
      'Folder for manifests, reports, staging, quarantine. Default _headgate/<name> beside the table.',
    ).optional(),
  },
  'A Headgate pipeline. Any value may hold ${NAME} or ${NAME:-default}.',
);

export type PipelineFile = z.infer<typeof pipelineFileSchema>;
export type SourceFile = PipelineFile['sources'][string];
export type ColumnFile = SourceFile['columns'][string];
export type TransformFile = NonNullable<PipelineFile['transform']>;

/** JSON Schema (draft 2020-12) for editors. */
export const pipelineJsonSchema = (): Readonly<Record<string, unknown>> => ({
  ...z.toJSONSchema(pipelineFileSchema, { io: 'input', target: 'draft-2020-12' }),
  title: 'Headgate pipeline',
});
