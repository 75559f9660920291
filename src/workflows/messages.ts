// Messages of the workflows: what can be asked of a run and of a table keeper.
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import { messageNames } from '../contracts/names';
import type { MaintenanceReply } from '../contracts/upkeep';
import type {
  AskedMaintenance,
  CancelRequest,
  CommitJob,
  CommitReply,
  GateVerdict,
  RunProgress,
  TableView,
} from '../contracts/run';

export const progressQuery = defineQuery<RunProgress>(messageNames.progress);

/** Approve or reject a held batch. Refused by its validator when the run holds nothing. */
export const decideGateUpdate = defineUpdate<void, [GateVerdict]>(messageNames.decideGate);

/** Stop the run: running Spark work is cancelled, a commit that has begun is finished. */
export const cancelRunUpdate = defineUpdate<void, [CancelRequest]>(messageNames.cancelRun);

export const requestCommitSignal = defineSignal<[{ readonly job: CommitJob; readonly replyTo: string }]>(
  messageNames.requestCommit,
);

/** Take a commit back out of the queue; answered with `withdrawn`, or with its result when it has begun. */
export const withdrawCommitSignal = defineSignal<[{ readonly stepKey: string; readonly replyTo: string }]>(
  messageNames.withdrawCommit,
);

export const commitDoneSignal = defineSignal<[CommitReply]>(messageNames.commitDone);

/** Look at the table now, when no commit waits, and answer `replyTo`. */
export const requestMaintenanceSignal = defineSignal<[AskedMaintenance]>(messageNames.requestMaintenance);

export const maintenanceDoneSignal = defineSignal<[MaintenanceReply]>(messageNames.maintenanceDone);

/** Continue as new after the commit at hand: for operators who want a keeper to forget its history. */
export const continueAsNewSignal = defineSignal(messageNames.continueAsNew);

export const tableQuery = defineQuery<TableView>(messageNames.table);
