// The keeper of a table as a function: (state, event, time) to the next state and what is to be done. Total, no I/O.
import { assertNever } from '../../contracts/assert-never';
import type { AskedMaintenance, CommitAsk, CommitReply, EndedCommit, WithdrawAsk } from '../../contracts/keeper';
import { afterCommit, isDue } from '../upkeep/schedule';
import {
  enqueue,
  hasAnswered,
  hasWithdrawn,
  isSameCommit,
  joinCommit,
  rememberWithdrawn,
  waitsFor,
  withdraw,
} from './queue';
import { afterFailure, afterLooking, afterMaintaining, beginSession, resumeSession } from './session';
import { carryKeeper, type KeeperEvent, type KeeperIntent, type KeeperState, type Reduced } from './state';

/** Commits that may pass upkeep that is due or was asked for; whichever of the two bounds is reached first counts. */
export const commitsBeforeUpkeep = 8;
export const minutesBeforeUpkeep = 30;

const still = (state: KeeperState): Reduced => ({ state, intents: [] });

const answerCommit = (to: string, reply: CommitReply): KeeperIntent => ({
  kind: 'answer',
  to,
  answer: { signal: 'commitDone', reply },
});

/** Refused for the table that it was planned against: the run looks again, and asks for another one. */
const mayAskAgain = (reply: CommitReply): boolean => reply.kind === 'failed' && reply.failure.kind === 'inputs-changed';

function onCommitAsked(state: KeeperState, { job, ...waiter }: CommitAsk): Reduced {
  const { running, last, queue } = state;
  const { stepKey, generation } = job.request;
  // The request was overtaken by its own withdrawal.
  if (hasWithdrawn(state.withdrawn, stepKey, waiter)) {
    return { state, intents: [answerCommit(waiter.replyTo, { kind: 'withdrawn', stepKey })] };
  }
  if (running?.kind === 'commit' && isSameCommit(running.commit.request, job)) {
    return still({ ...state, running: { ...running, commit: joinCommit(running.commit, job, waiter) } });
  }
  if (last?.generation === generation && hasAnswered(last, stepKey, waiter) && !mayAskAgain(last.reply)) {
    return { state, intents: [answerCommit(waiter.replyTo, last.reply)] };
  }
  return still({ ...state, queue: enqueue(queue, job, waiter) });
}

/** A commit that has begun is not broken off: its end is the answer. */
function onWithdrawalAsked(before: KeeperState, { stepKey, strict, ...leaver }: WithdrawAsk): Reduced {
  const withdrawn = strict === undefined ? before.withdrawn : rememberWithdrawn(before.withdrawn, stepKey, leaver);
  const state: KeeperState = { ...before, withdrawn };
  const { running, last, rules } = state;
  const queue = withdraw(state.queue, stepKey, leaver);
  if (queue !== state.queue) {
    return { state: { ...state, queue }, intents: [answerCommit(leaver.replyTo, { kind: 'withdrawn', stepKey })] };
  }
  if (running?.kind === 'commit' && waitsFor(running.commit, stepKey, leaver)) {
    return strict === undefined
      ? still(state)
      : { state, intents: [answerCommit(leaver.replyTo, { kind: 'running', stepKey })] };
  }
  if (last !== undefined && hasAnswered(last, stepKey, leaver)) {
    return { state, intents: [answerCommit(leaver.replyTo, last.reply)] };
  }
  if (rules === 'first') return still(state);
  return { state, intents: [answerCommit(leaver.replyTo, { kind: 'unknown', stepKey })] };
}

/** Asked once per waiter, however often it asks: its answer comes when the upkeep has ended. */
function onMaintenanceAsked(state: KeeperState, ask: AskedMaintenance): Reduced {
  const { asked, session } = state;
  const isKnown = [session, ...asked].some((known) => known?.replyTo === ask.replyTo && known.run === ask.run);
  return still(isKnown ? state : { ...state, asked: [...asked, ask] });
}

