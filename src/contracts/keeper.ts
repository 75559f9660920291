// What the keeper of a table is asked, answers, tells and carries over when it continues as new. Plain data.
import type { ClusterNeed, JobCost } from './cluster';
import type { FailureSummary } from './failure';
import type { CommitReport, CommitRequest, Unsubmitted } from './job';
import type { RuntimeName } from './pipeline';
import type { MaintenanceLook, MaintenanceReply, MaintenanceRequest, MaintenanceStep } from './upkeep';

/** A commit request without what the submitting activity fills in. */
export type CommitJob = {
  readonly runtime: RuntimeName;
  readonly state: string;
  readonly needs?: ClusterNeed;
  /** How the table wants to be kept; absent: not at all. */
  readonly upkeep?: MaintenanceRequest;
  readonly request: Unsubmitted<CommitRequest>;
};

export type CommitReply = { readonly stepKey: string } & (
  | { readonly kind: 'committed'; readonly report: CommitReport; readonly cost?: JobCost }
  | { readonly kind: 'failed'; readonly failure: FailureSummary; readonly cost?: JobCost }
  | { readonly kind: 'withdrawn' }
  /** Taken back too late: it has begun, and its end is the next answer. Told to a strict withdrawal only. */
  | { readonly kind: 'running' }
  /** Nothing of this step is queued, running or just ended here: what became of it, only the table knows. */
  | { readonly kind: 'unknown' }
);

/** Who waits for the end of a commit. */
export type Waiter = {
  /** Workflow id. */
  readonly replyTo: string;
  /** Run id of that workflow: a later run of the same id asks for something new. Absent in requests of old runs. */
  readonly run?: string;
};

export type CommitAsk = Waiter & { readonly job: CommitJob };

export type WithdrawAsk = Waiter & {
  readonly stepKey: string;
  /**
   * A commit that has begun is answered with `running`, and a request of this run that comes after its withdrawal is not
   * taken any more. Absent in those of old runs, who would not understand.
   */
  readonly strict?: true;
};

/** A withdrawal whose request may still be on its way. */
export type Withdrawn = Waiter & { readonly stepKey: string };

export type QueuedCommit = {
  readonly request: CommitJob;
  readonly waiters: readonly Waiter[];
};

/** The commit that ended last, so that a waiter who asks twice is answered twice and not served twice. */
export type EndedCommit = {
  readonly generation: number;
  readonly waiters: readonly Waiter[];
  readonly reply: CommitReply;
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
  /** Run id of that workflow: a later run of the same id asks for something new. Absent in requests of old runs. */
  readonly run?: string;
};

/** Upkeep that has begun: a look, then its jobs one after another. */
export type UpkeepSession = {
  readonly request: MaintenanceRequest;
  /** Who asked for it; absent: the keeper itself. */
  readonly replyTo?: string;
  readonly run?: string;
  /** The first job runs even when a commit waits: upkeep has given way for long enough. */
  readonly owed: boolean;
  /** Absent until the table was looked at. */
  readonly look?: MaintenanceLook;
  readonly done: readonly MaintenanceStep[];
};

/** How long upkeep that is due, or was asked for, has given way to commits. */
export type GivenWay = { readonly since: number; readonly commits: number };

export type KeeperInput = {
  readonly table?: string;
  /** Carried over continue-as-new. Keepers of before 2026-12 knew their waiters by workflow id alone. */
  readonly queue?: readonly { readonly request: CommitJob; readonly waiters: readonly (Waiter | string)[] }[];
  readonly commits?: number;
  readonly lastVersion?: number;
  readonly last?: EndedCommit;
  readonly upkeep?: UpkeepState;
  readonly asked?: readonly AskedMaintenance[];
  readonly session?: UpkeepSession;
  readonly givenWay?: GivenWay;
  readonly withdrawn?: readonly Withdrawn[];
};

/** An answer of the keeper, by the signal that carries it. */
export type KeeperAnswer =
  | { readonly signal: 'commitDone'; readonly reply: CommitReply }
  | { readonly signal: 'maintenanceDone'; readonly reply: MaintenanceReply };

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
    /** Why upkeep does not touch this table at all. */
    readonly refused?: string;
    readonly failure?: FailureSummary;
  };
};
