// What upkeep of a table may decide, asks and tells: plain data between the policy, the keeper and the maintain jobs.
import type { ClusterNeed } from './cluster';
import type { FailureSummary } from './failure';
import type { TableUri } from './ids';
import type { MaintainRequest, Unsubmitted } from './job';
import type { MaintenanceKind, MaintenanceSettings, PartitionValues, TableHealth, UpkeepSavings } from './maintenance';
import type { RuntimeName } from './pipeline';

/** One job of the keeper. */
export type MaintenanceAction = {
  readonly kind: MaintenanceKind;
  /** Partitions to rewrite; empty for VACUUM and for an unpartitioned table. */
  readonly partitions: readonly PartitionValues[];
  readonly files: number;
  /** Expected: written again by OPTIMIZE, deleted by VACUUM. */
  readonly bytes: number;
  /** Expected, in words and numbers: `48 files become 2`. */
  readonly gain: string;
  readonly reason: string;
  /** `cluster`: size from which on a z-cube is left alone by later clusterings, bytes. */
  readonly cubeBytes?: number;
};

/** An action that was looked at and not chosen. */
export type DeclinedAction = {
  readonly kind: MaintenanceKind;
  readonly partition?: PartitionValues;
  readonly reason: string;
};

export type MaintenancePlan = {
  readonly actions: readonly MaintenanceAction[];
  readonly declined: readonly DeclinedAction[];
  /** Bytes that may still be rewritten in this window, before this plan. */
  readonly budgetBytes: number;
  /** Why upkeep does not touch this table at all. */
  readonly refused?: string;
};

/** All that upkeep of a table needs to know of the pipeline that writes it. */
export type MaintenanceRequest = {
  readonly pipeline: string;
  readonly table: TableUri;
  readonly zorderBy: readonly string[];
  readonly clusterBy: readonly string[];
  readonly settings: MaintenanceSettings;
  readonly runtime: RuntimeName;
  /** State folder of the pipeline: requests and reports of the jobs lie there. */
  readonly state: string;
  readonly needs?: ClusterNeed;
  /** A person asks for this one: budget, quiet hours and thresholds do not count. */
  readonly now?: MaintenanceKind;
};

/** A maintain job without what the submitting activity fills in. */
export type MaintenanceJob = {
  readonly runtime: RuntimeName;
  readonly state: string;
  readonly needs?: ClusterNeed;
  readonly request: Unsubmitted<MaintainRequest>;
};

/** What a look at the table came to: the plan, and the jobs that carry it out, in order. */
export type MaintenanceLook = {
  readonly plan: MaintenancePlan;
  readonly jobs: readonly MaintenanceJob[];
  /** Small files in the partition that has most of them. */
  readonly mostSmallFiles: number;
  readonly held: TableHealth['held'];
  readonly savings: UpkeepSavings;
};

export type MaintenanceStep = {
  readonly kind: MaintenanceKind;
  readonly partitions: number;
  readonly filesAdded: number;
  readonly filesRemoved: number;
  readonly bytesAdded: number;
  readonly bytesRemoved: number;
  readonly version: number;
  readonly seconds: number;
};

export type MaintenanceResult = {
  readonly table: string;
  readonly plan: MaintenancePlan;
  readonly done: readonly MaintenanceStep[];
  /** Of earlier upkeep, before this plan. */
  readonly savings: UpkeepSavings;
  /** Jobs that were left for later because a commit was waiting. */
  readonly postponed: number;
  /** The job that ended the upkeep, if one did. */
  readonly failure?: FailureSummary;
};

/** How the keeper answers whoever asked for upkeep; `run`: which run of that workflow, as it was asked. */
export type MaintenanceReply = { readonly run?: string } & (
  | { readonly kind: 'done'; readonly result: MaintenanceResult }
  | { readonly kind: 'failed'; readonly failure: FailureSummary }
);

export type MaintainTableInput = {
  /** Name in the worker's pipeline folder, or a path that the worker can read. Default: the worker's default pipeline. */
  readonly pipeline?: string;
  /** Values for `${…}` in the pipeline file. */
  readonly variables?: Readonly<Record<string, string>>;
  readonly folder?: string;
  /** Do this now, whatever the policy says. Default: what the policy decides. */
  readonly now?: MaintenanceKind;
};
