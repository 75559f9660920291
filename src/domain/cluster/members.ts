// What becomes of the clusters of a pool: started, seen, lost, told to end. Pure.
import type { ClusterMember } from '../../contracts/cluster';
import { assertNever } from '../../contracts/assert-never';
import { failureKinds, type FailureSummary } from '../../contracts/failure';
import { loseLeases, refuseWaiting } from './leases';
import {
  isOpen,
  withMember,
  withoutMember,
  type ClusterLook,
  type MemberOutcome,
  type PoolState,
  type Reduced,
} from './state';

const pauses = {
  /** Between two looks at a cluster that starts, serves, ends. */
  asked: 0,
  starting: 15_000,
  ready: 60_000,
  draining: 60_000,
  ending: 30_000,
} as const satisfies Record<ClusterMember['state'], number>;

/** Starts that may fail, one after another, before those who wait are told. */
const startLimit = 3;

const beforeStart = (failures: number): number => 30_000 * 2 ** (failures - 1);

const still = (state: PoolState): Reduced => ({ state, intents: [] });

export function toEnding(state: PoolState, member: ClusterMember, why: string, at: number): PoolState {
  const { idleSince: _, ...rest } = member;
  return loseLeases(withMember(state, { ...rest, state: 'ending', why, endingSince: at, nextAt: at }), member);
}

/** Another one is started for those who wait, after a pause, and so often. */
function afterFailedStart(state: PoolState, failure: FailureSummary, at: number): Reduced {
  const failures = state.failures + 1;
  const isFinal = failureKinds[failure.kind].terminal || failures >= startLimit;
  if (isFinal) return refuseWaiting({ ...state, failures: 0, startAfter: 0 }, failure);
  return still({ ...state, failures, startAfter: at + beforeStart(failures) });
}

/** Causes in the words of EMR that another cluster would meet again. */
const terminalCodes: readonly string[] = ['VALIDATION_ERROR'];

const failureOf = (
  { id = '', name }: ClusterMember,
  { code, text }: { code: string; text: string },
): FailureSummary => ({
  kind: terminalCodes.includes(code) ? 'config' : 'infrastructure',
  type: 'ClusterFailed',
  message: `The cluster ${id} (${name}) ended before it was ready: ${code}: ${text}.`,
  remedy: 'Correct what it names (capacity, roles, subnets, instance types in the pipeline file), and run again.',
  fields: { cluster: id, code },
});

/** It ends, or has ended, and nobody here asked for it: Spot is lost, its bootstrap failed, somebody ended it. */
function lost(
  state: PoolState,
  member: ClusterMember,
  look: Extract<ClusterLook, { code: string }>,
  at: number,
): Reduced {
  const wasReady = member.readyAt !== undefined;
  const ending = toEnding(state, member, `it was lost: ${look.code}: ${look.text}`, at);
  const left = look.state === 'gone' ? withoutMember(ending, member) : ending;
  return wasReady ? still(left) : afterFailedStart(left, failureOf(member, look), at);
}

function seen(state: PoolState, member: ClusterMember, look: ClusterLook, at: number): Reduced {
  if (member.state === 'ending') {
    return still(look.state === 'gone' ? withoutMember(state, member) : withMember(state, after(member, at)));
  }
  switch (look.state) {
    case 'starting':
      return still(withMember(state, after(member, at)));
    case 'ready': {
      const ready: ClusterMember = {
        ...after(member, at),
        state: member.state === 'draining' ? 'draining' : 'ready',
        readyAt: member.readyAt ?? at,
        // The look that told it began when it was due.
        seenAt: member.nextAt,
        instances: look.instances,
      };
      return still(withMember({ ...state, failures: 0 }, { ...ready, nextAt: at + pauses[ready.state] }));
    }
    case 'ending':
    case 'gone':
      return lost(state, member, look, at);
    default:
      return assertNever(look);
  }
}

const after = (member: ClusterMember, at: number): ClusterMember => ({ ...member, nextAt: at + pauses[member.state] });

function notStarted(
  state: PoolState,
  member: ClusterMember,
  outcome: Extract<MemberOutcome, { kind: 'not-started' }>,
  at: number,
): Reduced {
  const rest = outcome.sure
    ? withoutMember(state, member)
    : toEnding(state, member, 'whether it was made is not known', at);
  return isOpen(member) ? afterFailedStart(rest, outcome.failure, at) : still(rest);
}

/** Of a cluster that the pool does not have any more, nothing changes. */
export function onOutcome(before: PoolState, outcome: MemberOutcome, at: number): Reduced {
  const state: PoolState = { ...before, busy: before.busy.filter((name) => name !== outcome.member) };
  const member = state.members.find(({ name }) => name === outcome.member);
  if (member === undefined) return still(state);
  switch (outcome.kind) {
    case 'started': {
      const known = { ...member, id: outcome.id, nextAt: at };
      return still(withMember(state, member.state === 'asked' ? { ...known, state: 'starting' } : known));
    }
    case 'not-started':
      return notStarted(state, member, outcome, at);
    case 'looked':
      return seen(state, member, outcome.look, at);
    case 'end-told':
      return still(outcome.gone ? withoutMember(state, member) : withMember(state, after(member, at)));
    case 'unanswered':
      return still(withMember(state, { ...member, nextAt: at + pauses.starting }));
    default:
      return assertNever(outcome);
  }
}
