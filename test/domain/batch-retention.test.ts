import { planSweep, type SweepInput } from '../../src/domain/batch-retention';
import { digestOf, nameOf } from '../fakes/ids';

const dayMs = 86_400_000;
const nowMs = 1000 * dayMs;

const committed = (name: string, ageDays: number, tableVersion = 1000 - ageDays) => ({
  digest: digestOf(name),
  tableVersion,
  committedMs: nowMs - ageDays * dayMs,
});
const batch = (name: string, ageDays: number) => ({ digest: digestOf(name), modifiedMs: nowMs - ageDays * dayMs });

const sweep = (input: Partial<SweepInput>) =>
  planSweep({ nowMs, gateWaitMs: 7 * dayMs, committed: [], batches: [], cleared: [], ...input }).map(
    ({ digest, committed: done }) => `${nameOf(digest)}${done ? '' : ' uncommitted'}`,
  );

test('keeps the five newest committed batches and those of a week', () => {
  const ages = [1, 2, 3, 20, 30, 40, 50];
  const entries = ages.map((age) => committed(`c${age}`, age));
  expect(sweep({ committed: entries, batches: ages.map((age) => batch(`c${age}`, age)) })).toEqual(['c40', 'c50']);
  const young = [0, 1, 2, 3, 4, 5, 6, 8];
  expect(
    sweep({
      committed: young.map((age) => committed(`c${age}`, age)),
      batches: young.map((age) => batch(`c${age}`, age)),
    }),
  ).toEqual(['c8']);
});

test('an uncommitted batch stays a day longer than a person may take at the gate', () => {
  expect(sweep({ batches: [batch('a', 7.5), batch('b', 8.5)] })).toEqual(['b uncommitted']);
  expect(sweep({ batches: [batch('a', 8.5), batch('b', 31.5)], gateWaitMs: 30 * dayMs })).toEqual(['b uncommitted']);
  expect(sweep({ batches: [batch('a', 6.9)], gateWaitMs: 0 })).toEqual([]);
});

test('a batch that was frozen again, or committed late, is as young as that', () => {
  const newer = [1, 2, 3, 4, 5].map((age) => committed(`n${age}`, age));
  const input = { committed: [...newer, committed('old', 100)], batches: [batch('old', 1)] };
  expect(sweep(input)).toEqual([]);
  expect(sweep({ committed: [...newer, committed('late', 6)], batches: [batch('late', 100)] })).toEqual([]);
});

test('what was cleared is not cleared again', () => {
  expect(sweep({ batches: [batch('a', 100), batch('b', 100)], cleared: [digestOf('a')] })).toEqual(['b uncommitted']);
});
