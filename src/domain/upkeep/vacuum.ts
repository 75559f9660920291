// When VACUUM is due. What is not known counts as due, and what a table promises is never cut short. Pure.
import { longestJobHours } from '../../contracts/job';
import type { MaintenanceSettings, TableHealth } from '../../contracts/maintenance';
import type { DeclinedAction, MaintenanceAction, MaintenancePlan } from '../../contracts/upkeep';
import { count, formatBytes, percent, shortNumber } from './budget';

/** Age from which VACUUM deletes a file, hours: what readers were promised, and what a job may not have committed yet. */
export const retentionHours = ({ vacuumRetainHours }: Pick<MaintenanceSettings, 'vacuumRetainHours'>): number =>
  vacuumRetainHours + longestJobHours;

/** Why nothing may be deleted: nobody knows what the table promises. */
export const unreadableRetention = ({ retention }: Pick<TableHealth, 'retention'>): string | undefined =>
  retention.unreadable === undefined ? undefined : `nothing is deleted: ${retention.unreadable}`;

const hourMs = 3_600_000;
const hoursBetweenLite = 24;
/** Expired bytes above this share of the table's do not wait for the day to be over. */
const urgentExpired = 0.25;

const hoursSince = (iso: string, now: Date): number => (now.getTime() - Date.parse(iso)) / hourMs;

/** The later of the two: a full VACUUM looks at everything that a lite one does. */
const lastLook = ({ lite, full }: TableHealth['lastVacuum']): string | undefined =>
  [lite, full]
    .filter((at) => at !== undefined)
    .toSorted((one, other) => Date.parse(other) - Date.parse(one))
    .at(0);

type Verdict = { readonly due: boolean; readonly reason: string };

function judgeFull({ lastVacuum, createdAt }: TableHealth, settings: MaintenanceSettings, now: Date): Verdict {
  const from = lastVacuum.full ?? createdAt;
  if (from === undefined) return { due: true, reason: 'nothing tells of a full VACUUM, nor when the table was made' };
  const days = hoursSince(from, now) / 24;
  const since = lastVacuum.full === undefined ? 'the table was made' : 'the last full VACUUM';
  return {
    due: days >= settings.vacuumFullEveryDays,
    reason: `${shortNumber(days)} days since ${since}; it is due after ${shortNumber(settings.vacuumFullEveryDays)}`,
  };
}

/** How long files are held, and whose word that is. */
function heldFor({ retention: { hours, promised } }: TableHealth, settings: MaintenanceSettings): string {
  const isLonger = promised !== undefined && promised > retentionHours(settings);
  return `${shortNumber(hours)} hours${isLonger ? ', as the table itself promises' : ''}`;
}

function judgeLite(health: TableHealth, settings: MaintenanceSettings, now: Date): Verdict {
  const { lastVacuum, createdAt, held, expired, bytes, log } = health;
  const looked = lastLook(lastVacuum);
  const from = looked ?? createdAt;
  const hours = from === undefined ? Infinity : hoursSince(from, now);
  const isKnown = log.unread === 0;
  const has = `${isKnown ? '' : 'at least '}${count(expired.files, 'expired file')} (${formatBytes(expired.bytes)})`;
  if (isKnown && expired.files === 0) {
    const waiting = `${count(held.files, 'file')} (${formatBytes(held.bytes)}) are held for readers`;
    return { due: false, reason: `nothing expired yet: ${waiting} for ${heldFor(health, settings)}` };
  }
  if (expired.bytes > urgentExpired * bytes) {
    return { due: true, reason: `${has}, more than ${percent(urgentExpired)} of the table's ${formatBytes(bytes)}` };
  }
  const last = looked === undefined ? 'the table was made' : 'the last VACUUM';
  const since = from === undefined ? 'nothing tells of a VACUUM' : `${shortNumber(hours)} hours since ${last}`;
  return { due: hours >= hoursBetweenLite, reason: `${has}, ${since}; every ${hoursBetweenLite} hours is enough` };
}

export function planVacuum(
  health: TableHealth,
  settings: MaintenanceSettings,
  now: Date,
): Pick<MaintenancePlan, 'actions' | 'declined'> {
  const unreadable = unreadableRetention(health);
  if (unreadable !== undefined) {
    const declined = (['vacuum-lite', 'vacuum-full'] as const).map((kind) => ({ kind, reason: unreadable }));
    return { actions: [], declined };
  }
  const { files, bytes } = health.expired;
  const full = judgeFull(health, settings, now);
  const lite = judgeLite(health, settings, now);
  const gain = `${count(files, 'file')} (${formatBytes(bytes)}) are deleted`;
  if (full.due) {
    const leftovers = `${gain}, and what crashed jobs left behind`;
    return {
      actions: [{ kind: 'vacuum-full', partitions: [], files, bytes, gain: leftovers, reason: full.reason }],
      declined: [{ kind: 'vacuum-lite', reason: 'the full VACUUM of this plan deletes the same files' }],
    };
  }
  const notFull: DeclinedAction = { kind: 'vacuum-full', reason: full.reason };
  if (!lite.due) return { actions: [], declined: [{ kind: 'vacuum-lite', reason: lite.reason }, notFull] };
  const action: MaintenanceAction = { kind: 'vacuum-lite', partitions: [], files, bytes, gain, reason: lite.reason };
  return { actions: [action], declined: [notFull] };
}
