// The commits that wait for one table: who is served, who joins, who leaves. Pure.
import type { CommitJob, EndedCommit, QueuedCommit, Waiter, Withdrawn } from '../../contracts/keeper';

/** So many commits are under a MiB, which the keeper carries over when it continues as new. */
export const queueLimit = 100;

/** Two requests are the same commit when step and generation agree: a redo is another one. */
export const isSameCommit = (one: CommitJob, other: CommitJob): boolean =>
  one.request.stepKey === other.request.stepKey && one.request.generation === other.request.generation;

/** One answer per workflow, for its latest run. */
function withWaiter(waiters: readonly Waiter[], waiter: Waiter): readonly Waiter[] {
  const isKnown = waiters.some(({ replyTo }) => replyTo === waiter.replyTo);
  return isKnown ? waiters.map((one) => (one.replyTo === waiter.replyTo ? waiter : one)) : [...waiters, waiter];
}

/** Adds a waiter when it is the same commit; the same entry otherwise. */
export const joinCommit = (entry: QueuedCommit, job: CommitJob, waiter: Waiter): QueuedCommit =>
  isSameCommit(entry.request, job) ? { ...entry, waiters: withWaiter(entry.waiters, waiter) } : entry;

/** First come, first served. The same commit is queued once, however many wait for it. */
export function enqueue(queue: readonly QueuedCommit[], job: CommitJob, waiter: Waiter): readonly QueuedCommit[] {
  return queue.some((entry) => isSameCommit(entry.request, job))
    ? queue.map((entry) => joinCommit(entry, job, waiter))
    : [...queue, { request: job, waiters: [waiter] }];
}

export const waitsFor = (entry: QueuedCommit, stepKey: string, { replyTo }: Waiter): boolean =>
  entry.request.request.stepKey === stepKey && entry.waiters.some((waiter) => waiter.replyTo === replyTo);

/** Takes one waiter off; a commit nobody waits for leaves the queue. The same array when nothing matched. */
export function withdraw(queue: readonly QueuedCommit[], stepKey: string, leaver: Waiter): readonly QueuedCommit[] {
  const matches = (entry: QueuedCommit): boolean => waitsFor(entry, stepKey, leaver);
  if (!queue.some(matches)) return queue;
  return queue
    .map((entry) =>
      matches(entry) ? { ...entry, waiters: entry.waiters.filter(({ replyTo }) => replyTo !== leaver.replyTo) } : entry,
    )
    .filter((entry) => entry.waiters.length > 0);
}

/** The same run of the same workflow has had its answer. A new run gets the job again: the table decides what is true. */
export const hasAnswered = (last: EndedCommit, stepKey: string, { replyTo, run }: Waiter): boolean =>
  last.reply.stepKey === stepKey &&
  run !== undefined &&
  last.waiters.some((waiter) => waiter.replyTo === replyTo && waiter.run === run);

/** Withdrawals whose requests may still come: an activity that was cancelled ends within minutes, and few are at a time. */
const withdrawalsKept = 50;

const isWithdrawal = ({ stepKey, replyTo, run }: Withdrawn, key: string, waiter: Waiter): boolean =>
  stepKey === key && replyTo === waiter.replyTo && run === waiter.run;

/** A request of a run that has taken it back already. */
export const hasWithdrawn = (withdrawn: readonly Withdrawn[], stepKey: string, waiter: Waiter): boolean =>
  waiter.run !== undefined && withdrawn.some((one) => isWithdrawal(one, stepKey, waiter));

export const rememberWithdrawn = (
  withdrawn: readonly Withdrawn[],
  stepKey: string,
  { replyTo, run }: Waiter,
): readonly Withdrawn[] =>
  run === undefined || hasWithdrawn(withdrawn, stepKey, { replyTo, run })
    ? withdrawn
    : [...withdrawn, { stepKey, replyTo, run }].slice(-withdrawalsKept);
