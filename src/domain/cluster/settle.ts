// What a pool wants now: who gets a cluster, which one is started, replaced, ended, looked at; and when to ask again. Pure.
import type { ClusterMember } from '../../contracts/cluster';
import type { FailureSummary } from '../../contracts/failure';
import { grantLeases, refuseWaiting } from './leases';
import { toEnding } from './members';
import {
  holds,
  isOpen,
  isWaiting,
  withMember,
  withoutMember,
  type PoolIntent,
  type PoolState,
  type Reduced,
} from './state';

/** Holders that are gone are noticed so late at most. */
export const holdersEveryMs = 5 * 60_000;

/** A cluster that does not end is told to so long; then EMR's own idle time-out and the reaper are left. */
export const endingLimitMs = 7 * 24 * 3_600_000;

const cancelledPool = (pool: string): FailureSummary => ({
  kind: 'cancelled',
  type: 'PoolCancelled',
  message: `The keeper of the clusters '${pool}' was cancelled: they end, and nobody gets one of them.`,
  remedy: 'Run again when they may start again.',
  fields: { pool },
});

const isUsed = (state: PoolState, member: ClusterMember): boolean =>
  state.leases.some(holds(member)) || (isOpen(member) && state.leases.some(isWaiting));

const idleMs = ({ closed, shape }: PoolState): number => (closed ? 0 : (shape?.idleSeconds ?? 0) * 1000);

const isOld = ({ shape }: PoolState, { state, askedAt }: ClusterMember, at: number): boolean =>
  state === 'ready' && shape !== undefined && at - askedAt >= shape.maxAgeSeconds * 1000;

/** It takes no more leases; those that it has run to their end. */
const drain = (state: PoolState, member: ClusterMember, why: string): PoolState =>
  withMember(state, { ...member, state: 'draining', why });

function retire(before: PoolState, at: number): PoolState {
  let state = before;
  for (const known of before.members) {
    if (known.state === 'ending') continue;
    if (state.cancelled) {
      state = toEnding(state, known, 'its keeper was cancelled', at);
      continue;
    }
    if (isOld(state, known, at)) state = drain(state, known, 'it has reached its age');
    const member = state.members.find(({ name }) => name === known.name) ?? known;
    if (isUsed(state, member)) {
      const { idleSince: _, ...used } = member;
      state = withMember(state, used);
    } else if (member.state === 'draining') {
      state = toEnding(state, member, member.why ?? 'it was replaced', at);
    } else {
      const idleSince = member.idleSince ?? at;
      const why = state.closed ? 'nobody needs it any more' : 'nobody has used it';
      state =
        at - idleSince >= idleMs(state)
          ? toEnding(state, member, why, at)
          : withMember(state, { ...member, idleSince });
    }
  }
  return state;
}

/** Those who wait and are not served by the cluster that is there, or starts, get another one: one at a time. */
function provide(before: PoolState, at: number): PoolState {
  const sizes = before.leases.filter(isWaiting).map(({ size }) => size);
  const size = Math.max(...sizes);
  if (sizes.length === 0 || before.cancelled || before.leaving) return before;
  const open = before.members.find(isOpen);
  if (open !== undefined && (open.size >= size || open.state === 'asked')) return before;
  const state = open === undefined ? before : drain(before, open, `a job needs size ${size}`);
  if (at < state.startAfter) return state;
  const serial = state.serial + 1;
  const member: ClusterMember = {
    name: `${state.epoch}-${serial}`,
    state: 'asked',
    size,
    askedAt: at,
    nextAt: at,
    instances: { onDemand: 0, spot: 0 },
  };
  return { ...state, serial, members: [...state.members, member] };
}

/** Whoever waits for a word of it that is newer than the last one. */
const isStale = (state: PoolState, { state: of, seenAt = 0 }: ClusterMember): boolean =>
  of === 'ready' && state.leases.some((lease) => isWaiting(lease) && lease.freshAfter > seenAt);

function dueAt(state: PoolState, member: ClusterMember): number {
  return isStale(state, member) ? 0 : member.nextAt;
}

function intentOf(state: PoolState, member: ClusterMember): PoolIntent | undefined {
  const { name, id, askedAt, size, why = '' } = member;
  if (member.state === 'ending')
    return { kind: 'end', pool: state.pool, member: name, askedAt, why, ...(id === undefined ? {} : { id }) };
  if (id !== undefined) return { kind: 'look', member: name, id };
  const { shape, pool, pipeline } = state;
  return shape === undefined
    ? undefined
    : { kind: 'start', order: { pool, member: name, pipeline, size, shape }, askedAt };
}

function act(before: PoolState, at: number): Reduced {
  let state = before;
  const intents: PoolIntent[] = [];
  for (const member of before.leaving ? [] : before.members) {
    if (state.busy.includes(member.name) || dueAt(state, member) > at) continue;
    if (member.endingSince !== undefined && at - member.endingSince >= endingLimitMs) {
      state = withoutMember(state, member);
      intents.push({ kind: 'abandon', member });
      continue;
    }
    const intent = intentOf(state, member);
    if (intent === undefined) continue;
    intents.push(intent);
    // The time of a look counts from its begin.
    state = { ...withMember(state, { ...member, nextAt: at }), busy: [...state.busy, member.name] };
  }
  const isCheckDue = state.leases.length > 0 && at - state.checkedAt >= holdersEveryMs;
  if (isCheckDue && !state.checking && !state.leaving) {
    intents.push({ kind: 'check-holders', holders: state.leases.map(({ holder }) => holder) });
    state = { ...state, checking: true };
  }
  return { state, intents };
}

export function settle(before: PoolState, at: number): Reduced {
  const granted = grantLeases(retire(before, at));
  const refused = granted.state.cancelled
    ? refuseWaiting(granted.state, cancelledPool(before.pool))
    : { state: granted.state, intents: [] };
  // Drained for a bigger one, a cluster without leases ends at once.
  const acted = act(retire(provide(refused.state, at), at), at);
  return { state: acted.state, intents: [...granted.intents, ...refused.intents, ...acted.intents] };
}

/** Milliseconds until something is due although nothing happens; undefined: never. */
export function untilNext(state: PoolState, at: number): number | undefined {
  const { members, leases, busy, shape } = state;
  const times = members
    .filter(({ name }) => !busy.includes(name))
    .flatMap((member) => [
      dueAt(state, member),
      ...(member.idleSince === undefined ? [] : [member.idleSince + idleMs(state)]),
      ...(member.state === 'ready' && shape !== undefined ? [member.askedAt + shape.maxAgeSeconds * 1000] : []),
    ]);
  if (leases.some(isWaiting) && !members.some(isOpen)) times.push(state.startAfter);
  if (leases.length > 0 && !state.checking) times.push(state.checkedAt + holdersEveryMs);
  return times.length === 0 ? undefined : Math.max(0, Math.min(...times) - at);
}
