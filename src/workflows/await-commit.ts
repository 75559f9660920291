// The run's side of a commit: hand it to the table's keeper, wait for the answer, take it back when cancelled.
import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  patched,
  workflowInfo,
} from '@temporalio/workflow';
import { assertNever } from '../contracts/assert-never';
import { longestJobHours, type CommitReport } from '../contracts/job';
import { keeperWorkflowId } from '../contracts/names';
import type { JobCost } from '../contracts/cluster';
import type { CommitJob, CommitReply, Waiter } from '../contracts/keeper';
import { commitReply } from '../domain/entrance/commit-messages';
import { inCode } from '../domain/visible';
import { activity } from './activity-options';
import { onSignal } from './entrance';
import { commitDoneSignal, withdrawCommitSignal } from './messages';
import { toFailure } from './failure-of';

const requestCommit = activity('requestCommit');

/** A keeper that was terminated by hand loses its queue: ask again now and then. Asking twice is harmless. */
const askAgainAfter = '15 minutes';

/** A keeper answers a withdrawal with its next task: one that says nothing so long, so often, does nothing. */
const silence = '30s';
const silencesLimit = 4;

const isFinal = (reply: CommitReply | undefined): boolean => reply?.kind === 'committed' || reply?.kind === 'failed';

export function createCommitDesk(spend: (cost: JobCost) => void) {
  const replies = new Map<string, CommitReply>();
  const begun = new Set<string>();
  let isUnsettled = false;
  onSignal(commitDoneSignal, commitReply, (reply) => {
    if (reply.kind === 'running') begun.add(reply.stepKey);
    else if (!isFinal(replies.get(reply.stepKey))) replies.set(reply.stepKey, reply);
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
    // A step that was refused is asked for again after another freeze: its old end is no answer.
    replies.delete(stepKey);
    do await requestCommit.executeWithOptions({ summary }, [{ job, ...waiter() }]);
    while (!(await condition(() => replies.has(stepKey), askAgainAfter)));
    return replyTo(stepKey);
  }

  const give = (reply: CommitReply): void => void (replies.has(reply.stepKey) || replies.set(reply.stepKey, reply));

  /** Without a keeper nothing is queued; what the last one had begun, only the table knows. */
  async function withdraw({ stepKey, target }: CommitJob['request'], strict: boolean): Promise<void> {
    const ask = { stepKey, ...waiter(), ...(strict ? { strict } : {}) } as const;
    try {
      await getExternalWorkflowHandle(keeperWorkflowId(target.table)).signal(withdrawCommitSignal, ask);
    } catch (error) {
      log.warn('the keeper is gone', { stepKey, error: String(error) });
      give({ kind: 'unknown', stepKey });
    }
  }

  /**
   * Cancelled while queued: taken back. Cancelled while the MERGE runs: its end is awaited, so the run tells the truth. A
   * keeper that is silent, or a MERGE that does not end, leaves the answer to the table.
   */
  async function settle({ request }: CommitJob): Promise<CommitReply> {
    const { stepKey } = request;
    const isAnswered = (): boolean => replies.has(stepKey);
    const end = Date.now() + longestJobHours * 3_600_000;
    for (let silences = 0; !isAnswered() && silences < silencesLimit && Date.now() < end;) {
      begun.delete(stepKey);
      await withdraw(request, true);
      await condition(() => isAnswered() || begun.has(stepKey), silence);
      silences = begun.has(stepKey) ? 0 : silences + 1;
      if (begun.has(stepKey)) await condition(isAnswered, askAgainAfter);
    }
    give({ kind: 'unknown', stepKey });
    return replyTo(stepKey);
  }

  /** How runs waited whose cancellation came before 2026-12; may go when none of them is open. */
  async function settleFirst({ request }: CommitJob): Promise<CommitReply> {
    const isAnswered = (): boolean => replies.has(request.stepKey);
    // Covers the timer beside the wait.
    const asksAgain = patched('commit-withdraws-again-2026-12');
    do await withdraw(request, false);
    while (!(await (asksAgain ? condition(isAnswered, askAgainAfter) : condition(isAnswered).then(() => true))));
    return replyTo(request.stepKey);
  }

  async function settleCancelled(job: CommitJob): Promise<CommitReply> {
    // Covers the timers of `settle`.
    const isBounded = patched('commit-bounded-withdrawal-2026-12');
    const reply = await CancellationScope.nonCancellable(() => (isBounded ? settle(job) : settleFirst(job)));
    isUnsettled = reply.kind === 'unknown';
    return reply;
  }

  async function commit(job: CommitJob): Promise<CommitReport> {
    let cancelled: unknown;
    const reply = await answerOf(job).catch(async (error: unknown) => {
      if (!isCancellation(error)) throw error;
      cancelled = error;
      return settleCancelled(job);
    });
    if ('cost' in reply && reply.cost !== undefined) spend(reply.cost);
    switch (reply.kind) {
      case 'committed':
        return reply.report;
      case 'failed':
        throw toFailure(reply.failure);
      case 'withdrawn':
      case 'running':
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
  }

  return {
    commit,
    /** Cancelled, and nobody here knows whether the commit was made. */
    isUnsettled: () => isUnsettled,
  };
}
