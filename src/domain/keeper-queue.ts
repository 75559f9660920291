// The keeper's queue: pure operations on the commits that wait for one table.
import type { CommitJob, QueuedCommit, TableView } from '../contracts/run';

/** Two requests are the same commit when step and generation agree: a redo is another one. */
export const isSameCommit = (one: CommitJob, other: CommitJob): boolean =>
  one.request.stepKey === other.request.stepKey && one.request.generation === other.request.generation;

const withWaiter = (entry: QueuedCommit, waiter: string): QueuedCommit => ({
  ...entry,
  waiters: [...new Set([...entry.waiters, waiter])],
});

/** Adds a waiter when it is the same commit; the same entry otherwise. */
export const joinCommit = (entry: QueuedCommit, job: CommitJob, waiter: string): QueuedCommit =>
  isSameCommit(entry.request, job) ? withWaiter(entry, waiter) : entry;

/** First come, first served. The same commit is queued once, however many wait for it. */
export function enqueue(queue: readonly QueuedCommit[], job: CommitJob, waiter: string): readonly QueuedCommit[] {
  return queue.some((entry) => isSameCommit(entry.request, job))
    ? queue.map((entry) => joinCommit(entry, job, waiter))
    : [...queue, { request: job, waiters: [waiter] }];
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

function tellUpkeep({ at, done, declined, failure }: NonNullable<TableView['lastMaintenance']>): string {
  const work = done.map(({ kind, filesRemoved, filesAdded }) => `${kind} ${filesRemoved} files to ${filesAdded}`);
  const told = work.length === 0 ? `nothing to do (${declined} declined)` : work.join(', ');
  return `${at.slice(0, 16).replace('T', ' ')} ${told}${failure === undefined ? '' : `; failed: ${failure.message}`}`;
}

export function drawTableSheet(view: TableView): string {
  return [
    `single writer of ${view.table}  `,
    `commits: ${view.commits}${view.lastVersion === undefined ? '' : `, table version ${view.lastVersion}`}  `,
    ...(view.lastMerge === undefined
      ? []
      : [`last MERGE: looked at ${view.lastMerge.scanned} of ${view.lastMerge.scannedOf} files  `]),
    `running: ${view.running ?? view.maintaining ?? 'nothing'}  `,
    ...(view.lastMaintenance === undefined ? [] : [`upkeep: ${tellUpkeep(view.lastMaintenance)}  `]),
    ...(view.lastMaintenance?.chosen ?? []).map((line) => `- ${line}`),
    `waiting: ${view.queued.length === 0 ? 'nobody' : ''}`,
    ...view.queued.map((stepKey) => `- ${stepKey}`),
  ].join('\n');
}
