// A pool's keeper in a world of clusters that start, fail, get lost and hide: carries out what it wants, and holds it to its promises.
import type { ClusterMember, LeaseHolder } from '../../../src/contracts/cluster';
import type { ClusterShape } from '../../../src/contracts/cluster-shape';
import type { FailureSummary } from '../../../src/contracts/failure';
import { answerTo, reducePool } from '../../../src/domain/cluster/reduce';
import { holdersEveryMs, untilNext } from '../../../src/domain/cluster/settle';
import {
  carryPool,
  holds,
  isDone,
  isOpen,
  isUnderWay,
  restorePool,
  type ClusterLook,
  type MemberOutcome,
  type PoolEvent,
  type PoolIntent,
} from '../../../src/domain/cluster/state';
import { sampleShape } from '../../fakes/clusters';

type Outside = {
  readonly id: string;
  readonly name: string;
  state: 'starting' | 'ready' | 'ending' | 'gone';
  code: string;
};

type Work = Extract<PoolIntent, { kind: 'start' | 'look' | 'end' | 'check-holders' }>;

export type Fault = 'none' | 'refused' | 'unclear' | 'lost-answer' | 'silent';

const infrastructure: FailureSummary = {
  kind: 'infrastructure',
  type: 'ClusterFailed',
  message: 'm',
  remedy: 'r',
  fields: {},
};

const instances = { onDemand: 2, spot: 3 };
const startedAt = 1_000_000;

