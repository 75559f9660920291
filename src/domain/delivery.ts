// When the content of a file came, as a text that sorts: it decides which of two rows of a key is newer. Pure.
//   deliveryOf(file, source, { frozenAt, interval?, former?, same? }): string
import type { Interval } from '../contracts/batch';
import type { LedgerFile } from '../contracts/ledger';
import type { Source } from '../contracts/pipeline';

/** Of four-digit years, which sort as texts. */
const [earliestMs, latestMs] = [0, Date.parse('9999-12-31T23:59:59.999Z')];

export const arrivalOf = (modifiedMs: number): string =>
  new Date(Math.min(Math.max(modifiedMs, earliestMs), latestMs)).toISOString();

const later = (a: string, b: string | undefined): string => (b !== undefined && b > a ? b : a);

/**
 * `former`: what this path brought last; new content of a path is never older than it. `same`: when this very content
 * came, under whatever name; to send it again under another one makes it no newer. Both as the ledger knows them.
 */
export function deliveryOf(
  { modifiedMs }: Pick<LedgerFile, 'modifiedMs'>,
  { arrives }: Pick<Source, 'arrives'>,
  known: {
    readonly frozenAt: string;
    readonly interval?: Interval;
    readonly former?: string;
    readonly same?: string;
  },
): string {
  if (arrives === 'snapshot') return known.frozenAt;
  // An interval is as new as its time, whenever it is filled in; of one interval, what arrives later is newer.
  const prefix = arrives === 'interval' && known.interval !== undefined ? `${known.interval.start}/` : '';
  const ofThis = (delivery: string | undefined): string | undefined =>
    delivery?.startsWith(prefix) === true ? delivery : undefined;
  const arrival = `${prefix}${arrivalOf(modifiedMs)}`;
  if (known.former !== undefined) return later(arrival, ofThis(known.former));
  return ofThis(known.same) ?? arrival;
}
