// The frozen input of one run, without the schema library.
import type { Digest } from './ids';
import type { Interval } from './document-schema';
import type { TableBase } from './job-schema';

export type { Interval } from './document-schema';
export type { InputFile, Manifest } from './batch-schema';

/** The part of a manifest that travels through workflow history. */
export type FrozenBatch = {
  readonly digest: Digest;
  readonly manifestPath: string;
  readonly interval?: Interval;
  /** The table that it was planned against. Absent: there was none. */
  readonly base?: TableBase;
  readonly fileCount: number;
  readonly bytes: number;
  /** Files that extract must copy before Spark can read them. */
  readonly toCopy: number;
  /** At most ten file names, for people. */
  readonly sample: readonly string[];
  readonly notices: readonly string[];
};
