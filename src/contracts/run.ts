// Inputs, results and views of the workflows. Plain data; every input field is optional so that `{}` works from the UI.
import type { Interval } from './batch';
import type { FailureSummary } from './failure';
import type { CommitReport, CommitRequest } from './job';
import type { Phase, RunOutcome } from './kinds';
import type { RuntimeName } from './pipeline';
import type { MaintenanceRequest, MaintenanceStep } from './upkeep';

export { phases, type Phase, type RunOutcome } from './kinds';
export type { RunPipelineResult, RunRows } from './run-record-schema';

export type RunPipelineInput = {
  /** Name in the worker's pipeline folder, or a path that the worker can read. Default: the worker's default pipeline. */
  readonly pipeline?: string;
  /** Values for `${…}` in the pipeline file; they win over the worker's environment. Never put secrets here. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Where relative paths in the pipeline file start. Default: the worker's working directory. */
  readonly folder?: string;
  /** Interval to run for, e.g. `2026-11-23`, `2026-11`, `2026-11-23T05`. Default: the last complete one. */
  readonly interval?: string;
  /** Take the files again although they are in the table: the MERGE is made anew. Default false. */
  readonly redo?: boolean;
};

export type GateVerdict = {
  readonly decision: 'approve' | 'reject';
  readonly by: string;
  readonly why: string;
};

export type CancelRequest = { readonly by: string; readonly why: string };

export type PhaseState = 'waiting' | 'running' | 'held' | 'done' | 'skipped' | 'failed';

/** What the query `progress` answers, and what the run sheet is drawn from. */
export type RunProgress = {
  readonly pipeline?: string;
  readonly table?: string;
  readonly digest?: string;
  readonly interval?: Interval;
  readonly files?: number;
  readonly bytes?: number;
  readonly phases: readonly {
    readonly phase: Phase;
    readonly state: PhaseState;
    readonly seconds?: number;
    readonly note?: string;
  }[];
  /** Why a person is asked, while the gate is held. */
  readonly held?: readonly string[];
  readonly outcome?: RunOutcome;
};

export type KeeperInput = {
  readonly table?: string;
  /** Carried over continue-as-new. */
  readonly queue?: readonly QueuedCommit[];
  readonly commits?: number;
  readonly lastVersion?: number;
  readonly upkeep?: UpkeepState;
  readonly asked?: readonly AskedMaintenance[];
};

/** What a keeper remembers between two looks at its table. */
export type UpkeepState = {
  /** That of the last commit. */
  readonly request: MaintenanceRequest;
  /** No partition has more small files than this: those of the last look and what commits have added since. */
  readonly smallFiles: number;
  /** When to look again if nothing is committed before, milliseconds since 1970. Absent: only after commits. */
  readonly lookAt?: number;
};

export type AskedMaintenance = {
  readonly request: MaintenanceRequest;
  /** Workflow id that waits for the answer. */
  readonly replyTo: string;
};

export type QueuedCommit = {
  readonly request: CommitJob;
  /** Workflow ids that want to hear of the end. */
  readonly waiters: readonly string[];
};

/** A commit request without what the submitting activity fills in. */
export type CommitJob = {
  readonly runtime: RuntimeName;
  readonly state: string;
  /** How the table wants to be kept; absent: not at all. */
  readonly upkeep?: MaintenanceRequest;
  readonly request: Omit<CommitRequest, 'attempt' | 'reportPath' | 'failurePath'>;
};

export type CommitReply = { readonly stepKey: string } & (
  | { readonly kind: 'committed'; readonly report: CommitReport }
  | { readonly kind: 'failed'; readonly failure: FailureSummary }
  | { readonly kind: 'withdrawn' }
);

/** What the keeper's query `table` answers: why is it waiting? */
export type TableView = {
  readonly table: string;
  readonly running?: string;
  readonly queued: readonly string[];
  readonly commits: number;
  readonly lastVersion?: number;
  /** Files of the table that the last MERGE looked at, of how many, where the runtime can tell. */
  readonly lastMerge?: { readonly scanned: number; readonly scannedOf: number };
  /** What upkeep is doing now. */
  readonly maintaining?: string;
  readonly lastMaintenance?: {
    /** ISO 8601. */
    readonly at: string;
    /** What the policy chose and why, a line each. */
    readonly chosen: readonly string[];
    readonly done: readonly MaintenanceStep[];
    readonly declined: number;
    readonly failure?: FailureSummary;
  };
};
