// What a keeper does: a commit, a look at its table, a job of upkeep, each to an outcome; and the answers. Never throws.
import { getExternalWorkflowHandle, log } from '@temporalio/workflow';
import type { JobCost } from '../contracts/cluster';
import type { MaintainReport } from '../contracts/job';
import type { CommitJob, KeeperAnswer } from '../contracts/keeper';
import type { MaintenanceJob, MaintenanceRequest, MaintenanceStep } from '../contracts/upkeep';
import type { WorkOutcome } from '../domain/keeper/state';
import { failedAtCommit } from '../domain/run-result';
import { inCode } from '../domain/visible';
import { activity } from './activity-options';
import { failureOf } from './failure-of';
import { runJob } from './run-job';

const lookAtTable = activity('lookAtTable');

export async function commitJob(job: CommitJob): Promise<WorkOutcome> {
  const { stepKey, target } = job.request;
  let cost: JobCost | undefined;
  const spent = (): { readonly cost?: JobCost } => (cost === undefined ? {} : { cost });
  const spend = (made: JobCost): void => {
    cost = made;
  };
  try {
    const report = await runJob(job, { spend });
    return { kind: 'commit-ended', reply: { kind: 'committed', stepKey, report, ...spent() } };
  } catch (error) {
    const failure = failedAtCommit(target.table, failureOf(error));
    return { kind: 'commit-ended', reply: { kind: 'failed', stepKey, failure, ...spent() } };
  }
}

export async function lookAt(request: MaintenanceRequest): Promise<WorkOutcome> {
  try {
    const summary = `look at ${inCode(request.table)}`.slice(0, 200);
    return { kind: 'looked', look: await lookAtTable.executeWithOptions({ summary }, [request]) };
  } catch (error) {
    return { kind: 'upkeep-failed', failure: failureOf(error) };
  }
}

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

export async function maintainJob(job: MaintenanceJob): Promise<WorkOutcome> {
  try {
    const report = await runJob(job);
    return { kind: 'maintained', step: stepOf(report, job.request.partitions.length) };
  } catch (error) {
    return { kind: 'upkeep-failed', failure: failureOf(error) };
  }
}

/** Tells a workflow how what it asked for ended. One that is gone needs no answer. */
export async function tellWaiter(workflowId: string, { signal, reply }: KeeperAnswer): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(signal, reply);
  } catch (error) {
    log.warn('nobody waits for this answer any more', { workflowId, signal, error: String(error) });
  }
}
