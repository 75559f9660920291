// How a table wants to be kept and what is known of its health: plain data from pipeline file and log.

/** Settings of one table, resolved from `maintenance` of its pipeline file. */
export type MaintenanceSettings = {
  readonly optimize: 'auto' | 'off';
  /** Size that compaction aims at, bytes. Small files make a MERGE rewrite less; a scan wants large ones. */
  readonly targetFileBytes: number;
  /** A partition is compacted from this many small files on. */
  readonly minSmallFiles: number;
  /** A closed partition is clustered when more than this share of its bytes is not clustered yet, 0 to 1. */
  readonly zorderAbove: number;
  /** A partition is closed when this many ingests in a row have not written to it. */
  readonly closedAfterIngests: number;
  /** Bytes that maintenance may rewrite per byte ingested, over the window. */
  readonly rewriteBudget: number;
  /** Length of the sliding window, hours. */
  readonly windowHours: number;
  /** Time of day in which compaction and clustering may run; absent: always. `to` before `from` spans midnight. */
  readonly quietHours?: { readonly from: string; readonly to: string; readonly timezone: string };
  /** How long files of old versions are promised to readers, hours; VACUUM adds the longest job. */
  readonly vacuumRetainHours: number;
  /** VACUUM is held for a person when it would delete more than this share of the table's files, 0 to 1. */
  readonly vacuumCeiling: number;
  /** Days between two full VACUUMs, which find what crashed jobs left behind. */
  readonly fullVacuumDays: number;
};

/** Partition column to its value as the log writes it; null for the null partition; empty for an unpartitioned table. */
export type PartitionValues = Readonly<Record<string, string | null>>;

export type PartitionHealth = {
  readonly values: PartitionValues;
  readonly files: number;
  readonly bytes: number;
  readonly rows: number;
  /** By deletion vectors: still in the files, no longer in the table. */
  readonly deletedRows: number;
  /** What compaction would take up: under three quarters of the target size, or more than a fifth of the rows deleted. */
  readonly smallFiles: number;
  readonly smallBytes: number;
  /** Files and bytes that the last clustering of the partition has not seen; all of them when there was none. */
  readonly unclusteredFiles: number;
  readonly unclusteredBytes: number;
  /** Ingests since the last one that wrote to the partition: 0 when the last one did. */
  readonly ingestsSinceWrite: number;
  /**
   * Mean over the files of how many files, itself included, share a value range with it in the first column that the table is ordered by:
   * 1 is perfect, `files` is none at all. Absent without statistics, or columns to order by.
   */
  readonly overlapDepth?: number;
  /** Z-cubes of liquid clustering: groups of files that one clustering wrote together. Absent without any. */
  readonly cubes?: readonly { readonly files: number; readonly bytes: number }[];
};

export type TableHealth = {
  readonly table: string;
  readonly version: number;
  /** When the log was read, ISO 8601. */
  readonly at: string;
  readonly files: number;
  readonly bytes: number;
  readonly partitions: readonly PartitionHealth[];
  /** Files that only old versions need: all of them, and those older than the retention, which VACUUM may delete. */
  readonly held: { readonly files: number; readonly bytes: number };
  readonly expired: { readonly files: number; readonly bytes: number };
  /** Sum over the commits of the window. */
  readonly window: {
    readonly ingests: number;
    readonly ingestedBytes: number;
    /** Written again by compaction and clustering. */
    readonly rewrittenBytes: number;
  };
  /** When the table was made, ISO 8601. */
  readonly createdAt: string;
  /** The last VACUUMs that the log knows of, ISO 8601. */
  readonly lastVacuum: { readonly lite?: string; readonly full?: string };
  readonly log: { readonly files: number; readonly bytes: number; readonly commitsSinceCheckpoint: number };
  readonly savings: UpkeepSavings;
};

/** What upkeep did, by the commits that the log still holds. */
export type UpkeepSavings = {
  /** Time of the first of these commits, ISO 8601. */
  readonly since: string;
  readonly ingests: number;
  readonly ingestedBytes: number;
  readonly rewrittenBytes: number;
  /** Files that OPTIMIZE put together, and what they became. */
  readonly filesBefore: number;
  readonly filesAfter: number;
  /** Deleted for good by VACUUM. */
  readonly reclaimedFiles: number;
  readonly reclaimedBytes: number;
};

export const maintenanceKinds = ['compact', 'zorder', 'cluster', 'vacuum-lite', 'vacuum-full'] as const;

export type MaintenanceKind = (typeof maintenanceKinds)[number];
