// Whether a keeper takes a commit: the validator of its update. Pure; what is refused leaves no trace in the history.
import type { FailureSummary } from '../../contracts/failure';
import type { CommitAsk } from '../../contracts/keeper';
import { isTableUri } from '../../contracts/ids';
import { keeperWorkflowId } from '../../contracts/names';
import { hasAnswered, isSameCommit, queueLimit } from './queue';
import type { KeeperState } from './state';

function isKnown({ queue, running, last }: KeeperState, { job, ...waiter }: CommitAsk): boolean {
  const { stepKey, generation } = job.request;
  if (running?.kind === 'commit' && isSameCommit(running.commit.request, job)) return true;
  if (last?.generation === generation && hasAnswered(last, stepKey, waiter)) return true;
  return queue.some((entry) => isSameCommit(entry.request, job));
}

/** Why a workflow of this id cannot be the keeper of this table: a second one would write it beside the first. */
export function refuseKeeper(table: string, workflowId: string): FailureSummary | undefined {
  if (isTableUri(table) && keeperWorkflowId(table) === workflowId) return undefined;
  return {
    kind: 'config',
    type: 'WrongKeeper',
    message: isTableUri(table)
      ? `The workflow ${workflowId} cannot keep ${table}.`
      : `The keeper ${workflowId} has no table: '${table}' is neither an absolute path nor a URI.`,
    remedy: isTableUri(table)
      ? `The keeper of that table is ${keeperWorkflowId(table)}; runs start it by themselves.`
      : 'Runs and upkeep start the keeper of their table by themselves.',
    fields: { table, keeper: workflowId },
  };
}

/** Why not; `undefined`: the commit is taken. A commit that the keeper knows is no further load. */
export function refuseCommit(state: KeeperState, ask: CommitAsk): FailureSummary | undefined {
  const { table } = ask.job.request.target;
  const other = [table, ask.job.upkeep?.table ?? table].find(
    (one) => keeperWorkflowId(one) !== keeperWorkflowId(state.table),
  );
  if (other !== undefined) {
    return {
      kind: 'config',
      type: 'WrongKeeper',
      message: `The keeper of ${state.table} was asked to commit to ${other}, or to look after it.`,
      remedy: `Ask the workflow ${keeperWorkflowId(other)}.`,
      fields: { table: other, keeper: state.table },
    };
  }
  if (state.queue.length < queueLimit || isKnown(state, ask)) return undefined;
  return {
    kind: 'throttle',
    type: 'KeeperBusy',
    message: `${state.queue.length} commits wait for ${table} already.`,
    remedy:
      'Nothing needs to be done: the run asks again until there is room. Look at the commit that runs if none ends.',
    fields: { table, queued: state.queue.length, limit: queueLimit },
  };
}
