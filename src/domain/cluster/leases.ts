// Who has leased a cluster of a pool, who waits for one, and what it cost them. Pure.
import type { ClusterAnswer, ClusterLease, ClusterMember, ClusterUsage, LeaseAsk } from '../../contracts/cluster';
import type { FailureSummary } from '../../contracts/failure';
import { holds, isWaiting, noUsage, type PoolIntent, type PoolState, type Reduced } from './state';

/** A cluster that was seen ready so lately is taken at its word. */
const freshMs = 60_000;

/** So many are under a MiB, which the keeper carries over when it continues as new. */
export const leaseLimit = 500;

const returnedKept = 50;

/** Asked again, a lease is granted anew on a cluster that is seen after the question: its holder had reason to ask. */
export function takeLease(state: PoolState, { lease, holder, size, shape, pipeline }: LeaseAsk, at: number): PoolState {
  const known = state.leases.find((one) => one.lease === lease);
  const asked: ClusterLease = {
    lease,
    holder,
    size,
    askedAt: at,
    freshAfter: known === undefined || known.state === 'waiting' ? at - freshMs : at,
    state: 'waiting',
    usage: known?.usage ?? noUsage,
  };
  const leases =
    known === undefined
      ? [...state.leases, asked]
      : state.leases.map((one) =>
          one.lease !== lease ? one : one.state === 'waiting' ? { ...one, size, askedAt: at } : asked,
        );
  return { ...state, shape, pipeline, leases, closed: false };
}

export function usageOf({ leases, returned }: PoolState, lease: string): ClusterUsage | undefined {
  return [...leases, ...returned].find((one) => one.lease === lease)?.usage;
}

function dropLeases(state: PoolState, isOver: (lease: ClusterLease) => boolean): PoolState {
  const over = state.leases.filter(isOver).map(({ lease, usage }) => ({ lease, usage }));
  return {
    ...state,
    leases: state.leases.filter((lease) => !isOver(lease)),
    returned: [...state.returned, ...over].slice(-returnedKept),
  };
}

export const giveBack = (state: PoolState, lease: string): PoolState => dropLeases(state, (one) => one.lease === lease);

/** Longer than a job may wait and run: whoever holds a lease without asking again has forgotten it. */
const leaseLimitMs = 30 * 3_600_000;

export const withoutGone = (state: PoolState, gone: readonly string[], at: number): PoolState =>
  dropLeases(state, ({ holder, askedAt }) => gone.includes(holder.runId) || at - askedAt >= leaseLimitMs);

/** Its leases are of no use any more. */
export const loseLeases = (state: PoolState, member: ClusterMember): PoolState => ({
  ...state,
  leases: state.leases.map((lease) => (holds(member)(lease) ? { ...lease, state: 'lost' } : lease)),
});

const tell = ({ holder, lease }: ClusterLease, answer: ClusterAnswer): PoolIntent => ({
  kind: 'tell',
  holder,
  news: { lease, answer },
});

export function refuseWaiting(state: PoolState, failure: FailureSummary): Reduced {
  const refused = state.leases.filter(isWaiting);
  return {
    state: dropLeases(state, isWaiting),
    intents: refused.map((lease) => tell(lease, { kind: 'refused', failure })),
  };
}

/** First come, first served, as far as the cluster that takes leases has room, size and was seen lately. */
export function grantLeases(state: PoolState): Reduced {
  const { members, shape } = state;
  const intents: PoolIntent[] = [];
  const member = members.find((one) => one.state === 'ready');
  const { id, seenAt } = member ?? {};
  if (member === undefined || id === undefined || seenAt === undefined || shape === undefined)
    return { state, intents };
  let room = shape.stepsAtOnce - state.leases.filter(holds(member)).length;
  const leases = state.leases.map((lease): ClusterLease => {
    if (!isWaiting(lease) || room <= 0 || lease.size > member.size || lease.freshAfter > seenAt) return lease;
    room -= 1;
    intents.push(tell(lease, { kind: 'granted', cluster: id }));
    return { ...lease, state: 'granted', member: member.name, usage: { ...lease.usage, cluster: id } };
  });
  return { state: { ...state, leases }, intents };
}

/** What machines and calls came to since the last event, shared alike by those who have leased them. */
export function accrue(state: PoolState, at: number): PoolState {
  const hours = Math.max(0, at - state.accruedAt) / 3_600_000;
  const leases = state.leases.map((lease) => {
    const member = state.members.find((one) => holds(one)(lease));
    if (member === undefined) return lease;
    const share = hours / state.leases.filter(holds(member)).length;
    const { usage } = lease;
    const onDemandHours = usage.onDemandHours + share * member.instances.onDemand;
    return { ...lease, usage: { ...usage, onDemandHours, spotHours: usage.spotHours + share * member.instances.spot } };
  });
  return { ...state, accruedAt: Math.max(at, state.accruedAt), leases };
}

/** Those who have leased the cluster pay for the calls about it; before anybody has, those who wait. */
export function chargeCalls(state: PoolState, member: ClusterMember, calls: number): PoolState {
  const users = state.leases.some(holds(member)) ? holds(member) : isWaiting;
  const share = calls / Math.max(1, state.leases.filter(users).length);
  return {
    ...state,
    leases: state.leases.map((lease) =>
      users(lease) ? { ...lease, usage: { ...lease.usage, calls: lease.usage.calls + share } } : lease,
    ),
  };
}
