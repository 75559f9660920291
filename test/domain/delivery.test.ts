import * as fc from 'fast-check';
import { arrivalOf, deliveryOf } from '../../src/domain/delivery';

const frozenAt = '2026-06-01T00:00:00.000Z';
const day = (date: string) => ({ start: `${date}T00:00:00.000Z`, end: `${date}T23:00:00.000Z` });
const at = (iso: string): { modifiedMs: number } => ({ modifiedMs: Date.parse(iso) });
const [early, late] = ['2026-01-01T00:00:00.000Z', '2026-02-01T00:00:00.000Z'];
const newFiles = { arrives: 'new-files' } as const;
const interval = { arrives: 'interval' } as const;

test('new files come when they arrive, a snapshot when it is frozen', () => {
  expect(deliveryOf(at(early), newFiles, { frozenAt })).toBe(early);
  expect(deliveryOf(at(early), { arrives: 'snapshot' }, { frozenAt })).toBe(frozenAt);
});

test('a path that comes again is never older than what it brought before', () => {
  expect(deliveryOf(at(early), newFiles, { frozenAt, former: late })).toBe(late);
  expect(deliveryOf(at(late), newFiles, { frozenAt, former: early })).toBe(late);
});

test('known content under a new name is as old as it was; on its own path it is sent again', () => {
  expect(deliveryOf(at(late), newFiles, { frozenAt, same: early })).toBe(early);
  expect(deliveryOf(at(late), newFiles, { frozenAt, same: early, former: early })).toBe(late);
});

test('an interval is as new as its time, whenever it is filled in', () => {
  const first = deliveryOf(at(late), interval, { frozenAt, interval: day('2026-03-01') });
  const second = deliveryOf(at(early), interval, { frozenAt, interval: day('2026-03-02') });
  expect(first < second).toBe(true);
  expect(first).toBe(`2026-03-01T00:00:00.000Z/${late}`);
});

test('one file may serve two intervals, and has a delivery in each', () => {
  const former = `2026-03-01T00:00:00.000Z/${late}`;
  const next = deliveryOf(at(early), interval, { frozenAt, interval: day('2026-03-02'), former, same: former });
  expect(next).toBe(`2026-03-02T00:00:00.000Z/${early}`);
  const before = deliveryOf(at(early), interval, { frozenAt, interval: day('2026-02-28'), former, same: former });
  expect(before).toBe(`2026-02-28T00:00:00.000Z/${early}`);
  const same = deliveryOf(at(early), interval, { frozenAt, interval: day('2026-03-01'), former });
  expect(same).toBe(former);
});

test('arrivals sort as texts as they do as times, however wrong a clock was', () => {
  const anyTime = fc.oneof(fc.double({ noNaN: true }), fc.integer({ min: 0, max: 4e12 }));
  fc.assert(
    fc.property(anyTime, anyTime, (one, other) => {
      const [low, high] = one <= other ? [one, other] : [other, one];
      expect(arrivalOf(low) <= arrivalOf(high)).toBe(true);
    }),
  );
});
