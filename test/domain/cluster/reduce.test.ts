// What a pool of clusters does, case by case.
import { sampleShape } from '../../fakes/clusters';
import { refuseLease } from '../../../src/domain/cluster/acceptance';
import { leaseLimit, usageOf } from '../../../src/domain/cluster/leases';
import { endingLimitMs } from '../../../src/domain/cluster/settle';
import { drawPoolSheet, viewPool } from '../../../src/domain/cluster/sheet';
import { createPoolWorld, type PoolWorld } from './pool-world';

/** Everything that is under way is done. */
const work = (world: PoolWorld): void => {
  while (world.work().length > 0) world.carryOut();
};

const minute = 60_000;

function warm(shape = sampleShape()): PoolWorld {
  const world = createPoolWorld(shape);
  world.ask('a');
  work(world);
  world.outside('starting', 'ready');
  world.pass(minute);
  work(world);
  expect(world.told('a')).toBe('granted');
  return world;
}

const states = (world: PoolWorld) => world.state().members.map(({ state, size }) => [state, size]);

describe('a pool', () => {
  it('starts nothing before it is asked', () => {
    expect(createPoolWorld().work()).toEqual([]);
  });

  it('starts one cluster for all who ask, and grants it when it is ready', () => {
    const world = createPoolWorld();
    world.ask('a');
    world.ask('b');
    expect(world.answer('a')).toEqual({ kind: 'waiting', why: 'a cluster starts' });
    work(world);
    expect(world.answer('b')).toEqual({ kind: 'waiting', why: 'a cluster starts: j-1' });
    world.outside('starting', 'ready');
    world.pass(15_000);
    work(world);
    expect([world.told('a'), world.told('b'), world.made()]).toEqual(['granted', 'granted', 1]);
  });

  it('lets no more share a cluster than its places, and serves the next one in turn', () => {
    const world = warm();
    for (const name of ['b', 'c', 'd']) world.ask(name);
    work(world);
    expect([world.told('b'), world.told('c')]).toEqual(['granted', undefined]);
    expect(world.answer('c')).toEqual({ kind: 'waiting', why: 'all 2 places of j-1 are taken' });
    world.giveBack('a');
    work(world);
    expect([world.told('c'), world.told('d')]).toEqual(['granted', undefined]);
  });

  it('takes the same ask twice as one lease, and looks before it grants it again', () => {
    const world = warm();
    world.pass(1);
    world.ask('a');
    expect(world.answer('a')).toMatchObject({ kind: 'waiting' });
    expect(world.work()).toMatchObject([{ kind: 'look', id: 'j-1' }]);
    work(world);
    expect([world.answer('a'), world.state().leases.length]).toEqual([{ kind: 'granted', cluster: 'j-1' }, 1]);
  });

  it('ends a cluster that nobody has used for its idle time, and not before', () => {
    const world = warm();
    world.giveBack('a');
    world.pass(10 * minute - 1);
    work(world);
    expect(states(world)).toEqual([['ready', 1]]);
    world.pass(1);
    expect(states(world)).toEqual([['ending', 1]]);
    expect(world.work()).toMatchObject([{ kind: 'end', id: 'j-1', why: 'nobody has used it' }]);
  });

  it('ends it with its last lease when it is closed, and opens again for whoever asks', () => {
    const world = warm();
    world.close();
    expect(states(world)).toEqual([['ready', 1]]);
    world.giveBack('a');
    expect(states(world)).toEqual([['ending', 1]]);
    world.ask('b');
    expect(states(world)).toEqual([
      ['ending', 1],
      ['asked', 1],
    ]);
    expect(world.state().closed).toBe(false);
  });

  it('does not keep a cluster that starts for nobody', () => {
    const world = createPoolWorld();
    world.ask('a');
    work(world);
    world.giveBack('a');
    world.pass(10 * minute);
    expect(states(world)).toEqual([['ending', 1]]);
  });

  it('replaces an old cluster: its jobs run to their end, the next one gets another', () => {
    const world = warm();
    world.pass(24 * 60 * minute);
    work(world);
    expect(states(world)).toEqual([['draining', 1]]);
    world.ask('b');
    expect(states(world)).toEqual([
      ['draining', 1],
      ['asked', 1],
    ]);
    expect(world.answer('a')).toEqual({ kind: 'granted', cluster: 'j-1' });
    world.giveBack('a');
    expect(states(world)[0]).toEqual(['ending', 1]);
  });

  it('makes a bigger one for a job that ran out of memory, beside the one whose jobs still run', () => {
    const world = warm();
    world.ask('b');
    work(world);
    world.ask('a', 2);
    expect(states(world)).toEqual([
      ['draining', 1],
      ['asked', 2],
    ]);
    work(world);
    world.outside('starting', 'ready');
    world.pass(minute);
    work(world);
    expect(world.answer('a')).toEqual({ kind: 'granted', cluster: 'j-2' });
    expect(world.answer('b')).toEqual({ kind: 'granted', cluster: 'j-1' });
  });

  it('makes another one when Spot is lost, for those who ask again', () => {
    const world = warm();
    world.outside('ready', 'ending');
    world.pass(minute);
    work(world);
    expect(world.state().leases).toMatchObject([{ lease: 'a', state: 'lost' }]);
    expect(world.made()).toBe(1);
    world.ask('a');
    work(world);
    expect(world.made()).toBe(2);
  });

  it('tries a start three times, with pauses, and then tells those who wait', () => {
    const world = createPoolWorld();
    world.ask('a');
    const pauses: number[] = [];
    for (let start = 1; start <= 3; start += 1) {
      world.carryOut();
      world.outside('starting', 'gone', 'BOOTSTRAP_FAILURE');
      const before = world.at();
      while (world.told('a') === undefined && world.work().every(({ kind }) => kind !== 'start')) {
        work(world);
        world.pass(15_000);
      }
      pauses.push((world.at() - before) / 1000);
    }
    expect([world.told('a'), world.made(), pauses]).toEqual(['refused', 3, [30, 60, 15]]);
    expect(world.state().leases).toEqual([]);
  });

  it('tells them at once when another start would meet the same', () => {
    const world = createPoolWorld();
    world.ask('a');
    world.carryOut();
    world.outside('starting', 'gone', 'VALIDATION_ERROR');
    world.pass(15_000);
    work(world);
    expect([world.told('a'), world.made()]).toEqual(['refused', 1]);
  });

  it('ends a cluster whose start had no answer, by its name, before anything else forgets it', () => {
    const world = createPoolWorld();
    world.ask('a');
    world.carryOut('lost-answer');
    expect(world.work()).toMatchObject([{ kind: 'end', member: 'e1-1' }]);
    world.carryOut();
    expect(world.alive()).toMatchObject([{ name: 'e1-1', state: 'ending' }]);
  });

  it('takes back the lease of a holder that is gone', () => {
    const world = warm();
    world.die('a');
    world.pass(5 * minute);
    work(world);
    expect(world.state().leases).toEqual([]);
  });

  it('takes back what is held for longer than a job may take, though its holder lives', () => {
    const world = warm();
    world.pass(29 * 60 * minute);
    work(world);
    expect(world.state().leases).toHaveLength(1);
    world.pass(60 * minute);
    work(world);
    expect(world.state().leases).toEqual([]);
  });

  it('gives up a cluster that does not end, after a week, and says so', () => {
    const world = warm();
    world.giveBack('a');
    world.pass(10 * minute);
    for (let waited = 0; waited <= endingLimitMs; waited += 60 * minute) {
      world.carryOut('silent');
      world.pass(60 * minute);
    }
    expect(world.abandoned()).toMatchObject([{ id: 'j-1' }]);
    expect(world.state().members).toEqual([]);
  });

  it('charges machines to those who have leased them, in equal shares', () => {
    const world = warm();
    world.ask('b');
    work(world);
    const before = usageOf(world.state(), 'a')?.onDemandHours ?? 0;
    world.pass(60 * minute);
    expect(usageOf(world.state(), 'a')).toMatchObject({ cluster: 'j-1', onDemandHours: before + 1 });
    expect(usageOf(world.state(), 'b')).toMatchObject({ onDemandHours: 1, spotHours: 1.5 });
    world.giveBack('b');
    expect(usageOf(world.state(), 'b')).toMatchObject({ onDemandHours: 1 });
  });

  it('refuses more leases than it can carry over, and knows those that it has', () => {
    const { lease, holder } = { lease: 'a', holder: { workflowId: 'w', runId: 'r' } };
    const ask = { lease, holder, size: 1, shape: sampleShape(), pipeline: 'p' };
    const [one] = warm().state().leases;
    if (one === undefined) throw new Error('no lease');
    const full = { ...warm().state(), leases: Array.from({ length: leaseLimit }, () => one) };
    expect(refuseLease(full, ask)).toBeUndefined();
    expect(refuseLease(full, { ...ask, lease: 'new' })).toMatchObject({ kind: 'throttle', type: 'PoolBusy' });
  });

  it('tells who uses what, and why it lives', () => {
    const world = warm();
    expect(viewPool(world.state())).toMatchObject({
      pool: 'warm',
      clusters: [{ id: 'j-1', state: 'ready', why: 'leased 1 of 2 times', holders: ['a'] }],
    });
    world.giveBack('a');
    expect(drawPoolSheet(viewPool(world.state()))).toMatch(/`j-1` ready, size 1: `idle, kept until 1970/);
  });
});
