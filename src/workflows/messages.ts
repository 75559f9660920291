// Messages of the workflows: what can be asked of a run and of a table keeper.
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ClusterAnswer, ClusterUsage, ClusterView, GiveBack, LeaseAsk, LeaseNews } from '../contracts/cluster';
import { messageNames } from '../contracts/names';
import type { MaintenanceReply } from '../contracts/upkeep';
import type { AskedMaintenance, CommitAsk, CommitReply, TableView, WithdrawAsk } from '../contracts/keeper';
import type { CancelRequest, GateVerdict, RunProgress } from '../contracts/run';

export const progressQuery = defineQuery<RunProgress>(messageNames.progress);

/** Approve or reject a held batch. Refused by its validator when the run holds nothing. */
export const decideGateUpdate = defineUpdate<void, [GateVerdict]>(messageNames.decideGate);

/** Stop the run: running Spark work is cancelled, a commit that has begun is finished. */
export const cancelRunUpdate = defineUpdate<void, [CancelRequest]>(messageNames.cancelRun);

/** Take a commit, or refuse it: returns when the commit is in the keeper's history. Its end comes as `commitDone`. */
export const acceptCommitUpdate = defineUpdate<void, [CommitAsk]>(messageNames.acceptCommit);

/** How runs of before 2026-12 asked; such a request is never refused. */
export const requestCommitSignal = defineSignal<[CommitAsk]>(messageNames.requestCommit);

/** Take a commit back: answered with `withdrawn`, with `running` and its end when it has begun, with `unknown` when it is not here. */
export const withdrawCommitSignal = defineSignal<[WithdrawAsk]>(messageNames.withdrawCommit);

export const commitDoneSignal = defineSignal<[CommitReply]>(messageNames.commitDone);

/** Take a request of upkeep, or refuse it: returns when it is in the keeper's history. Its end comes as `maintenanceDone`. */
export const acceptMaintenanceUpdate = defineUpdate<void, [AskedMaintenance]>(messageNames.acceptMaintenance);

/** How upkeep was asked for before 2026-12; such a request is never refused. */
export const requestMaintenanceSignal = defineSignal<[AskedMaintenance]>(messageNames.requestMaintenance);

export const maintenanceDoneSignal = defineSignal<[MaintenanceReply]>(messageNames.maintenanceDone);

/** Continue as new after the commit at hand: for operators who want a keeper to forget its history. */
export const continueAsNewSignal = defineSignal(messageNames.continueAsNew);

export const tableQuery = defineQuery<TableView>(messageNames.table);

/** A place on a cluster of the pool: granted, or promised with `clusterReady`. The same lease may be asked for again. */
export const leaseClusterUpdate = defineUpdate<ClusterAnswer, [LeaseAsk]>(messageNames.leaseCluster);

/** Answers what the lease has used. */
export const giveBackClusterUpdate = defineUpdate<ClusterUsage | undefined, [GiveBack]>(messageNames.giveBackCluster);

export const clusterReadySignal = defineSignal<[LeaseNews]>(messageNames.clusterReady);

/** Nobody is expected any more: the cluster ends with its last lease. */
export const closeClusterSignal = defineSignal(messageNames.closeCluster);

export const clusterQuery = defineQuery<ClusterView>(messageNames.cluster);
