// How a table wants to be kept and what is known of its health: from pipeline file and log. Not for workflows.
import { z } from 'zod';
import { count, type Infer, named, text } from './document-schema';
import { maintenanceKinds } from './kinds';

export const maintenanceKind = z.enum(maintenanceKinds).meta({ id: 'MaintenanceKind' });

export const maintenanceSettings = named(
  'MaintenanceSettings',
  {
    optimize: z.enum(['auto', 'off']),
    fileSize: count.describe(
      'Size that compaction aims at, bytes. Small files make a MERGE rewrite less; a scan wants large ones.',
    ),
    compactFrom: count.describe('A partition is compacted from this many small files on.'),
    clusterAbove: z
      .number()
      .describe('A closed partition is clustered when more than this share of its bytes is not clustered yet, 0 to 1.'),
    closedAfter: count.describe('A partition is closed when this many ingests in a row have not written to it.'),
    rewriteBudget: z.number().describe('Bytes that maintenance may rewrite per byte ingested, over the window.'),
    windowHours: z.number().describe('Length of the sliding window, hours.'),
    quietHours: named('QuietHours', { from: text, to: text, timezone: text })
      .exactOptional()
      .describe(
        'Time of day in which compaction and clustering may run; absent: always. `to` before `from` spans midnight.',
      ),
    adopt: z
      .boolean()
      .exactOptional()
      .describe('Upkeep may touch the table although Headgate did not make it. Absent: it may not.'),
    vacuumRetainHours: z
      .number()
      .describe(
        'How long files of old versions are promised to readers, hours; VACUUM adds the longest job. A longer time in the table counts.',
      ),
    vacuumCeiling: z
      .number()
      .describe("VACUUM is held for a person when it would delete more than this share of the table's files, 0 to 1."),
    vacuumFullEveryDays: z
      .number()
      .describe('Days between two full VACUUMs, which find what crashed jobs left behind.'),
  },
  'Settings of one table, resolved from `maintenance` of its pipeline file.',
);
export type MaintenanceSettings = Infer<typeof maintenanceSettings>;

/** Partition column to its value as the log writes it; null for the null partition; empty for an unpartitioned table. */
export const partitionValues = z.record(text, text.nullable());
export type PartitionValues = Infer<typeof partitionValues>;

const fileSum = named('FileSum', { files: count, bytes: count });

const partitionHealth = named('PartitionHealth', {
  values: partitionValues,
  files: count,
  bytes: count,
  rows: count,
  deletedRows: count.describe('By deletion vectors: still in the files, no longer in the table.'),
  smallFiles: count.describe(
    'What compaction would take up: under three quarters of the target size, or more than a fifth of the rows deleted.',
  ),
  smallBytes: count,
  unclusteredFiles: count.describe(
    'Files and bytes that the last clustering of the partition has not seen; all of them when there was none.',
  ),
  unclusteredBytes: count,
  ingestsSinceWrite: count.describe('Ingests since the last one that wrote to the partition: 0 when the last one did.'),
  overlapDepth: z
    .number()
    .exactOptional()
    .describe(
      'Mean over the files of how many files, itself included, share a value range with it in the first column that the table is ordered by: 1 is perfect, `files` is none at all. Absent without statistics, or columns to order by.',
    ),
  cubes: z
    .array(fileSum)
    .exactOptional()
    .describe('Z-cubes of liquid clustering: groups of files that one clustering wrote together. Absent without any.'),
});
export type PartitionHealth = Infer<typeof partitionHealth>;

const upkeepSavings = named(
  'UpkeepSavings',
  {
    since: text.describe('Time of the first of these commits, ISO 8601.'),
    ingests: count,
    ingestedBytes: count,
    rewrittenBytes: count,
    filesBefore: count.describe('Files that OPTIMIZE put together, and what they became.'),
    filesAfter: count,
    reclaimedFiles: count.describe('Deleted for good by VACUUM.'),
    reclaimedBytes: count,
  },
  'What upkeep did, by the commits that the log still holds.',
);
export type UpkeepSavings = Infer<typeof upkeepSavings>;

export const tableHealth = named('TableHealth', {
  table: text,
  version: count,
  at: text.describe('When the log was read, ISO 8601.'),
  files: count,
  bytes: count,
  partitions: z.array(partitionHealth),
  held: fileSum.describe('Files that only old versions need.'),
  expired: fileSum.describe('Those of them that are older than the retention, which VACUUM may delete.'),
  window: named(
    'Window',
    {
      ingests: count,
      ingestedBytes: count,
      rewrittenBytes: count.describe('Written again by compaction and clustering.'),
    },
    'Sums over the commits of the window.',
  ),
  madeHere: z.boolean().describe('Headgate made the table: by its mark in the table, or by its first commit.'),
  retention: named('TableRetention', {
    hours: z
      .number()
      .describe(
        'Age from which VACUUM deletes a file: what is asked for, or what the table promises if that is longer.',
      ),
    promised: z.number().exactOptional().describe("By the table's own property; absent where it has none."),
    unreadable: text.exactOptional().describe('Why that property cannot be read: then nothing may be deleted.'),
  }),
  createdAt: text.exactOptional().describe('When the table was made, ISO 8601; absent where nothing tells.'),
  lastVacuum: named(
    'LastVacuum',
    { lite: text.exactOptional(), full: text.exactOptional() },
    'The last VACUUMs that the log knows of, ISO 8601.',
  ),
  log: named('LogHealth', {
    files: count,
    bytes: count,
    commitsSinceCheckpoint: z.int(),
    unread: count.describe(
      'Commits that may tell of files to delete and were too many to be read. What they tell counts as due.',
    ),
  }),
  savings: upkeepSavings,
});
export type TableHealth = Infer<typeof tableHealth>;
