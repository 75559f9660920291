// The keeper's queue: pure operations on the waiting and the recent commits of one table.
import type { CommitJob, KeptCommit, QueuedCommit, TableView } from '../contracts/run';

/** Reports kept for runs that ask again; older ones are found by the job in the table's history. */
const recentLimit = 20;

/** First come, first served. The same step key is queued once, however many wait for it. */
export function enqueue(queue: readonly QueuedCommit[], job: CommitJob, waiter: string): readonly QueuedCommit[] {
  const { stepKey } = job.request;
  if (!queue.some((entry) => entry.request.request.stepKey === stepKey))
    return [...queue, { request: job, waiters: [waiter] }];
  return queue.map((entry) =>
    entry.request.request.stepKey === stepKey ? { ...entry, waiters: [...new Set([...entry.waiters, waiter])] } : entry,
  );
}

/** Takes one waiter off; a commit nobody waits for leaves the queue. The same array when nothing matched. */
export function withdraw(queue: readonly QueuedCommit[], stepKey: string, waiter: string): readonly QueuedCommit[] {
  const matches = (entry: QueuedCommit): boolean =>
    entry.request.request.stepKey === stepKey && entry.waiters.includes(waiter);
  if (!queue.some(matches)) return queue;
  return queue
    .map((entry) => (matches(entry) ? { ...entry, waiters: entry.waiters.filter((other) => other !== waiter) } : entry))
    .filter((entry) => entry.waiters.length > 0);
}

/** The recorded commit of this step and generation, when it is recent. */
export const recall = (
  recent: readonly KeptCommit[],
  request: { readonly stepKey: string; readonly generation: number },
): KeptCommit | undefined =>
  recent.find((kept) => kept.stepKey === request.stepKey && kept.generation >= request.generation);

export const keepRecent = (recent: readonly KeptCommit[], commit: KeptCommit): readonly KeptCommit[] =>
  [...recent.filter((kept) => kept.stepKey !== commit.stepKey), commit].slice(-recentLimit);

export function drawTableSheet(view: TableView): string {
  return [
    `single writer of ${view.table}  `,
    `commits: ${view.commits}${view.lastVersion === undefined ? '' : `, table version ${view.lastVersion}`}  `,
    `running: ${view.running ?? 'nothing'}  `,
    `waiting: ${view.queued.length === 0 ? 'nobody' : ''}`,
    ...view.queued.map((stepKey) => `- ${stepKey}`),
  ].join('\n');
}
