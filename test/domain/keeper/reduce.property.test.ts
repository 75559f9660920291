// Whatever the order of messages, ends and crashes of jobs, and continue-as-new: the promises of a table's keeper.
import fc from 'fast-check';
import { stepOf } from '../../fakes/ids';
import { createWorld, failure, lookWith, stepDone, type World } from './keeper-world';

const step = fc.constantFrom('a', 'b', 'c', 'd', 'e');
const waiter = fc.record({ replyTo: fc.constantFrom('r1', 'r2', 'r3'), run: fc.constantFrom('one', 'two') });
const generation = fc.constantFrom(1, 1, 1, 2);

type Command = (world: World) => void;

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.tuple(step, generation, waiter).map(
      ([key, g, who]): Command =>
        (world) =>
          world.ask(key, g, who),
    ),
  },
  {
    weight: 2,
    arbitrary: fc.tuple(step, waiter, fc.boolean()).map(
      ([key, who, strict]): Command =>
        (world) =>
          world.withdraw(key, who, strict),
    ),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom('m1', 'm2').map(
      (who): Command =>
        (world) =>
          world.askUpkeep(who),
    ),
  },
  { weight: 1, arbitrary: fc.constant<Command>((world) => world.leave()) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(1000, 600_000, 90_000_000).map(
      (ms): Command =>
        (world) =>
          world.pass(ms),
    ),
  },
  { weight: 6, arbitrary: fc.constant<Command>((world) => world.turn()) },
  {
    weight: 6,
    arbitrary: fc.tuple(fc.constantFrom(true, true, true, false), fc.integer({ min: 0, max: 3 })).map(
      ([succeeds, jobs]): Command =>
        (world) =>
          world.end(succeeds, jobs),
    ),
  },
  {
    weight: 1,
    arbitrary: fc
      .constantFrom(
        { kind: 'looked', look: lookWith(2) } as const,
        { kind: 'maintained', step: stepDone } as const,
        { kind: 'upkeep-failed', failure } as const,
        { kind: 'commit-ended', reply: { kind: 'failed', stepKey: stepOf('a'), failure } } as const,
      )
      .map(
        (event): Command =>
          (world) =>
            world.stray(event),
      ),
  },
);

describe('a keeper', () => {
  it('does one thing at a time, in order, answers everybody once, forgets nothing and lets nobody starve', () => {
    let continued = 0;
    fc.assert(
      fc.property(fc.array(command, { maxLength: 120, size: 'max' }), (commands) => {
        const world = createWorld();
        for (const act of commands) act(world);
        world.rest();
        continued += world.continued();
      }),
      { numRuns: 1000 },
    );
    expect(continued).toBeGreaterThan(100);
  });

  it('does the same under a stream of commits that never ends, with upkeep that never has nothing to do', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.boolean(), fc.boolean()), { minLength: 50, maxLength: 50 }), (rounds) => {
        const world = createWorld();
        let next = 0;
        const arrive = (): void => world.ask(`s${(next += 1)}`, 1, { replyTo: `r${next}`, run: 'one' });
        arrive();
        world.askUpkeep('m1');
        for (const [succeeds, leaves] of rounds) {
          arrive();
          if (leaves) world.leave();
          world.turn();
          world.end(succeeds, 3);
        }
        world.rest();
      }),
      { numRuns: 100 },
    );
  });
});
