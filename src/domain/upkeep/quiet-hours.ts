// When maintenance may rewrite files: a daily window by the wall clock of a zone. Pure; the clock is a value passed in.
import type { MaintenanceSettings } from '../../contracts/maintenance';

export type QuietHours = NonNullable<MaintenanceSettings['quietHours']>;

const minuteMs = 60_000;
// A change of the clock can swallow one day's window, so the next may be more than a day away.
const furthestMs = 49 * 60 * minuteMs;

function minuteOfDay(clock: string): number {
  const [hours = Number.NaN, minutes = Number.NaN] = clock.split(':').map(Number);
  return hours * 60 + minutes;
}

function opennessOf({ from, to, timezone }: QuietHours): (ms: number) => boolean {
  const wallClock = new Intl.DateTimeFormat('en-GB', {
    timeZone: timezone,
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  });
  const opens = minuteOfDay(from);
  const closes = minuteOfDay(to);
  return (ms) => {
    const at = minuteOfDay(wallClock.format(ms));
    return opens < closes ? opens <= at && at < closes : opens <= at || at < closes;
  };
}

/** `from` counts, `to` does not. `to` before `from` spans midnight; the same time twice is the whole day. */
export const isQuiet = (hours: QuietHours, now: Date): boolean => opennessOf(hours)(now.getTime());

/** The first full minute, not before `now`, at which the window is open. */
export function nextOpening(hours: QuietHours, now: Date): Date {
  const isOpen = opennessOf(hours);
  const start = Math.ceil(now.getTime() / minuteMs) * minuteMs;
  // Minute by minute: arithmetic on wall clocks is wrong on the days on which they change.
  for (let ms = start; ms <= start + furthestMs; ms += minuteMs) if (isOpen(ms)) return new Date(ms);
  throw new TypeError(`quiet hours that never open: ${JSON.stringify(hours)}`);
}
