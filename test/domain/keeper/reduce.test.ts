// Single decisions of a keeper, where reduce.property.test.ts tells what holds for all orders of messages.
import type { KeeperInput } from '../../../src/contracts/keeper';
import { askersLimit, refuseCommit, refuseMaintenance } from '../../../src/domain/keeper/acceptance';
import { queueLimit } from '../../../src/domain/keeper/queue';
import { hasWork, reduceKeeper } from '../../../src/domain/keeper/reduce';
import {
  carryKeeper,
  restoreKeeper,
  type KeeperEvent,
  type KeeperIntent,
  type KeeperRules,
  type KeeperState,
} from '../../../src/domain/keeper/state';
import { stepOf } from '../../fakes/ids';
import { pipeline } from '../../fakes/reports';
import { commitOf, failure, lookWith, stepDone, upkeepRequest } from './keeper-world';

const now = Date.parse('2026-06-10T12:00:00Z');
const { table } = pipeline.target;
const keeper = (input: KeeperInput = {}, rules: KeeperRules = 'bounded') => restoreKeeper(input, table, rules);
const waiter = { replyTo: 'run/a', run: 'one' };
const asked = (step: string): KeeperEvent => ({ kind: 'commit-asked', ask: { job: commitOf(step), ...waiter } });

function after(state: KeeperState, ...events: readonly KeeperEvent[]) {
  let last: readonly KeeperIntent[] = [];
  const end = events.reduce((from, event) => {
    const { state: next, intents } = reduceKeeper(from, event, now);
    last = intents;
    return next;
  }, state);
  return { state: end, intents: last, kinds: last.map(({ kind }) => kind) };
}

describe('a commit', () => {
  const full = Array.from({ length: queueLimit }, (_, index) => asked(`s${index}`));

  it('is refused while the queue is full, by a failure that is tried again', () => {
    const { state } = after(keeper(), ...full);
    expect(refuseCommit(state, { job: commitOf('more'), ...waiter })).toMatchObject({
      kind: 'throttle',
      type: 'KeeperBusy',
      fields: { queued: queueLimit },
    });
    expect(refuseCommit(after(state, { kind: 'turn' }).state, { job: commitOf('more'), ...waiter })).toBeUndefined();
  });

  it('that waits or runs already is taken although the queue is full', () => {
    const { state } = after(keeper(), asked('first'), { kind: 'turn' }, ...full);
    expect(refuseCommit(state, { job: commitOf('s7'), replyTo: 'run/b', run: 'two' })).toBeUndefined();
    expect(refuseCommit(state, { job: commitOf('first'), replyTo: 'run/b', run: 'two' })).toBeUndefined();
  });

  it('to another table is refused for good', () => {
    const elsewhere = restoreKeeper({}, '/lake/other', 'bounded');
    expect(refuseCommit(elsewhere, { job: commitOf('a'), ...waiter })).toMatchObject({
      kind: 'config',
      type: 'WrongKeeper',
    });
  });

  it('is made again for another run of the same batch: only the table knows whether it still holds', () => {
    const { state } = after(
      keeper(),
      asked('a'),
      { kind: 'turn' },
      { kind: 'commit-ended', reply: { kind: 'failed', stepKey: stepOf('a'), failure } },
    );
    expect(after(state, asked('a')).kinds).toEqual(['answer']);
    const again = after(state, { kind: 'commit-asked', ask: { job: commitOf('a'), replyTo: 'run/a', run: 'two' } });
    expect(again.kinds).toEqual([]);
    expect(again.state.queue).toHaveLength(1);
  });

  it('is made again for the same run when the table was another one: it asks with what it has found', () => {
    const refused = { ...failure, kind: 'inputs-changed', type: 'TableChanged' } as const;
    const { state } = after(
      keeper(),
      asked('a'),
      { kind: 'turn' },
      { kind: 'commit-ended', reply: { kind: 'failed', stepKey: stepOf('a'), failure: refused } },
    );
    const again = after(state, asked('a'));
    expect(again.kinds).toEqual([]);
    expect(again.state.queue).toHaveLength(1);
  });
});

describe('a commit that is taken back', () => {
  const takenBack = {
    kind: 'withdrawal-asked',
    ask: { stepKey: stepOf('a'), ...waiter, strict: true },
  } as const satisfies KeeperEvent;

  it('is not made when its request comes later, also by a keeper that has continued as new', () => {
    const { state } = after(keeper(), takenBack);
    const late = after(keeper(carryKeeper(state)), asked('a'));
    expect(late.intents).toMatchObject([{ to: 'run/a', answer: { reply: { kind: 'withdrawn' } } }]);
    expect(late.state.queue).toEqual([]);
  });

  it('is made for a later run of the same workflow, and for another workflow', () => {
    const { state } = after(keeper(), takenBack);
    for (const other of [
      { replyTo: 'run/a', run: 'two' },
      { replyTo: 'run/b', run: 'one' },
    ]) {
      const ask = { job: commitOf('a'), ...other };
      expect(after(state, { kind: 'commit-asked', ask }).state.queue).toHaveLength(1);
    }
  });

  it('is told to run when it has begun, and its end comes after that', () => {
    const { state, intents } = after(keeper(), asked('a'), { kind: 'turn' }, takenBack);
    expect(intents).toMatchObject([{ answer: { reply: { kind: 'running' } } }]);
    const reply = { kind: 'failed', stepKey: stepOf('a'), failure } as const;
    expect(after(state, { kind: 'commit-ended', reply }).intents).toMatchObject([{ answer: { reply } }]);
  });

  it('of an old run is answered as that run expects it: nothing until the end, and later requests are made', () => {
    const { strict: _, ...old } = takenBack.ask;
    const told: KeeperEvent = { kind: 'withdrawal-asked', ask: old };
    expect(after(keeper(), asked('a'), { kind: 'turn' }, told).kinds).toEqual([]);
    expect(after(keeper(), told, asked('a')).state.queue).toHaveLength(1);
  });
});

