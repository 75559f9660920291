// The run's side of a commit: hand it to the table's keeper, wait for the answer, take it back when cancelled.
import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { KeeperActivities } from '../activities/keeper';
import type { CommitReport } from '../contracts/job';
import { keeperWorkflowId } from '../contracts/names';
import type { CommitJob, CommitReply } from '../contracts/run';
import { commitDoneSignal } from './messages';
import { toFailure } from './run-job';

const { requestCommit } = proxyActivities<KeeperActivities>({
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '1 hour',
  retry: { initialInterval: '200ms', maximumInterval: '30s' },
});

/** A keeper that was terminated by hand loses its queue: ask again now and then. Asking twice is harmless. */
const askAgainAfter = '15 minutes';

export function createCommitDesk() {
  const replies = new Map<string, CommitReply>();
  setHandler(commitDoneSignal, (reply) => {
    replies.set(reply.stepKey, reply);
  });

  async function answerOf(job: CommitJob): Promise<CommitReply> {
    const { stepKey } = job.request;
    for (;;) {
      await requestCommit.executeWithOptions(
        { summary: `to the keeper of ${job.request.target.table}`.slice(0, 200) },
        [{ job, replyTo: workflowInfo().workflowId }],
      );
      if (await condition(() => replies.has(stepKey), askAgainAfter)) break;
    }
    const reply = replies.get(stepKey);
    if (reply === undefined) throw new TypeError(`no reply for ${stepKey}`);
    return reply;
  }

  /** Cancelled while queued: taken back. Cancelled while the MERGE runs: its end is awaited, so the run tells the truth. */
  async function settleCancelled(job: CommitJob): Promise<CommitReply> {
    return CancellationScope.nonCancellable(async () => {
      const { stepKey, target } = job.request;
      await getExternalWorkflowHandle(keeperWorkflowId(target.table)).signal('withdrawCommit', {
        stepKey,
        replyTo: workflowInfo().workflowId,
      });
      await condition(() => replies.has(stepKey));
      const reply = replies.get(stepKey);
      if (reply === undefined) throw new TypeError(`no reply for ${stepKey}`);
      return reply;
    });
  }

  return async (job: CommitJob): Promise<CommitReport> => {
    let cancelled: unknown;
    const reply = await answerOf(job).catch(async (error: unknown) => {
      if (!isCancellation(error)) throw error;
      cancelled = error;
      return settleCancelled(job);
    });
    switch (reply.kind) {
      case 'committed':
        return reply.report;
      case 'failed':
        throw toFailure(reply.failure);
      case 'withdrawn':
        throw (
          cancelled ??
          toFailure({
            kind: 'cancelled',
            type: 'CommitWithdrawn',
            message: 'The commit was taken out of the keeper’s queue.',
            remedy: 'Run the pipeline again: the prepared rows are kept.',
            fields: { stepKey: reply.stepKey },
          })
        );
    }
  };
}
