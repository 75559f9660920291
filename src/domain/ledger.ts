// What the ledger says about a file, an interval or a whole source: one mark per key, the last commit wins. Pure.
import type { Digest } from '../contracts/ids';
import type { Interval } from '../contracts/batch';
import type { CommittedBatch, LedgerEntry, LedgerFile } from '../contracts/ledger';

/** A committed file with the time of the freeze that saw it. */
export type CommittedFile = LedgerFile & { readonly frozenAt: string };

/** The batch that came last under a key; under the key of a file also what the file was then. */
export type LedgerMark = {
  readonly batch: CommittedBatch;
  readonly file?: Omit<LedgerFile, 'source' | 'path'>;
};

export type LedgerView = {
  readonly has: (digest: string) => boolean;
  /** The batch that was committed last. */
  readonly latest: CommittedBatch | undefined;
  /** The content of this path that is in the table: what was committed last. */
  readonly newestOf: (source: string, path: string) => CommittedFile | undefined;
  /** The last batch with files of this source; with an interval, the last one of that interval. */
  readonly lastOf: (source: string, interval?: Interval) => CommittedBatch | undefined;
  /** Files of a last batch of an interval or snapshot source: those are compared whole. */
  readonly filesOf: (digest: Digest) => readonly LedgerFile[] | undefined;
};

/** In no name of a file, table or source. */
const apart = '\0';

/** Tables are kept apart: what is in one table is not in another. */
export const ledgerKey = {
  table: (table: string): string => table,
  source: (table: string, source: string, interval?: Interval): string =>
    interval === undefined
      ? `${table}${apart}${source}`
      : `${table}${apart}${source}${apart}${interval.start}${apart}${interval.end}`,
  file: (table: string, source: string, path: string): string => `${table}${apart}${source}${apart}${path}`,
};

/** Commit order is the table's order; clocks of several workers only break ties. */
const isLater = (a: CommittedBatch, b: CommittedBatch): boolean =>
  (a.tableVersion - b.tableVersion ||
    Date.parse(a.committedAt) - Date.parse(b.committedAt) ||
    (a.digest < b.digest ? -1 : 1)) > 0;

function mark(marks: Map<string, LedgerMark>, key: string, next: LedgerMark): void {
  const known = marks.get(key);
  if (known === undefined || isLater(next.batch, known.batch)) marks.set(key, next);
}

export const batchOf = (entry: LedgerEntry): CommittedBatch => {
  const { digest, table, definitionDigest, frozenAt, committedAt, tableVersion } = entry;
  return { digest, table, definitionDigest, frozenAt, committedAt, tableVersion };
};

export function addMarks(marks: Map<string, LedgerMark>, entry: LedgerEntry): void {
  const batch = batchOf(entry);
  const { table } = batch;
  const seen = new Set<string>();
  mark(marks, ledgerKey.table(table), { batch });
  for (const { source, path, ...file } of entry.files) {
    mark(marks, ledgerKey.file(table, source, path), { batch, file });
    if (seen.has(source)) continue;
    seen.add(source);
    mark(marks, ledgerKey.source(table, source), { batch });
    if (entry.interval !== undefined) mark(marks, ledgerKey.source(table, source, entry.interval), { batch });
  }
}

export type LedgerFacts = {
  readonly digests: ReadonlySet<string>;
  readonly marks: ReadonlyMap<string, LedgerMark>;
  readonly files: ReadonlyMap<string, readonly LedgerFile[]>;
};

export function viewLedger({ digests, marks, files }: LedgerFacts, table: string): LedgerView {
  return {
    has: (digest) => digests.has(digest),
    latest: marks.get(ledgerKey.table(table))?.batch,
    newestOf(source, path) {
      const found = marks.get(ledgerKey.file(table, source, path));
      return found?.file && { source, path, ...found.file, frozenAt: found.batch.frozenAt };
    },
    lastOf: (source, interval) => marks.get(ledgerKey.source(table, source, interval))?.batch,
    filesOf: (digest) => files.get(digest),
  };
}

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
