// Public names: task queue, workflow ids, messages, search attributes. Changing one breaks open workflows and schedules.

export const defaultTaskQueue = 'headgate';

/** Served by the workers of one host and home alone: jobs that live there are asked for there. */
export const hostTaskQueue = (taskQueue: string, host: string): string => `${taskQueue}/${host}`;

export const messageNames = {
  progress: 'progress',
  decideGate: 'decideGate',
  cancelRun: 'cancelRun',
  requestCommit: 'requestCommit',
  acceptCommit: 'acceptCommit',
  withdrawCommit: 'withdrawCommit',
  commitDone: 'commitDone',
  requestMaintenance: 'requestMaintenance',
  acceptMaintenance: 'acceptMaintenance',
  maintenanceDone: 'maintenanceDone',
  continueAsNew: 'continueAsNew',
  table: 'table',
  leaseCluster: 'leaseCluster',
  giveBackCluster: 'giveBackCluster',
  clusterReady: 'clusterReady',
  closeCluster: 'closeCluster',
  cluster: 'cluster',
} as const;

/** Registered by the worker at start; the types are Temporal's. */
export const searchAttributeTypes = {
  HeadgatePipeline: 'KEYWORD',
  HeadgateTable: 'KEYWORD',
  HeadgateBatch: 'KEYWORD',
  HeadgateInterval: 'DATETIME',
  HeadgatePhase: 'KEYWORD',
  HeadgateOutcome: 'KEYWORD',
} as const;

/**
 * One open run of a pipeline into one table, or of one of its intervals. `table`: the first 8 hex digits of SHA-256 over the
 * canonical address. Runs that people start under other ids are theirs: the keeper makes what is the same once.
 */
export const runWorkflowId = (pipeline: string, table: string, interval?: string): string =>
  interval === undefined ? `run/${pipeline}/${table}` : `run/${pipeline}/${table}/${interval}`;

/** One open upkeep of a table that somebody asked for. */
export const maintainWorkflowId = (pipeline: string, table: string): string => `maintain/${pipeline}/${table}`;

/** The keeper of a table, wherever the request comes from. The path is part of the id: one table, one writer. */
export const keeperWorkflowId = (table: string): string => `table/${table.replace(/\/+$/, '')}`;

/** The keeper of a pool of clusters; a run's own pool is named after the run. */
export const clusterWorkflowId = (pool: string): string => `cluster/${pool}`;

/** What a tag of AWS may hold; two runs whose names become one share a pool, which does no harm. */
export const poolOfRun = (workflowId: string): string =>
  workflowId.replaceAll(/[^A-Za-z0-9_./=+@-]/g, '_').slice(0, 200);

/** One sweep at a time. */
export const reapWorkflowId = 'reap/clusters';
