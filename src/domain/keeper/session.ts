// Upkeep in a keeper's turn: a look, then one job after another, giving way to commits in between. Pure.
import type { FailureSummary } from '../../contracts/failure';
import type { TableView, UpkeepSession } from '../../contracts/keeper';
import type { MaintenanceLook, MaintenanceReply, MaintenanceStep } from '../../contracts/upkeep';
import { afterLook, isDue } from '../upkeep/schedule';
import type { KeeperIntent, KeeperState, Reduced } from './state';

const still = (state: KeeperState): Reduced => ({ state, intents: [] });

function look(state: KeeperState, session: UpkeepSession): Reduced {
  return {
    state: { ...state, session, running: { kind: 'look' } },
    intents: [{ kind: 'look', request: session.request }],
  };
}

/** What somebody asked for goes before the keeper's own. */
export function beginSession(state: KeeperState, owed: boolean, at: number): Reduced {
  const { asked, upkeep, rules } = state;
  const [first, ...rest] = asked;
  if (first !== undefined) {
    return look({ ...state, asked: rest }, { ...first, owed: rules === 'bounded', done: [] });
  }
  if (upkeep === undefined || !isDue(upkeep, at)) return still(state);
  return look(state, { request: upkeep.request, owed, done: [] });
}

function replyOf(
  { table }: KeeperState,
  { look, done, run }: UpkeepSession,
  postponed: number,
  failure?: FailureSummary,
): MaintenanceReply {
  const to = run === undefined ? {} : { run };
  if (look !== undefined) {
    const { plan, savings } = look;
    const rest = failure === undefined ? {} : { failure };
    return { ...to, kind: 'done', result: { table, plan, savings, done, postponed, ...rest } };
  }
  if (failure === undefined) throw new TypeError('upkeep ended without a look and without a failure');
  return { ...to, kind: 'failed', failure };
}

const tell = ({ look, done }: UpkeepSession, at: number, failure?: FailureSummary): TableView['lastMaintenance'] => ({
  at: new Date(at).toISOString(),
  chosen: (look?.plan.actions ?? []).map(({ kind, gain, reason }) => `${kind}: ${reason}; ${gain}`),
  done,
  declined: look?.plan.declined.length ?? 0,
  ...(look?.plan.refused === undefined ? {} : { refused: look.plan.refused }),
  ...(failure === undefined ? {} : { failure }),
});

function endSession(state: KeeperState, session: UpkeepSession, at: number, failure?: FailureSummary): Reduced {
  const { upkeep, rules, lastVersion } = state;
  const { look, done, replyTo } = session;
  const postponed = look === undefined ? 0 : look.jobs.length - done.length;
  const intents: readonly KeeperIntent[] =
    replyTo === undefined
      ? []
      : [
          {
            kind: 'answer',
            to: replyTo,
            answer: { signal: 'maintenanceDone', reply: replyOf(state, session, postponed, failure) },
          },
        ];
  // What has failed would fail again at once.
  const looked = look === undefined || (failure !== undefined && rules === 'bounded') ? undefined : { look, postponed };
  return {
    state: {
      ...state,
      session: undefined,
      running: undefined,
      lastVersion: done.at(-1)?.version ?? lastVersion,
      lastMaintenance: tell(session, at, failure),
      upkeep: upkeep === undefined ? undefined : afterLook(upkeep, looked, at),
      // Upkeep that gave way before its first job goes on waiting for its turn.
      givenWay: postponed > 0 && done.length === 0 && failure === undefined ? state.givenWay : undefined,
    },
    intents,
  };
}

/** Of the first job of upkeep that is owed, no commit is in the way. */
const givesWay = ({ queue }: KeeperState, { owed, done }: UpkeepSession): boolean =>
  queue.length > 0 && !(owed && done.length === 0);

/** Between two jobs; also the first step of a keeper that continued as new in the middle of upkeep. */
export function resumeSession(state: KeeperState, session: UpkeepSession, at: number): Reduced {
  const idle: KeeperState = { ...state, session, running: undefined };
  if (session.look === undefined) return look(idle, session);
  const job = session.look.jobs[session.done.length];
  if (job === undefined || givesWay(state, session)) return endSession(state, session, at);
  if (state.leaving && state.rules === 'bounded') return still(idle);
  return { state: { ...idle, running: { kind: 'maintain', job } }, intents: [{ kind: 'maintain', job }] };
}

export function afterLooking(state: KeeperState, look: MaintenanceLook, at: number): Reduced {
  const { session, running } = state;
  if (session === undefined || running?.kind !== 'look') return still(state);
  return resumeSession(state, { ...session, look }, at);
}

export function afterMaintaining(state: KeeperState, step: MaintenanceStep, at: number): Reduced {
  const { session, running } = state;
  if (session === undefined || running?.kind !== 'maintain') return still(state);
  return resumeSession(state, { ...session, done: [...session.done, step] }, at);
}

/** Upkeep never ends a keeper: what failed is told, and tried again at the next look. */
export function afterFailure(state: KeeperState, failure: FailureSummary, at: number): Reduced {
  const { session, running } = state;
  if (session === undefined || running === undefined || running.kind === 'commit') return still(state);
  return endSession(state, session, at, failure);
}