export function createPoolWorld(shape: ClusterShape = sampleShape()) {
  let at = startedAt;
  let state = restorePool({}, 'warm', 'e1', at);
  let continued = 0;
  const outside: Outside[] = [];
  let work: Work[] = [];
  const open = new Map<string, LeaseHolder>();
  const told = new Map<string, string>();
  const abandoned: ClusterMember[] = [];
  /** Of clusters while anybody had leased them. */
  let machineHours = 0;

  function check(): void {
    expect(state.members.filter(isOpen).length).toBeLessThanOrEqual(1);
    const names = state.members.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const lease of state.leases.filter((one) => one.state === 'granted')) {
      const member = state.members.find(({ name }) => name === lease.member);
      expect(member?.state).toMatch(/^(ready|draining)$/);
      expect(member?.size).toBeGreaterThanOrEqual(lease.size);
      expect(member?.seenAt).toBeGreaterThanOrEqual(lease.freshAfter);
    }
    for (const member of state.members)
      expect(state.leases.filter(holds(member)).length).toBeLessThanOrEqual(shape.stepsAtOnce);
    expect(new Set(state.busy).size).toBe(state.busy.length);
    const used = [...state.leases, ...state.returned].reduce((sum, { usage }) => sum + usage.onDemandHours, 0);
    if (state.returned.length < 50) expect(used).toBeCloseTo(machineHours, 6);
    // Whatever waits, something is under way for it or due.
    if (state.leases.length + state.members.length > 0 && work.length === 0)
      expect(untilNext(state, at)).toBeLessThanOrEqual(86_400_000);
  }

  function send(event: PoolEvent): void {
    const { state: next, intents } = reducePool(state, event, at);
    state = next;
    for (const intent of intents) {
      if (intent.kind === 'tell') {
        const { lease, answer } = intent.news;
        told.set(lease, answer.kind);
        if (answer.kind === 'granted') expect(outside.find(({ id }) => id === answer.cluster)).toBeDefined();
      } else if (intent.kind === 'abandon') abandoned.push(intent.member);
      else work.push(intent);
    }
    check();
  }

  const lookAt = (id: string): ClusterLook => {
    const found = outside.find((one) => one.id === id);
    if (found === undefined) return { state: 'gone', code: 'UNKNOWN', text: 'nobody knows it' };
    if (found.state === 'ready') return { state: 'ready', instances };
    return found.state === 'starting' ? { state: 'starting' } : { state: found.state, code: found.code, text: '' };
  };

  function start({ order }: Extract<Work, { kind: 'start' }>, fault: Fault): MemberOutcome {
    const of = { member: order.member, calls: 2 };
    if (fault === 'refused') return { ...of, kind: 'not-started', sure: true, failure: infrastructure };
    if (fault === 'unclear') return { ...of, kind: 'not-started', sure: false, failure: infrastructure };
    expect(outside.filter(({ name }) => name === order.member)).toEqual([]);
    const id = `j-${outside.length + 1}`;
    outside.push({ id, name: order.member, state: 'starting', code: '' });
    return fault === 'lost-answer'
      ? { ...of, kind: 'not-started', sure: false, failure: infrastructure }
      : { ...of, kind: 'started', id };
  }

  function end({ member, id }: Extract<Work, { kind: 'end' }>): MemberOutcome {
    const found = outside.find((one) => one.id === id || one.name === member);
    const gone = found === undefined || found.state === 'gone';
    if (found !== undefined && !gone) found.state = 'ending';
    return { member, calls: 1, kind: 'end-told', gone };
  }

  function outcomeOf(job: Work, fault: Fault): PoolEvent {
    switch (job.kind) {
      case 'start':
        return start(job, fault);
      case 'look':
        if (fault === 'silent') return { kind: 'unanswered', member: job.member, calls: 1 };
        return { kind: 'looked', member: job.member, calls: 1, look: lookAt(job.id) };
      case 'end':
        return fault === 'silent' ? { kind: 'unanswered', member: job.member, calls: 1 } : end(job);
      case 'check-holders': {
        const alive = [...open.values()].map(({ runId }) => runId);
        const gone = job.holders.map(({ runId }) => runId).filter((runId) => !alive.includes(runId));
        return { kind: 'holders-checked', gone: fault === 'silent' ? [] : gone };
      }
      default:
        throw new TypeError('not work');
    }
  }

  const world = {
    state: () => state,
    at: () => at,
    told: (lease: string) => told.get(lease),
    alive: () => outside.filter((one) => one.state !== 'gone'),
    made: () => outside.length,
    work: () => work,
    abandoned: () => abandoned,
    continued: () => continued,
    answer: (lease: string) => answerTo(state, lease),
    ask(name: string, size = 1): void {
      const holder = { workflowId: name, runId: `${name}-run` };
      open.set(name, holder);
      told.delete(name);
      send({ kind: 'lease-asked', ask: { lease: name, holder, size, shape, pipeline: 'p' } });
    },
    giveBack(name: string): void {
      open.delete(name);
      send({ kind: 'given-back', lease: name });
    },
    /** Its workflow closes and says nothing. */
    die: (name: string): void => void open.delete(name),
    close: (): void => send({ kind: 'close-asked' }),
    cancel: (): void => send({ kind: 'cancelled' }),
    pass(ms: number): void {
      const held = state.members.filter((member) => state.leases.some(holds(member)));
      machineHours += held.reduce((sum, member) => sum + (ms * member.instances.onDemand) / 3_600_000, 0);
      at += ms;
      send({ kind: 'time-passed' });
    },
    /** What EMR does: the oldest that it can be done to. */
    outside(from: Outside['state'], to: Outside['state'], code = 'SPOT'): void {
      const found = outside.find((one) => one.state === from);
      if (found !== undefined) Object.assign(found, { state: to, code });
    },
    carryOut(fault: Fault = 'none', pick = 0): void {
      const [job] = work.splice(pick % Math.max(1, work.length), 1);
      if (job !== undefined) send(outcomeOf(job, fault));
    },
    leave(): void {
      send({ kind: 'leave-asked' });
      while (isUnderWay(state)) world.carryOut();
      const carried: unknown = JSON.parse(JSON.stringify(carryPool(state)));
      state = restorePool(carried as ReturnType<typeof carryPool>, 'warm', 'other', at);
      continued += 1;
      send({ kind: 'time-passed' });
    },
    /** Lets all work be done, EMR do as told, and time pass to what is due next. */
    untilQuiet(isQuiet: () => boolean, limitMs: number): void {
      const until = at + limitMs;
      while (!isQuiet()) {
        if (at > until)
          throw new Error(
            `not quiet after ${limitMs} ms: ${JSON.stringify([state.members, state.leases, outside, at])}`,
          );
        if (work.length > 0) world.carryOut();
        else {
          world.outside('ending', 'gone', 'USER_REQUEST');
          world.outside('starting', 'ready');
          world.pass(Math.max(1000, untilNext(state, at) ?? 1000));
        }
      }
    },
    /** All leases are given back, or their holders die: nothing may be left, here and outside, after the stated time. */
    rest(howEach: 'given-back' | 'dead'): void {
      for (const name of open.keys()) {
        if (howEach === 'dead') world.die(name);
        else world.giveBack(name);
      }
      // Holders, idle time, a start that had to end first, two looks, and the end.
      const bound = holdersEveryMs + shape.idleSeconds * 1000 + 15 * 60_000;
      world.untilQuiet(() => isDone(state) && world.alive().length === 0, bound);
      work = [];
    },
  };
  return world;
}

export type PoolWorld = ReturnType<typeof createPoolWorld>;
