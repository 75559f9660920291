// Hands a commit to the keeper of its table: starts the keeper when it is not there, signals it either way.
import type { Client } from '@temporalio/client';
import { keeperWorkflowId } from '../contracts/names';
import type { CommitJob, KeeperInput } from '../contracts/run';
import { guarded } from './failures';

export type KeeperActivityDeps = {
  readonly client: Client;
  readonly taskQueue: string;
};

export type RequestCommitInput = {
  readonly job: CommitJob;
  /** Workflow id of the run that waits for the answer. */
  readonly replyTo: string;
};

export function createKeeperActivities({ client, taskQueue }: KeeperActivityDeps) {
  return {
    /** May be repeated: the keeper knows a step key that it has queued or committed. */
    requestCommit: guarded(async ({ job, replyTo }: RequestCommitInput): Promise<void> => {
      const { table } = job.request.target;
      const input: KeeperInput = { table };
      await client.workflow.signalWithStart('keepTable', {
        workflowId: keeperWorkflowId(table),
        taskQueue,
        args: [input],
        signal: 'requestCommit',
        signalArgs: [{ job, replyTo }],
        staticSummary: `single writer of ${table}`,
      });
    }),
  };
}

export type KeeperActivities = ReturnType<typeof createKeeperActivities>;
