// The resolved pipeline: what a pipeline file means once names, defaults and ${…} are settled.
// Plain data, no I/O and no schema library, so workflows and the Spark side can share it.
import type { MaintenanceSettings } from './maintenance';

/** Spark SQL type as written in DDL, e.g. `int`, `decimal(18,2)`, `timestamp`. */
export type SparkType = string;

export type Column = {
  /** Name in Headgate and in the target table. */
  readonly name: string;
  /** Header in the file. Equals `name` unless renamed; unused when `expression` is set. */
  readonly from: string;
  readonly type: SparkType;
  /** A null here sends the row to quarantine. */
  readonly required: boolean;
  /** Spark datetime pattern for `date` and `timestamp` text; absent = ISO 8601. */
  readonly format?: string;
  /** Spark SQL over the other columns of the same source: a computed source column. */
  readonly expression?: string;
};

export type CsvOptions = {
  readonly delimiter: string;
  readonly quote: string;
  readonly escape: string;
  readonly header: boolean;
  /** Java charset name, lower case. */
  readonly encoding: string;
  /** Texts that mean null, besides the empty unquoted field. */
  readonly nulls: readonly string[];
  readonly comment?: string;
  /** A quoted field may hold line breaks. Such files are read by one task each. */
  readonly multiline: boolean;
  /** Strip blanks around unquoted values. */
  readonly trim: boolean;
  readonly extraColumns: 'warn' | 'fail';
};

export type Arrival = 'new-files' | 'interval' | 'snapshot';

export type Source = {
  readonly name: string;
  /** Absolute path, glob, folder, or template with `{yyyy-MM-dd}` for `interval`. */
  readonly path: string;
  readonly format: 'csv' | 'parquet';
  readonly arrives: Arrival;
  /** Length of one interval; only for `arrives: interval`. */
  readonly every?: 'hour' | 'day' | 'month';
  readonly columns: readonly Column[];
  readonly key: readonly string[];
  /** Column that orders versions of one key; the greatest wins. */
  readonly latestBy?: string;
  readonly csv?: CsvOptions;
  readonly extract: 'in-place' | 'copy';
};

export type Join = {
  readonly source: string;
  readonly on: readonly { readonly left: string; readonly right: string }[];
  readonly how: 'left' | 'inner';
};

export type DerivedColumn =
  | { readonly kind: 'expression'; readonly name: string; readonly expression: string }
  | {
      readonly kind: 'bin';
      readonly name: string;
      /** Spark SQL expression that is binned. */
      readonly of: string;
      /** Ascending decimal literals; bin i is the half-open range [edges[i-1], edges[i]). */
      readonly edges: readonly string[];
      /** One more than edges: below the first edge, between, at or above the last. */
      readonly labels: readonly string[];
      /** Label of null. */
      readonly missing: string;
    };

export type Transform =
  | {
      readonly kind: 'columns';
      readonly from: string;
      readonly joins: readonly Join[];
      readonly columns: readonly DerivedColumn[];
      /** Target columns in order; absent = columns of `from`, of the joined sources, then derived. */
      readonly select?: readonly string[];
    }
  | {
      readonly kind: 'sql';
      /** The source whose rows the result stands for; its rows are accounted one by one. */
      readonly from: string;
      /** One query; every source is a view of its name. */
      readonly sql: string;
    };

export type Expectation = {
  readonly name: string;
  /** Spark SQL condition over the transformed row; null counts as failed. */
  readonly check: string;
  readonly action: 'warn' | 'quarantine' | 'fail';
  /** Share of failed rows (0 to 1) above which the batch is held for a person. */
  readonly holdAbove?: number;
};

export type Target = {
  /** Absolute path or URI of the Delta table. */
  readonly table: string;
  readonly key: readonly string[];
  readonly partitionBy: readonly string[];
  /** Columns that closed partitions are Z-ordered by. */
  readonly zorderBy: readonly string[];
  /** Columns of Delta's liquid clustering, for a table without partitions. */
  readonly clusterBy: readonly string[];
  /**
   * The row of a key never moves to another partition, so a MERGE may skip partitions that the batch does
   * not name. False (default) is always right; true on a table whose rows do move doubles the moved rows.
   */
  readonly partitionsFixed: boolean;
  /** The table is made with deletion vectors: a MERGE marks changed rows instead of writing their files again. */
  readonly deletionVectors: boolean;
};

export type Schedule = {
  /** Wall clock `HH:MM` in `timezone`. */
  readonly at: string;
  readonly timezone: string;
  readonly overlap: 'skip' | 'buffer-one' | 'buffer-all' | 'cancel-other' | 'allow-all';
  /** How late a missed start may still happen, seconds. */
  readonly catchupSeconds: number;
};

export type RuntimeName = 'local' | 'emr' | 'emr-serverless' | 'databricks';

export type Pipeline = {
  readonly name: string;
  readonly sources: readonly Source[];
  readonly transform: Transform;
  readonly expectations: readonly Expectation[];
  readonly target: Target;
  readonly maintenance: MaintenanceSettings;
  readonly schedule?: Schedule;
  readonly runtime: RuntimeName;
  /** Zone in which timestamps without one are read and `date_format` works. Default UTC. */
  readonly timezone: string;
  /** How long a held batch waits for a person, seconds. Default 7 days. */
  readonly gateWaitSeconds: number;
  /** Folder for manifests, reports, staging and quarantine of this pipeline. */
  readonly state: string;
  /** Digest over all that decides the staged rows: sources, transform, expectations, target key. */
  readonly definitionDigest: string;
};
