// The frozen input of one run. Plain data.

export type InputFile = {
  readonly source: string;
  /** Where the file came from: the name people see in reports and quarantine. */
  readonly path: string;
  /** Where Spark reads it: `path` itself, or a copy in the batch folder. */
  readonly readPath: string;
  /** Bytes. */
  readonly size: number;
  /** Milliseconds since the epoch, as the store tells it. */
  readonly modifiedMs: number;
  /** Identity of the content: `sha256:<hex>` for folders, the ETag for S3. */
  readonly etag: string;
  /** Object version where the store has one. */
  readonly version?: string;
  /** Files of one source with the same shape have the same header (CSV) or schema (Parquet). Absent: look at the file. */
  readonly shape?: string;
  /** Bytes of the columns when unpacked, of Parquet. */
  readonly unpackedBytes?: number;
};

/** What a run is for: start inclusive, end exclusive, both ISO 8601 UTC. */
export type Interval = { readonly start: string; readonly end: string };

export type Manifest = {
  readonly protocol: 1;
  readonly pipeline: string;
  /** 32 hex digits over table name, definition, interval, `supersedes` and every file's source, path, size, etag and version. */
  readonly digest: string;
  /** The batch that was last in the table when content that had been committed before it came back. */
  readonly supersedes?: string;
  readonly interval?: Interval;
  readonly frozenAt: string;
  readonly files: readonly InputFile[];
};

/** The part of a manifest that travels through workflow history. */
export type FrozenBatch = {
  readonly digest: string;
  readonly manifestPath: string;
  readonly interval?: Interval;
  readonly fileCount: number;
  readonly bytes: number;
  /** Files that extract must copy before Spark can read them. */
  readonly toCopy: number;
  /** At most ten file names, for people. */
  readonly sample: readonly string[];
  readonly notices: readonly string[];
};
