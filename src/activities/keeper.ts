// Hands a commit to the keeper of its table, which is started when it is not there; returns when it is in its history.
import { WithStartWorkflowOperation, WorkflowUpdateFailedError, type Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { HeadgateError } from '../contracts/errors';
import type { CommitAsk, KeeperInput } from '../contracts/keeper';
import { keeperWorkflowId, messageNames } from '../contracts/names';
import { isFailureSummary } from '../domain/failure-summary';
import { inCode } from '../domain/visible';
import { guarded } from './failures';

export type KeeperActivityDeps = {
  readonly client: Client;
  readonly taskQueue: string;
};

/** A refusal as the failure that the keeper's validator named; everything else as it is. */
function refusalOf(error: unknown): unknown {
  const cause = error instanceof WorkflowUpdateFailedError ? error.cause : undefined;
  const failure = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  return isFailureSummary(failure) ? new HeadgateError({ ...failure, cause: error }) : error;
}

export function createKeeperActivities({ client, taskQueue }: KeeperActivityDeps) {
  return {
    /** May be repeated: the keeper knows what it has queued, runs, or has just ended for the same run. */
    requestCommit: guarded(async (ask: CommitAsk): Promise<void> => {
      const { table } = ask.job.request.target;
      const input: KeeperInput = { table };
      const startWorkflowOperation = new WithStartWorkflowOperation('keepTable', {
        workflowId: keeperWorkflowId(table),
        workflowIdConflictPolicy: 'USE_EXISTING',
        taskQueue,
        args: [input],
        staticSummary: `single writer of ${inCode(table)}`,
      });
      try {
        await client.workflow.executeUpdateWithStart(messageNames.acceptCommit, {
          args: [ask],
          startWorkflowOperation,
        });
      } catch (error) {
        throw refusalOf(error);
      }
    }),
  };
}

export type KeeperActivities = ReturnType<typeof createKeeperActivities>;
