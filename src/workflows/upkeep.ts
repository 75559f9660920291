// The keeper's side of upkeep: look, then one job after another, giving way to commits in between.
import { proxyActivities } from '@temporalio/workflow';
import type { MaintenanceActivities } from '../activities/maintenance';
import type { MaintainReport } from '../contracts/job';
import type { FailureSummary } from '../contracts/failure';
import type { MaintenanceJob, MaintenanceLook, MaintenanceRequest, MaintenanceStep } from '../contracts/upkeep';
import { failureOf } from './failure-of';
import { runJob } from './run-job';

const { lookAtTable } = proxyActivities<Pick<MaintenanceActivities, 'lookAtTable'>>({
  startToCloseTimeout: '10 minutes',
  retry: { initialInterval: '1s', maximumInterval: '30s', maximumAttempts: 5 },
});

export type Upkeep = {
  readonly look: MaintenanceLook;
  readonly done: readonly MaintenanceStep[];
  readonly postponed: number;
  readonly failure?: FailureSummary;
};

const stepOf = ({ kind, table, files, seconds }: MaintainReport, partitions: number): MaintenanceStep => ({
  kind,
  partitions,
  filesAdded: files.added,
  filesRemoved: files.removed,
  bytesAdded: files.bytesAdded,
  bytesRemoved: files.bytesRemoved,
  version: table.version,
  seconds: Object.values(seconds).reduce((sum, value) => sum + value, 0),
});

async function runStep(job: MaintenanceJob): Promise<MaintenanceStep> {
  const report = await runJob(job);
  return stepOf(report, job.request.partitions.length);
}

/** Ends early when `commitWaits` (the rest is found again by the next look) and at the first job that fails. */
export async function keepUp(
  request: MaintenanceRequest,
  commitWaits: () => boolean,
  onJob: (job: MaintenanceJob) => void,
): Promise<Upkeep> {
  const look = await lookAtTable.executeWithOptions({ summary: `look at ${request.table}`.slice(0, 200) }, [request]);
  const done: MaintenanceStep[] = [];
  for (const job of look.jobs) {
    if (commitWaits()) break;
    onJob(job);
    try {
      done.push(await runStep(job));
    } catch (error) {
      return { look, done, postponed: look.jobs.length - done.length, failure: failureOf(error) };
    }
  }
  return { look, done, postponed: look.jobs.length - done.length };
}
