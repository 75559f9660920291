import fc from 'fast-check';
import { isQuiet, nextOpening, type QuietHours } from '../../../src/domain/upkeep/quiet-hours';

const utc = (from: string, to: string): QuietHours => ({ from, to, timezone: 'UTC' });
const berlin = (from: string, to: string): QuietHours => ({ from, to, timezone: 'Europe/Berlin' });
const at = (clock: string): Date => new Date(`2026-03-10T${clock}Z`);

describe('isQuiet', () => {
  it.each([
    ['at the first minute', utc('01:00', '05:00'), '01:00', true],
    ['a second before it', utc('01:00', '05:00'), '00:59:59', false],
    ['at the last second', utc('01:00', '05:00'), '04:59:59', true],
    ['at the end, which no longer counts', utc('01:00', '05:00'), '05:00', false],
    ['before midnight in a window that spans it', utc('22:00', '06:00'), '23:30', true],
    ['after midnight in a window that spans it', utc('22:00', '06:00'), '05:59', true],
    ['at midnight itself', utc('22:00', '06:00'), '00:00', true],
    ['at noon outside a window that spans midnight', utc('22:00', '06:00'), '12:00', false],
    ['in a window that ends at midnight', utc('22:00', '00:00'), '23:59', true],
    ['at midnight, where the window ends', utc('22:00', '00:00'), '00:00', false],
    ['at any time when both are the same', utc('03:00', '03:00'), '02:59', true],
    ['by the clock of the zone: 22:30 in Berlin', berlin('22:00', '06:00'), '21:30', true],
    ['by the clock of the zone: 21:30 in Berlin', berlin('22:00', '06:00'), '20:30', false],
    [
      'in a zone with a half hour: 05:30 in Kolkata',
      { ...utc('05:30', '06:00'), timezone: 'Asia/Kolkata' },
      '00:00',
      true,
    ],
  ])('%s', (_, hours, clock, quiet) => {
    expect(isQuiet(hours, at(clock))).toBe(quiet);
  });
});

describe('nextOpening', () => {
  const opening = (hours: QuietHours, now: string): string => nextOpening(hours, new Date(now)).toISOString();

  it.each([
    ['later today', utc('22:00', '06:00'), '2026-03-10T12:00:30Z', '2026-03-10T22:00:00.000Z'],
    ['tomorrow', utc('01:00', '05:00'), '2026-03-10T05:00:00Z', '2026-03-11T01:00:00.000Z'],
    ['now, when it is open', utc('01:00', '05:00'), '2026-03-10T03:00:00Z', '2026-03-10T03:00:00.000Z'],
    ['by winter time in Berlin', berlin('22:00', '06:00'), '2026-03-10T12:00:00Z', '2026-03-10T21:00:00.000Z'],
    ['by summer time in Berlin', berlin('22:00', '06:00'), '2026-07-10T12:00:00Z', '2026-07-10T20:00:00.000Z'],
    [
      'after the lost hour that it begins in',
      berlin('02:30', '04:00'),
      '2026-03-29T00:00:00Z',
      '2026-03-29T01:00:00.000Z',
    ],
    [
      'a day later when it is lost altogether',
      berlin('02:10', '02:50'),
      '2026-03-29T00:00:00Z',
      '2026-03-30T00:10:00.000Z',
    ],
    ['a day and an hour away', berlin('02:10', '02:50'), '2026-03-28T01:50:00Z', '2026-03-30T00:10:00.000Z'],
    [
      'again in the hour that comes twice',
      berlin('02:10', '02:50'),
      '2026-10-25T00:50:00Z',
      '2026-10-25T01:10:00.000Z',
    ],
  ])('%s', (_, hours, now, expected) => {
    expect(opening(hours, now)).toBe(expected);
  });

  it('throws rather than searches for ever when the hours are no clock times', () => {
    expect(() => opening(utc('night', 'day'), '2026-03-10T12:00:00Z')).toThrow(/never open/);
  });

  it('is the first open minute that comes', () => {
    const clock = fc.nat(1439).map((minute) => new Date(minute * 60_000).toISOString().slice(11, 16));
    const zone = fc.constantFrom('UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Australia/Lord_Howe');
    const time = fc.date({ min: new Date('2026-01-01'), max: new Date('2027-01-01'), noInvalidDate: true });
    fc.assert(
      fc.property(clock, clock, zone, time, (from, to, timezone, now) => {
        const hours = { from, to, timezone };
        const opens = nextOpening(hours, now);
        expect(isQuiet(hours, opens)).toBe(true);
        expect(opens.getTime()).toBeGreaterThanOrEqual(now.getTime());
        const before = new Date(opens.getTime() - 60_000);
        expect(before >= now && isQuiet(hours, before)).toBe(false);
      }),
    );
  });
});
