// The closed lists of the protocol, and what is decided by kind alone. No schema library: workflows and domain take them from here.

/** Versions of what is written: jobs, ledger entries, run records. */
export const jobProtocol = 1;
export const ledgerProtocol = 2;
export const runRecordProtocol = 1;

/** Column of a target table: when the content of the row came, as texts that sort. Names of people never begin like it. */
export const deliveryColumn = '_headgate_delivery';

/** All that a job can be; whoever parses a kind of job takes it from here. */
export const jobKinds = ['prepare', 'commit', 'maintain'] as const;

export type JobKind = (typeof jobKinds)[number];

export const maintenanceKinds = ['compact', 'zorder', 'cluster', 'vacuum-lite', 'vacuum-full'] as const;

export type MaintenanceKind = (typeof maintenanceKinds)[number];

export const runtimeNames = ['local', 'emr', 'emr-serverless', 'databricks'] as const;

export type RuntimeName = (typeof runtimeNames)[number];

export const phases = ['freeze', 'extract', 'prepare', 'gate', 'commit', 'publish'] as const;

export type Phase = (typeof phases)[number];

export const runOutcomes = ['committed', 'nothing-new', 'rejected', 'failed', 'cancelled'] as const;

export type RunOutcome = (typeof runOutcomes)[number];

/** Failure kinds, named after what happens next. */
export const failureKinds = {
  /** The input is wrong: stop, a person must look at the data. */
  data: { terminal: true },
  /** The pipeline, the worker or the request is wrong: stop. */
  config: { terminal: true },
  /** Access was refused: stop. */
  permission: { terminal: true },
  /** A frozen file changed or vanished before it was read: freeze a new batch. */
  'inputs-changed': { terminal: true },
  /** A service asked to slow down: retry later. */
  throttle: { terminal: false },
  /** A process, machine or network broke: retry. */
  infrastructure: { terminal: false },
  /** Another writer was faster: retry with a fresh read. */
  conflict: { terminal: false },
  /** Out of memory: retry with more, or stop and say so. */
  memory: { terminal: false },
  /** Someone asked for it: stop. */
  cancelled: { terminal: true },
  /** Not in this table: loud, and retried a bounded number of times. */
  unknown: { terminal: false },
} as const satisfies Record<string, { terminal: boolean }>;

export type FailureKind = keyof typeof failureKinds;

export const isFailureKind = (value: string): value is FailureKind => Object.hasOwn(failureKinds, value);