function afterCommitted(state: KeeperState, reply: CommitReply, at: number): KeeperState {
  if (reply.kind !== 'committed' || state.running?.kind !== 'commit') return state;
  const { upkeep: wanted } = state.running.commit.request;
  const { added, scanned, scannedOf } = reply.report.files;
  return {
    ...state,
    commits: state.commits + 1,
    lastVersion: reply.report.table.version,
    lastMerge: scanned === undefined || scannedOf === undefined ? state.lastMerge : { scanned, scannedOf },
    upkeep: wanted === undefined ? state.upkeep : afterCommit(state.upkeep, wanted, added, at),
  };
}

function onCommitEnded(state: KeeperState, reply: CommitReply, at: number): Reduced {
  if (state.running?.kind !== 'commit') return still(state);
  const { request, waiters } = state.running.commit;
  const last: EndedCommit = { generation: request.request.generation, waiters, reply };
  const { givenWay } = state;
  return {
    state: {
      ...afterCommitted(state, reply, at),
      running: undefined,
      last,
      givenWay: givenWay === undefined ? undefined : { ...givenWay, commits: givenWay.commits + 1 },
    },
    intents: waiters.map(({ replyTo }) => answerCommit(replyTo, reply)),
  };
}

const wantsUpkeep = ({ asked, upkeep }: KeeperState, at: number): boolean => asked.length > 0 || isDue(upkeep, at);

export function hasWork(state: KeeperState, at: number): boolean {
  return state.queue.length > 0 || state.session !== undefined || state.leaving || wantsUpkeep(state, at);
}

/** Upkeep has given way to as many commits, or for as long, as it may; never to none, so that no commit waits for two. */
function isOwed({ rules, givenWay }: KeeperState, at: number): boolean {
  if (rules === 'first' || givenWay === undefined || givenWay.commits === 0) return false;
  return givenWay.commits >= commitsBeforeUpkeep || at - givenWay.since >= minutesBeforeUpkeep * 60_000;
}

function onTurn(state: KeeperState, at: number): Reduced {
  if (state.running !== undefined) return still(state);
  if (state.session !== undefined) return resumeSession(state, state.session, at);
  const owed = isOwed(state, at);
  const [commit, ...queue] = state.queue;
  if (commit !== undefined && !(owed && wantsUpkeep(state, at))) {
    return {
      state: { ...state, queue, running: { kind: 'commit', commit } },
      intents: [{ kind: 'commit', job: commit.request }],
    };
  }
  return beginSession(state, owed, at);
}

function onTurnEnded(state: KeeperState): Reduced {
  if (!state.leaving || state.running !== undefined) return still(state);
  return { state, intents: [{ kind: 'continue-as-new', input: carryKeeper(state) }] };
}

function step(state: KeeperState, event: KeeperEvent, at: number): Reduced {
  switch (event.kind) {
    case 'commit-asked':
      return onCommitAsked(state, event.ask);
    case 'withdrawal-asked':
      return onWithdrawalAsked(state, event.ask);
    case 'maintenance-asked':
      return onMaintenanceAsked(state, event.ask);
    case 'leave-asked':
      return still({ ...state, leaving: true });
    case 'turn':
      return onTurn(state, at);
    case 'turn-ended':
      return onTurnEnded(state);
    case 'commit-ended':
      return onCommitEnded(state, event.reply, at);
    case 'looked':
      return afterLooking(state, event.look, at);
    case 'maintained':
      return afterMaintaining(state, event.step, at);
    case 'upkeep-failed':
      return afterFailure(state, event.failure, at);
    default:
      return assertNever(event);
  }
}

/** The clock of upkeep's patience runs while it is wanted and has not begun. */
function withPatience(state: KeeperState, at: number): KeeperState {
  if (state.session === undefined && !wantsUpkeep(state, at)) return { ...state, givenWay: undefined };
  return state.givenWay === undefined ? { ...state, givenWay: { since: at, commits: 0 } } : state;
}

/** `at`: milliseconds since 1970. Messages are taken in every state; the outcome of work that does not run changes nothing. */
export function reduceKeeper(state: KeeperState, event: KeeperEvent, at: number): Reduced {
  const { state: next, intents } = step(state, event, at);
  return { state: withPatience(next, at), intents };
}
