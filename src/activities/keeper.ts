// Hands a commit, or a request of upkeep, to the keeper of its table.
import { WithStartWorkflowOperation, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { HeadgateError } from '../contracts/errors';
import type { AskedMaintenance, CommitAsk, KeeperInput } from '../contracts/keeper';
import { keeperWorkflowId, messageNames } from '../contracts/names';
import { isFailureSummary } from '../domain/failure-summary';
import { inCode } from '../domain/visible';
import { guarded } from './failures';

export type KeeperActivityDeps = {
  readonly client: Client;
  readonly taskQueue: string;
};

/** What a keeper takes, by the update that brings it. */
type Asks = { readonly acceptCommit: CommitAsk; readonly acceptMaintenance: AskedMaintenance };

/** A refusal as the failure that the keeper's validator named; everything else as it is. */
export function refusalOf(error: unknown): unknown {
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  const failure = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  return isFailureSummary(failure) ? new HeadgateError({ ...failure, cause: error }) : error;
}

/** The keeper is started when it is not there; returns when what it was asked is in its history. */
export async function askKeeper<Name extends keyof Asks>(
  { client, taskQueue }: KeeperActivityDeps,
  table: string,
  update: Name,
  ask: Asks[Name],
): Promise<void> {
  const input: KeeperInput = { table };
  const startWorkflowOperation = new WithStartWorkflowOperation('keepTable', {
    workflowId: keeperWorkflowId(table),
    workflowIdConflictPolicy: 'USE_EXISTING',
    taskQueue,
    args: [input],
    staticSummary: `single writer of ${inCode(table)}`,
  });
  try {
    await client.workflow.executeUpdateWithStart(messageNames[update], { args: [ask], startWorkflowOperation });
  } catch (error) {
    throw refusalOf(error);
  }
}

export function createKeeperActivities(deps: KeeperActivityDeps) {
  return {
    /** May be repeated: the keeper knows what it has queued, runs, or has just ended for the same run. */
    requestCommit: guarded((ask: CommitAsk): Promise<void> =>
      askKeeper(deps, ask.job.request.target.table, 'acceptCommit', ask),
    ),
  };
}

export type KeeperActivities = ReturnType<typeof createKeeperActivities>;
