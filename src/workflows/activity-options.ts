// How long each activity may be silent, may take, and is tried again. Every activity has a row, or this does not compile;
// docs/architecture.md tells the same rows to people.
import { ActivityCancellationType, proxyActivities, type ActivityOptions } from '@temporalio/workflow';
import type { ClusterActivities } from '../activities/clusters';
import type { JobActivities } from '../activities/jobs';
import type { KeeperActivities } from '../activities/keeper';
import type { MaintenanceActivities } from '../activities/maintenance';
import type { ReapActivities } from '../activities/reap';
import type { RunActivities } from '../activities/run';
import { longestJobHours } from '../contracts/job';
import { silentWorkerSeconds } from '../contracts/runtimes';

export type Activities = ClusterActivities &
  JobActivities &
  KeeperActivities &
  MaintenanceActivities &
  ReapActivities &
  RunActivities;

type Bounded = ActivityOptions &
  Required<
    Pick<ActivityOptions, 'heartbeatTimeout' | 'startToCloseTimeout' | 'scheduleToCloseTimeout'> & {
      readonly retry: ActivityOptions['retry'];
    }
  >;

/** A worker that was killed is noticed by its silence; `guarded` beats four times as often. */
const heartbeatTimeout = silentWorkerSeconds * 1000;

const files = {
  heartbeatTimeout,
  startToCloseTimeout: '10 minutes',
  scheduleToCloseTimeout: '6 hours',
  retry: { initialInterval: '200ms', maximumInterval: '1 minute', maximumAttempts: 20 },
} as const;

/** A full queue is asked again and again: what waits outside is no worse off than what waits inside. */
const keeper = {
  heartbeatTimeout,
  startToCloseTimeout: '30s',
  retry: { initialInterval: '200ms', maximumInterval: '30s' },
} as const;

/** When it is cancelled it still tells what it has submitted. */
const submit = {
  heartbeatTimeout,
  startToCloseTimeout: '5 minutes',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
  retry: { initialInterval: '200ms', maximumInterval: '30s' },
} as const;

/** Retries are free, each one adopts the job; they end all the same. */
const follow = { initialInterval: '100ms', backoffCoefficient: 1.5, maximumInterval: '5s', maximumAttempts: 200 };

/** One or two calls to EMR; the keeper of the pool asks again after the last try. */
const cluster = {
  heartbeatTimeout,
  startToCloseTimeout: '2 minutes',
  scheduleToCloseTimeout: '10 minutes',
  retry: { initialInterval: '2s', maximumInterval: '1 minute' },
} as const;

export const activityOptions = {
  loadPipeline: { ...files, startToCloseTimeout: '2 minutes', scheduleToCloseTimeout: '1 hour' },
  freezeInputs: files,
  extractInputs: { ...files, startToCloseTimeout: '12 hours', scheduleToCloseTimeout: '1 day' },
  publishRun: files,
  requestCommit: { ...keeper, scheduleToCloseTimeout: '1 day' },
  askMaintenance: { ...keeper, scheduleToCloseTimeout: '1 hour' },
  lookAtTable: {
    ...files,
    scheduleToCloseTimeout: '1 hour',
    retry: { initialInterval: '1s', maximumInterval: '30s', maximumAttempts: 5 },
  },
  leaseCluster: { ...keeper, scheduleToCloseTimeout: '2 hours' },
  giveBackCluster: { ...keeper, scheduleToCloseTimeout: '1 hour' },
  startCluster: { ...cluster, startToCloseTimeout: '10 minutes', scheduleToCloseTimeout: '1 hour' },
  lookAtCluster: cluster,
  endCluster: cluster,
  findGoneHolders: cluster,
  sweepClusters: { ...cluster, startToCloseTimeout: '10 minutes', scheduleToCloseTimeout: '1 hour' },
  submitJob: { ...submit, scheduleToCloseTimeout: '1 hour' },
  findJob: { ...submit, scheduleToCloseTimeout: '10 minutes' },
  watchJob: {
    heartbeatTimeout,
    startToCloseTimeout: `${longestJobHours} hours`,
    scheduleToCloseTimeout: `${longestJobHours} hours`,
    retry: follow,
  },
  cancelJob: {
    heartbeatTimeout,
    startToCloseTimeout: '10 minutes',
    scheduleToCloseTimeout: '10 minutes',
    retry: follow,
  },
} as const satisfies Record<keyof Activities, Bounded>;

/** The one way to an activity: with the options of its row, and what a place of jobs wants otherwise. */
export const activity = <Name extends keyof Activities>(name: Name, place: Partial<ActivityOptions> = {}) =>
  proxyActivities<Pick<Activities, Name>>({ ...activityOptions[name], ...place })[name];
