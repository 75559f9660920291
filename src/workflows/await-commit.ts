// The run's side of a commit: hand it to the table's keeper, wait for the answer, take it back when cancelled.
import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  patched,
  proxyActivities,
  workflowInfo,
} from '@temporalio/workflow';
import type { KeeperActivities } from '../activities/keeper';
import { assertNever } from '../contracts/assert-never';
import type { CommitReport } from '../contracts/job';
import { keeperWorkflowId } from '../contracts/names';
import type { CommitJob, CommitReply, Waiter } from '../contracts/keeper';
import { commitReply } from '../domain/entrance/commit-messages';
import { inCode } from '../domain/visible';
import { onSignal } from './entrance';
import { commitDoneSignal, withdrawCommitSignal } from './messages';
import { toFailure } from './run-job';

// A full queue is asked again and again: a commit that waits outside is no worse off than one that waits inside.
const { requestCommit } = proxyActivities<KeeperActivities>({
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '1 day',
  retry: { initialInterval: '200ms', maximumInterval: '30s' },
});

/** A keeper that was terminated by hand loses its queue: ask again now and then. Asking twice is harmless. */
const askAgainAfter = '15 minutes';

const isFinal = (reply: CommitReply | undefined): boolean => reply?.kind === 'committed' || reply?.kind === 'failed';

export function createCommitDesk() {
  const replies = new Map<string, CommitReply>();
  onSignal(commitDoneSignal, commitReply, (reply) => {
    if (!isFinal(replies.get(reply.stepKey))) replies.set(reply.stepKey, reply);
  });
  const waiter = (): Waiter => ({ replyTo: workflowInfo().workflowId, run: workflowInfo().runId });

  function replyTo(stepKey: string): CommitReply {
    const reply = replies.get(stepKey);
    if (reply === undefined) throw new TypeError(`no reply for ${stepKey}`);
    return reply;
  }

  async function answerOf(job: CommitJob): Promise<CommitReply> {
    const { stepKey, target } = job.request;
    const summary = `to the keeper of ${inCode(target.table)}`.slice(0, 200);
    do await requestCommit.executeWithOptions({ summary }, [{ job, ...waiter() }]);
    while (!(await condition(() => replies.has(stepKey), askAgainAfter)));
    return replyTo(stepKey);
  }

  /** Without a keeper nothing is queued; what the last one had begun, only the table knows. */
  async function withdraw({ stepKey, target }: CommitJob['request']): Promise<void> {
    try {
      await getExternalWorkflowHandle(keeperWorkflowId(target.table)).signal(withdrawCommitSignal, {
        stepKey,
        ...waiter(),
      });
    } catch (error) {
      log.warn('the keeper is gone', { stepKey, error: String(error) });
      if (!replies.has(stepKey)) replies.set(stepKey, { kind: 'unknown', stepKey });
    }
  }

  /** Cancelled while queued: taken back. Cancelled while the MERGE runs: its end is awaited, so the run tells the truth. */
  async function settleCancelled({ request }: CommitJob): Promise<CommitReply> {
    const isAnswered = (): boolean => replies.has(request.stepKey);
    // Covers the timer beside the wait; may go when no run of before 2026-12 is open.
    const asksAgain = patched('commit-withdraws-again-2026-12');
    await CancellationScope.nonCancellable(async () => {
      do await withdraw(request);
      while (!(await (asksAgain ? condition(isAnswered, askAgainAfter) : condition(isAnswered).then(() => true))));
    });
    return replyTo(request.stepKey);
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
      case 'unknown':
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
      default:
        return assertNever(reply);
    }
  };
}