describe('upkeep', () => {
  const request = { ...upkeepRequest, now: 'compact' as const };
  const begun = after(
    keeper(),
    { kind: 'maintenance-asked', ask: { request, replyTo: 'maintain/p' } },
    { kind: 'turn' },
    { kind: 'looked', look: lookWith(3) },
  ).state;

  it('goes on with the next job after its keeper has continued as new', () => {
    const { state, kinds } = after(begun, { kind: 'leave-asked' }, { kind: 'maintained', step: stepDone });
    expect(kinds).toEqual([]);
    expect(after(state, { kind: 'turn-ended' }).kinds).toEqual(['continue-as-new']);
    const resumed = keeper(carryKeeper(state));
    expect(hasWork(resumed, now)).toBe(true);
    const { state: going, kinds: first } = after(resumed, { kind: 'turn' });
    expect(first).toEqual(['maintain']);
    const { intents } = after(going, { kind: 'maintained', step: stepDone }, { kind: 'maintained', step: stepDone });
    expect(intents).toMatchObject([{ answer: { reply: { kind: 'done', result: { postponed: 0 } } } }]);
  });

  it('is refused to more than may wait for it, and for another table', () => {
    const ask = (index: number) => ({ request, replyTo: `maintain/${index}`, run: 'one' });
    const events = Array.from({ length: askersLimit }, (_, index): KeeperEvent => ({
      kind: 'maintenance-asked',
      ask: ask(index),
    }));
    const { state } = after(keeper(), ...events);
    expect(refuseMaintenance(state, ask(99))).toMatchObject({ kind: 'throttle', type: 'KeeperBusy' });
    expect(refuseMaintenance(state, ask(3))).toBeUndefined();
    expect(refuseMaintenance(keeper(), ask(99))).toBeUndefined();
    expect(refuseMaintenance(restoreKeeper({}, '/lake/other', 'bounded'), ask(0))).toMatchObject({
      type: 'WrongKeeper',
    });
  });

  it('that a later run of the same workflow asks for is another one, and its answer says so', () => {
    const again = { request: { ...request, now: 'vacuum-full' as const }, replyTo: 'maintain/p', run: 'two' };
    const { state, intents } = after(
      begun,
      { kind: 'maintenance-asked', ask: again },
      { kind: 'upkeep-failed', failure },
      { kind: 'turn' },
      { kind: 'upkeep-failed', failure },
    );
    expect(state.asked).toEqual([]);
    expect(intents).toMatchObject([{ to: 'maintain/p', answer: { reply: { run: 'two' } } }]);
  });

  it('gives way to a commit after the job at hand, and says what it has left', () => {
    const { state, intents } = after(begun, asked('a'), { kind: 'maintained', step: stepDone });
    expect(intents).toMatchObject([{ answer: { reply: { kind: 'done', result: { postponed: 2 } } } }]);
    expect(after(state, { kind: 'turn' }).kinds).toEqual(['commit']);
  });

  it('of a table that others have made ends with the reason, and is looked at again after the next commits', () => {
    const upkeep = { request: upkeepRequest, smallFiles: 0, lookAt: now };
    const plan = { actions: [], declined: [], budgetBytes: 0, refused: 'not ours' };
    const look = { ...lookWith(0), plan };
    const { state } = after(keeper({ upkeep }), { kind: 'turn' }, { kind: 'looked', look });
    expect(state.lastMaintenance).toMatchObject({ refused: 'not ours', done: [] });
    expect(hasWork(state, now + 86_400_000)).toBe(false);
  });

  it('that failed is tried again a day later, not at once', () => {
    const upkeep = { request: upkeepRequest, smallFiles: 0, lookAt: now };
    const failing = [
      { kind: 'turn' },
      { kind: 'looked', look: lookWith(2) },
      { kind: 'upkeep-failed', failure },
    ] as const;
    const { state } = after(keeper({ upkeep }), ...failing);
    expect(state.lastMaintenance).toMatchObject({ failure: { type: 'Crashed' } });
    expect(hasWork(state, now)).toBe(false);
    expect(hasWork(state, now + 86_400_000)).toBe(true);
  });
});

describe('a keeper of before 2026-12', () => {
  it('reads what it carried over: waiters by workflow id alone', () => {
    const old = keeper({ queue: [{ request: commitOf('a'), waiters: ['run/a'] }] });
    expect(old.queue[0]?.waiters).toEqual([{ replyTo: 'run/a' }]);
  });

  it('keeps its rules, so that its history replays: commits first without end, no answer to an unknown withdrawal', () => {
    const givenWay = { since: 0, commits: 99 };
    const withdrawal = { kind: 'withdrawal-asked', ask: { stepKey: stepOf('x'), ...waiter } } as const;
    const kinds = (rules: KeeperRules) => {
      const state = keeper({ asked: [{ request: upkeepRequest, replyTo: 'm' }], givenWay }, rules);
      return [after(state, asked('a'), { kind: 'turn' }).kinds, after(state, withdrawal).kinds];
    };
    expect(kinds('first')).toEqual([['commit'], []]);
    expect(kinds('bounded')).toEqual([['look'], ['answer']]);
  });
});
