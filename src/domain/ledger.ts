// What the ledger says about a file, an interval or a whole source. Pure.
import type { Interval } from '../contracts/batch';
import type { LedgerEntry, LedgerFile } from '../contracts/ledger';

/** A committed file with the batch that brought it. */
export type CommittedFile = LedgerFile & { readonly frozenAt: string };

export type LedgerView = {
  readonly has: (digest: string) => boolean;
  /** The entry that was committed last. */
  readonly latest: LedgerEntry | undefined;
  /** The content of this path that is in the table: what was committed last. */
  readonly newestOf: (source: string, path: string) => CommittedFile | undefined;
  /** The last entry with files of this source; with an interval, the last one of that interval. */
  readonly lastOf: (source: string, interval?: Interval) => LedgerEntry | undefined;
};

const key = (...parts: readonly string[]): string => JSON.stringify(parts);

/** Commit order is the table's order; clocks of several workers only break ties. */
function inCommitOrder(a: LedgerEntry, b: LedgerEntry): number {
  return (
    a.tableVersion - b.tableVersion ||
    Date.parse(a.committedAt) - Date.parse(b.committedAt) ||
    (a.digest < b.digest ? -1 : 1)
  );
}

/** Entries of other tables do not count: what is in one table is not in another. */
export function viewLedger(entries: readonly LedgerEntry[], table: string): LedgerView {
  const ordered = entries.filter((entry) => entry.table === table).toSorted(inCommitOrder);
  const digests = new Set(ordered.map((entry) => entry.digest));
  const newest = new Map<string, CommittedFile>();
  const last = new Map<string, LedgerEntry>();
  for (const entry of ordered) {
    for (const file of entry.files) {
      newest.set(key(file.source, file.path), { ...file, frozenAt: entry.frozenAt });
      last.set(key(file.source), entry);
      if (entry.interval !== undefined) last.set(intervalKey(file.source, entry.interval), entry);
    }
  }
  return {
    has: (digest) => digests.has(digest),
    latest: ordered.at(-1),
    newestOf: (source, path) => newest.get(key(source, path)),
    lastOf: (source, interval) => last.get(interval === undefined ? key(source) : intervalKey(source, interval)),
  };
}

const intervalKey = (source: string, interval: Interval): string => key(source, interval.start, interval.end);

// Some file systems keep times to two seconds: a file written that shortly before its fingerprint may have changed
// since without showing it.
const coarsestClockMs = 2000;

/** The committed fingerprint, when size and time prove that the content is still the same. */
export function knownFingerprint(
  committed: CommittedFile | undefined,
  stat: { readonly size: number; readonly modifiedMs: number },
): string | undefined {
  if (committed === undefined || committed.size !== stat.size || committed.modifiedMs !== stat.modifiedMs) {
    return undefined;
  }
  return stat.modifiedMs + coarsestClockMs < Date.parse(committed.frozenAt) ? committed.etag : undefined;
}
