// Whether a keeper takes what it is asked: the validators of its updates. Pure; what is refused leaves no trace in the history.
import type { FailureSummary } from '../../contracts/failure';
import { isTableUri } from '../../contracts/ids';
import type { AskedMaintenance, CommitAsk } from '../../contracts/keeper';
import { keeperWorkflowId } from '../../contracts/names';
import { hasAnswered, isSameCommit, queueLimit } from './queue';
import type { KeeperState } from './state';

function isKnown({ queue, running, last }: KeeperState, { job, ...waiter }: CommitAsk): boolean {
  const { stepKey, generation } = job.request;
  if (running?.kind === 'commit' && isSameCommit(running.commit.request, job)) return true;
  if (last?.generation === generation && hasAnswered(last, stepKey, waiter)) return true;
  return queue.some((entry) => isSameCommit(entry.request, job));
}

/** Those who may ask for upkeep at a time; each of them waits for the upkeep of all before it. */
export const askersLimit = 20;

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

function refuseForeign(state: KeeperState, tables: readonly string[], what: string): FailureSummary | undefined {
  const other = tables.find((table) => keeperWorkflowId(table) !== keeperWorkflowId(state.table));
  if (other === undefined) return undefined;
  return {
    kind: 'config',
    type: 'WrongKeeper',
    message: `The keeper of ${state.table} was asked ${what} ${other}.`,
    remedy: `Ask the workflow ${keeperWorkflowId(other)}.`,
    fields: { table: other, keeper: state.table },
  };
}

const tooMany = (table: string, waiting: number, limit: number, what: string): FailureSummary => ({
  kind: 'throttle',
  type: 'KeeperBusy',
  message: `${waiting} ${what} wait for ${table} already.`,
  remedy: 'Nothing needs to be done: it is asked again until there is room. Look at what runs if nothing ends.',
  fields: { table, queued: waiting, limit },
});

/** Why not; `undefined`: the commit is taken. A commit that the keeper knows is no further load. */
export function refuseCommit(state: KeeperState, ask: CommitAsk): FailureSummary | undefined {
  const { table } = ask.job.request.target;
  const foreign = refuseForeign(state, [table, ask.job.upkeep?.table ?? table], 'to commit to, or look after,');
  if (foreign !== undefined) return foreign;
  if (state.queue.length < queueLimit || isKnown(state, ask)) return undefined;
  return tooMany(table, state.queue.length, queueLimit, 'commits');
}

/** The same for a request of upkeep. */
export function refuseMaintenance(state: KeeperState, ask: AskedMaintenance): FailureSummary | undefined {
  const { table } = ask.request;
  const foreign = refuseForeign(state, [table], 'for upkeep of');
  if (foreign !== undefined) return foreign;
  const isAsking = state.asked.some(({ replyTo, run }) => replyTo === ask.replyTo && run === ask.run);
  if (state.asked.length < askersLimit || isAsking) return undefined;
  return tooMany(table, state.asked.length, askersLimit, 'requests of upkeep');
}
