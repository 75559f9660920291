// What the activities need from the outside, as the smallest interfaces. Adapters live in src/adapters by service.
import type { FailureKind } from '../contracts/failure';
import type { JobFailure, JobKind, JobReport } from '../contracts/job';
import type { MaintenanceSettings } from '../contracts/maintenance';
import type { RuntimeName } from '../contracts/pipeline';
import type { RuntimeTraits } from '../contracts/runtimes';

/** What a store tells about an object without reading it. */
export type ObjectStat = {
  /** Absolute path or URI. */
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  /** Present where the store keeps it (S3). A folder computes it, see `fingerprint`. */
  readonly etag?: string;
  readonly version?: string;
  /** When content, name or rights last changed: nobody can set it. Present where the store keeps it (folders). */
  readonly changedMs?: number;
  readonly inode?: number;
};

/** An object as it was when it was looked at: who reads it later hears when it is another one. */
export type Seen = Omit<ObjectStat, 'path'>;

export type CopyOptions = {
  /** Hears of progress. */
  readonly onBytes?: (bytes: number) => void;
  readonly signal?: AbortSignal;
  /** Content that the copy must have, else `InputChanged`: a fingerprint where there is one. */
  readonly seen?: Seen;
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
  /**
   * Bytes from `start` to before `end`, as far as there are any; an object that is gone is `InputVanished`, one that is
   * not what was seen `InputChanged`.
   */
  readRange(path: string, start: number, end: number, seen?: Seen): Promise<Uint8Array>;
  /** Atomic; the previous content is replaced as a whole. */
  writeText(path: string, text: string): Promise<void>;
  /** Atomic create. False when the object was there: its content stays. */
  putIfAbsent(path: string, text: string): Promise<boolean>;
  /** Whole or not at all. */
  copy(from: string, to: string, options?: CopyOptions): Promise<void>;
  /** A file or everything under a folder; nothing there is fine. */
  remove(path: string): Promise<void>;
  /** The one name of a place, there or not: links resolved, no doubled or trailing slashes, `s3` for `s3a` and `s3n`. */
  canonical(path: string): Promise<string>;
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

/** One attempt at a step, with the files that job and submitter leave for each other. */
export type JobAttempt = {
  readonly stepKey: string;
  readonly job: JobKind;
  readonly attempt: number;
  readonly requestPath: string;
  readonly reportPath: string;
  readonly failurePath: string;
};

export type JobSubmission = JobAttempt & {
  /** 1: as configured; each further one has twice the memory, up to the runtime's `largestSize`. */
  readonly size: number;
  /** State folder of the pipeline: what a job needs besides its request is laid there. */
  readonly state: string;
  /** Cluster that the job runs on, on runtimes that have clusters. */
  readonly cluster?: string;
};

/** Serializable pointer to a submitted job: enough for another worker to find it again. */
export type JobHandle = JobAttempt & {
  readonly runtime: RuntimeName;
  /** The runtime's own id of the job (local: process instance and job number; EMR: cluster and step). */
  readonly id: string;
  /** Where alone the job can be asked for, when it lives on one host. */
  readonly taskQueue?: string;
};

export type JobProgress = {
  readonly phase: string;
  readonly tasksDone: number;
  readonly tasksTotal: number;
};

/** Why a job ended, in the words of the runtime, which may know no cause. */
export type EndCause = { readonly kind: FailureKind; readonly text: string };

export type JobEnd = {
  readonly state: 'ended';
  readonly cause?: EndCause;
  /** Where the logs of the job lie. */
  readonly logs?: string;
};

export type JobStatus =
  | { readonly state: 'waiting' | 'starting' }
  | { readonly state: 'running'; readonly progress: JobProgress }
  | JobEnd
  /** The runtime does not know the job, or says something that nobody here understands. */
  | { readonly state: 'unknown'; readonly text: string };

export type JobOutcome =
  | { readonly kind: 'succeeded'; readonly report: JobReport }
  | { readonly kind: 'failed'; readonly failure: JobFailure }
  /** It ended and left neither report nor failure. */
  | { readonly kind: 'lost'; readonly reason: string; readonly cause?: FailureKind; readonly logs?: string }
  | { readonly kind: 'cancelled' };

/**
 * Where Spark jobs run. Every method may be called again after a crash of the caller. No status decides how a job ended:
 * its report and its failure do.
 */
export interface SparkRuntime {
  readonly name: RuntimeName;
  readonly traits: RuntimeTraits;
  /**
   * Does, and refuses, what can be before anybody is asked for the job: what fails here leaves nothing that must be looked for.
   * Default: nothing.
   */
  makeReady?(job: JobSubmission): Promise<void>;
  /** Starts the job. While the step has an open job, that is the answer, which may be of an earlier attempt. */
  submit(job: JobSubmission, token: string): Promise<JobHandle>;
  /**
   * The open job of this step, or undefined. Where a submit is looked up, two of one step at the same moment may be two jobs:
   * the one who wrote the request first submits, all others look for it. Absent where a second `submit` with the same token, at most 64 characters,
   * answers the first job.
   */
  find?(job: JobSubmission, token: string): Promise<JobHandle | undefined>;
  /** A runtime that hears of the end by itself may hold its answer for `wait`, and gives it at the end or on the signal. */
  status(handle: JobHandle, wait?: { readonly ms: number; readonly signal: AbortSignal }): Promise<JobStatus>;
  /** Asks for the end of a job that is open, and tells what is true now. */
  cancel(handle: JobHandle): Promise<JobStatus>;
}

export type HealthQuestion = {
  readonly table: string;
  readonly zorderBy: readonly string[];
  readonly clusterBy: readonly string[];
  readonly settings: Pick<
    MaintenanceSettings,
    'fileSize' | 'windowHours' | 'vacuumRetainHours' | 'vacuumFullEveryDays'
  >;
};
