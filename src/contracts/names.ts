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

/** One open run of a pipeline, or of one of its intervals: the id makes a second one join the first. */
export const runWorkflowId = (pipeline: string, interval?: string): string =>
  interval === undefined ? `run/${pipeline}` : `run/${pipeline}/${interval}`;

/** One open upkeep of a table that somebody asked for. */
export const maintainWorkflowId = (pipeline: string): string => `maintain/${pipeline}`;

/** The keeper of a table, wherever the request comes from. The path is part of the id: one table, one writer. */
export const keeperWorkflowId = (table: string): string => `table/${table.replace(/\/+$/, '')}`;
