// What the activities need from the outside, as the smallest interfaces. Adapters live in src/adapters by service.
import type { JobFailure, JobKind, JobReport } from '../contracts/job';
import type { MaintenanceSettings } from '../contracts/maintenance';

/** What a store tells about an object without reading it. */
export type ObjectStat = {
  /** Absolute path or URI. */
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** Present where the store keeps it (S3). A folder computes it, see `fingerprint`. */
  readonly etag?: string;
  readonly version?: string;
};

/** Files of a folder or a bucket. Paths are absolute; missing objects are `undefined`, never an error. */
export interface ObjectStore {
  /** Objects that match a path, a glob or lie under a folder; hidden names (`_`, `.`) left out; sorted by path. */
  list(pattern: string): Promise<readonly ObjectStat[]>;
  stat(path: string): Promise<ObjectStat | undefined>;
  /** True for a folder that is there, even when nothing lies in it (on S3: when anything does). */
  hasFolder(path: string): Promise<boolean>;
  /** Identity of the content: sha256 for folders, the ETag for S3. */
  fingerprint(stat: ObjectStat): Promise<string>;
  readText(path: string): Promise<string | undefined>;
  /** Bytes from `start` to before `end`, as far as there are any; an object that is gone is `InputVanished`. */
  readRange(path: string, start: number, end: number): Promise<Uint8Array>;
  /** Atomic; the previous content is replaced as a whole. */
  writeText(path: string, text: string): Promise<void>;
  /** Atomic create. False when the object was there: its content stays. */
  putIfAbsent(path: string, text: string): Promise<boolean>;
  /** Whole or not at all; `onBytes` hears of progress, `signal` stops it. */
  copy(from: string, to: string, options?: { onBytes?: (bytes: number) => void; signal?: AbortSignal }): Promise<void>;
  /** A file or everything under a folder; nothing there is fine. */
  remove(path: string): Promise<void>;
}

export interface Clock {
  now(): Date;
}

/** One flat record per event; `name` tells which, `time` is ISO 8601. */
export type Metric = { readonly name: string; readonly time: string } & Readonly<
  Record<string, string | number | boolean | null>
>;

export interface MetricSink {
  emit(metric: Metric): Promise<void>;
}

export type JobSubmission = {
  readonly stepKey: string;
  readonly job: JobKind;
  readonly attempt: number;
  readonly requestPath: string;
  readonly reportPath: string;
  readonly failurePath: string;
};

/** Serializable pointer to a submitted job: enough for another worker to find it again. */
export type JobHandle = JobSubmission & {
  readonly runtime: string;
  /** The runtime's own id of the job (local: process instance and job number; EMR: cluster and step). */
  readonly id: string;
};

export type JobProgress = {
  readonly phase: string;
  readonly tasksDone: number;
  readonly tasksTotal: number;
};

export type JobOutcome =
  | { readonly kind: 'succeeded'; readonly report: JobReport }
  | { readonly kind: 'failed'; readonly failure: JobFailure }
  /** The process that ran the job is gone and left neither report nor failure. */
  | { readonly kind: 'lost'; readonly reason: string }
  | { readonly kind: 'cancelled' };

/** Where Spark jobs run. Every method may be called again after a crash of the caller. */
export interface SparkRuntime {
  readonly name: string;
  /** The job of this step and attempt when it runs or has run, whoever submitted it. */
  find(submission: JobSubmission): Promise<JobHandle | undefined>;
  /** Starts the job; a second call for the same step key finds the first. */
  submit(submission: JobSubmission): Promise<JobHandle>;
  /** Follows the job to its end. Aborting the signal stops watching, not the job. */
  watch(handle: JobHandle, onProgress: (progress: JobProgress) => void, signal: AbortSignal): Promise<JobOutcome>;
  /** Ends the job and returns when it is terminal. */
  cancel(handle: JobHandle): Promise<void>;
}

export type HealthQuestion = {
  readonly table: string;
  readonly zorderBy: readonly string[];
  readonly clusterBy: readonly string[];
  readonly settings: Pick<MaintenanceSettings, 'targetFileBytes' | 'windowHours' | 'vacuumRetainHours'>;
};
