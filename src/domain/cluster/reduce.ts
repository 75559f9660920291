// The keeper of a pool of clusters as a function: (state, event, time) to the next state and what is to be done. Total, no I/O.
import { assertNever } from '../../contracts/assert-never';
import type { ClusterAnswer } from '../../contracts/cluster';
import { accrue, chargeCalls, giveBack, takeLease, withoutGone } from './leases';
import { onOutcome } from './members';
import { settle } from './settle';
import { isOpen, type MemberOutcome, type PoolEvent, type PoolState, type Reduced } from './state';

function onMember(state: PoolState, outcome: MemberOutcome, at: number): Reduced {
  const member = state.members.find(({ name }) => name === outcome.member);
  return onOutcome(member === undefined ? state : chargeCalls(state, member, outcome.calls), outcome, at);
}

function step(state: PoolState, event: PoolEvent, at: number): Reduced {
  const still = (next: PoolState): Reduced => ({ state: next, intents: [] });
  switch (event.kind) {
    case 'lease-asked':
      return still(takeLease(state, event.ask, at));
    case 'given-back':
      return still(giveBack(state, event.lease));
    case 'holders-checked':
      return still({ ...withoutGone(state, event.gone, at), checking: false, checkedAt: at });
    case 'close-asked':
      return still({ ...state, closed: true });
    case 'cancelled':
      return still({ ...state, cancelled: true });
    case 'leave-asked':
      return still({ ...state, leaving: true });
    case 'time-passed':
      return still(state);
    case 'started':
    case 'not-started':
    case 'looked':
    case 'end-told':
    case 'unanswered':
      return onMember(state, event, at);
    default:
      return assertNever(event);
  }
}

/** `at`: milliseconds since 1970. Messages are taken in every state; the outcome of what is not under way changes nothing. */
export function reducePool(before: PoolState, event: PoolEvent, at: number): Reduced {
  const stepped = step(accrue(before, at), event, at);
  const settled = settle(stepped.state, at);
  return { state: settled.state, intents: [...stepped.intents, ...settled.intents] };
}

/** What whoever asks for a lease hears at once; the rest comes as a signal. */
export function answerTo(state: PoolState, lease: string): ClusterAnswer {
  const known = state.leases.find((one) => one.lease === lease);
  const on = state.members.find(({ name }) => name === known?.member);
  if (known?.state === 'granted' && on?.id !== undefined) return { kind: 'granted', cluster: on.id };
  return { kind: 'waiting', why: whyWaiting(state) };
}

function whyWaiting(state: PoolState): string {
  const open = state.members.find(isOpen);
  if (open === undefined)
    return state.failures > 0 ? 'a cluster failed to start; another one follows' : 'no cluster yet';
  if (open.state !== 'ready') return `a cluster starts${open.id === undefined ? '' : `: ${open.id}`}`;
  return `all ${state.shape?.stepsAtOnce ?? 0} places of ${open.id ?? 'the cluster'} are taken`;
}
