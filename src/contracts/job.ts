// The job protocol between TypeScript and headgate_spark, version 1: one JSON request in, one JSON report out.
// Types only; job-schema.ts parses reports at the edge and test/golden holds examples that both languages read.
import type { Interval } from './batch';
import type { Pipeline, Target } from './pipeline';
import type { FailureSummary } from './failure';
import type { MaintenanceKind, PartitionValues } from './maintenance';

export const jobProtocol = 1;

/** A job that takes longer is looked for anew; VACUUM spares files that are younger than that, for it may own them. */
export const longestJobHours = 24;

/** All that a job can be; whoever parses a kind of job takes it from here. */
export const jobKinds = ['prepare', 'commit', 'maintain'] as const;

export type JobKind = (typeof jobKinds)[number];

type RequestBase = {
  readonly protocol: typeof jobProtocol;
  /** `pipeline/table/batch/job`. */
  readonly stepKey: string;
  /** Raised only by a deliberate redo. Becomes Delta's txnVersion. */
  readonly generation: number;
  /** Counts submissions of this step; names the failure file. */
  readonly attempt: number;
  /** Temporal workflow id of the run, for userMetadata and quarantine. */
  readonly run: string;
  readonly digest: string;
  /** Written once, by the first success (put-if-absent). */
  readonly reportPath: string;
  /** Written when this attempt fails. */
  readonly failurePath: string;
};

export type PrepareRequest = RequestBase & {
  readonly job: 'prepare';
  readonly pipeline: Pipeline;
  readonly manifestPath: string;
  /** Delta table of this batch alone; the report pins the version. */
  readonly stagingTable: string;
  /** Delta table of the pipeline; appended once per batch. */
  readonly quarantineTable: string;
};

export type CommitRequest = RequestBase & {
  readonly job: 'commit';
  readonly pipeline: string;
  readonly target: Target;
  /** Column of the staged row that orders versions of a key. */
  readonly latestBy?: string;
  readonly timezone: string;
  readonly interval?: Interval;
  readonly staging: Staging;
};

/** One slice of a maintenance plan; a long OPTIMIZE makes several versions of the table. */
export type MaintainRequest = RequestBase & {
  readonly job: 'maintain';
  /** Absolute path or URI of the Delta table. */
  readonly table: string;
  readonly kind: MaintenanceKind;
  /** Partitions to rewrite; empty: the whole table. */
  readonly partitions: readonly PartitionValues[];
  readonly zorderBy: readonly string[];
  readonly clusterBy: readonly string[];
  /** `cluster`: size from which on a z-cube is left alone, bytes. */
  readonly cubeBytes?: number;
  readonly targetFileBytes: number;
  /** Becomes the table property that VACUUM and time travel obey, hours. */
  readonly retainHours: number;
  /** Largest share of the table's files, old and new, that a VACUUM may delete, 0 to 1. */
  readonly vacuumCeiling: number;
};

export type JobRequest = PrepareRequest | CommitRequest | MaintainRequest;

export type Staging = { readonly table: string; readonly version: number; readonly rows: number };

/** Rows of one source by fate; `read = kept + quarantined + duplicates`. */
export type SourceRows = {
  readonly read: number;
  readonly kept: number;
  readonly quarantined: number;
  /** Dropped because another row of the batch with the same key stands for them. */
  readonly duplicates: number;
};

export type ExpectationResult = {
  readonly name: string;
  readonly action: 'warn' | 'quarantine' | 'fail';
  readonly checked: number;
  readonly failed: number;
};

export type Warning = {
  /** Stable name, e.g. `ExtraColumns`, `EmptyFile`. */
  readonly type: string;
  readonly message: string;
};

type ReportBase = {
  readonly protocol: typeof jobProtocol;
  readonly stepKey: string;
  readonly generation: number;
  readonly attempt: number;
  readonly digest: string;
  readonly warnings: readonly Warning[];
  /** Seconds by part of the job. */
  readonly seconds: Readonly<Record<string, number>>;
  /** Versions of Spark, Delta, Java, Python. */
  readonly environment: Readonly<Record<string, string>>;
};

export type PrepareReport = ReportBase & {
  readonly job: 'prepare';
  readonly sources: Readonly<Record<string, SourceRows>>;
  /** Rows of the `from` source by fate; `read = staged + quarantined + duplicates + unjoined`. */
  readonly rows: {
    readonly read: number;
    readonly staged: number;
    readonly quarantined: number;
    readonly duplicates: number;
    /** Rows that an inner join or a SQL transform left out; counted, never silent. */
    readonly unjoined: number;
  };
  /** Quarantined rows by reason, all sources. */
  readonly quarantine: Readonly<Record<string, number>>;
  readonly expectations: readonly ExpectationResult[];
  /** Staged rows per bin label, per binned column. */
  readonly bins: Readonly<Record<string, Readonly<Record<string, number>>>>;
  readonly staging: Staging;
};

type TableVersion = {
  readonly path: string;
  readonly version: number;
  /** The work was found in the table's history, not done by this attempt. */
  readonly recovered: boolean;
};

export type CommitReport = ReportBase & {
  readonly job: 'commit';
  readonly rows: {
    readonly staged: number;
    readonly inserted: number;
    readonly updated: number;
    /** Equal to the row in the table, or older than it by `latestBy`. */
    readonly unchanged: number;
  };
  readonly table: TableVersion;
  readonly files: {
    readonly added: number;
    readonly removed: number;
    readonly bytesAdded: number;
    /** Target files before and after skipping, where the runtime can tell. */
    readonly scannedOf?: number;
    readonly scanned?: number;
  };
};

export type MaintainReport = ReportBase & {
  readonly job: 'maintain';
  /** What was done: `vacuum-full` also where LITE was asked for and the log no longer holds what it reads. */
  readonly kind: MaintenanceKind;
  readonly table: TableVersion;
  /** OPTIMIZE: files of the versions before and after. VACUUM: what was deleted for good. */
  readonly files: {
    readonly added: number;
    readonly removed: number;
    readonly bytesAdded: number;
    readonly bytesRemoved: number;
  };
};

export type JobReport = PrepareReport | CommitReport | MaintainReport;

/** What a failed attempt leaves in `failurePath`. */
export type JobFailure = FailureSummary & {
  readonly protocol: typeof jobProtocol;
  readonly stepKey: string;
  readonly attempt: number;
  /** The start of the original error text, for engineers. */
  readonly detail: string;
};
