// Whatever the order of asks, ends, losses, lost answers and continue-as-new: the promises of a pool of clusters.
import fc from 'fast-check';
import { createPoolWorld, type Fault, type PoolWorld } from './pool-world';

const lease = fc.constantFrom('a', 'b', 'c', 'd', 'e');

type Command = (world: PoolWorld) => void;

const fault = fc.constantFrom<Fault>('none', 'none', 'none', 'none', 'refused', 'unclear', 'lost-answer', 'silent');

const always = (act: Command): fc.Arbitrary<Command> => fc.constant(act);

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(lease, fc.constantFrom(1, 1, 1, 2, 3)).map(
      ([name, size]): Command =>
        (world) =>
          world.ask(name, size),
    ),
  },
  {
    weight: 3,
    arbitrary: lease.map(
      (name): Command =>
        (world) =>
          world.giveBack(name),
    ),
  },
  {
    weight: 1,
    arbitrary: lease.map(
      (name): Command =>
        (world) =>
          world.die(name),
    ),
  },
  { weight: 1, arbitrary: always((world) => world.close()) },
  { weight: 1, arbitrary: always((world) => world.leave()) },
  {
    weight: 4,
    arbitrary: fc.constantFrom(1000, 30_000, 60_000, 600_000, 90_000_000).map(
      (ms): Command =>
        (world) =>
          world.pass(ms),
    ),
  },
  {
    weight: 10,
    arbitrary: fc.tuple(fault, fc.nat(3)).map(
      ([how, pick]): Command =>
        (world) =>
          world.carryOut(how, pick),
    ),
  },
  { weight: 5, arbitrary: always((world) => world.outside('starting', 'ready')) },
  { weight: 1, arbitrary: always((world) => world.outside('starting', 'gone', 'BOOTSTRAP_FAILURE')) },
  { weight: 1, arbitrary: always((world) => world.outside('ready', 'ending')) },
  { weight: 1, arbitrary: always((world) => world.outside('ready', 'gone')) },
  { weight: 4, arbitrary: always((world) => world.outside('ending', 'gone')) },
);

const commands = fc.array(command, { maxLength: 120, size: 'max' });

describe('a pool of clusters', () => {
  it('has one open cluster at most, leases no dying one, and leaves nothing alive without a reason', () => {
    let continued = 0;
    let made = 0;
    fc.assert(
      fc.property(commands, fc.constantFrom('given-back' as const, 'dead' as const), (acts, end) => {
        const world = createPoolWorld();
        for (const act of acts) act(world);
        world.rest(end);
        continued += world.continued();
        made += world.made();
      }),
      { numRuns: 200 },
    );
    expect(continued).toBeGreaterThan(100);
    expect(made).toBeGreaterThan(100);
  });

  it('ends all that it has when it is cancelled, whatever it was at', () => {
    fc.assert(
      fc.property(commands, (acts) => {
        const world = createPoolWorld();
        for (const act of acts) act(world);
        world.cancel();
        world.untilQuiet(() => world.alive().length === 0 && world.state().members.length === 0, 15 * 60_000);
        world.ask('late');
        expect(world.told('late')).toBe('refused');
      }),
      { numRuns: 80 },
    );
  });

  it('serves everybody who waits, in the end, when EMR does as it should', () => {
    fc.assert(
      fc.property(commands, (acts) => {
        const world = createPoolWorld();
        for (const act of acts) act(world);
        for (const name of ['a', 'b', 'c', 'd', 'e']) world.giveBack(name);
        const waiting = ['x', 'y', 'z'];
        for (const name of waiting) world.ask(name);
        for (const name of waiting) {
          world.untilQuiet(() => {
            // The last of the failures that came before.
            if (world.told(name) === 'refused') world.ask(name);
            return world.told(name) === 'granted';
          }, 3_600_000);
          world.giveBack(name);
        }
      }),
      { numRuns: 80 },
    );
  });
});
