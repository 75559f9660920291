// What the ledger says about a file, its content, an interval or a whole source: one mark per key, the last commit wins. Pure.
import type { Digest } from '../contracts/ids';
import type { Interval } from '../contracts/batch';
import type { TableUri } from '../contracts/ids';
import type { CommittedBatch, LedgerEntry, LedgerFile } from '../contracts/ledger';

/** A committed file with the time of the freeze that saw it. */
export type CommittedFile = LedgerFile & { readonly frozenAt: string };

/** A table: what was committed to another one at the same address is not in it. */
export type TableIdentity = { readonly table: TableUri; readonly tableId: string };

export const isOf = (batch: CommittedBatch, { table, tableId }: TableIdentity): boolean =>
  batch.table === table && batch.tableId === tableId;

/** The batch that came last under a key; of a file also what it was then, of a content when it came. */
export type LedgerMark = {
  readonly batch: CommittedBatch;
  readonly delivery?: string;
  readonly file?: Omit<LedgerFile, 'source' | 'path'>;
};

export type LedgerView = {
  /** `spent`: in no way of use any more: it was committed, to another table or to versions that are void now. */
  readonly stateOf: (digest: string) => 'committed' | 'spent' | undefined;
  /** What was committed last of this path. */
  readonly newestOf: (source: string, path: string) => CommittedFile | undefined;
  /** The last batch with files of this source; with an interval, the last one of that interval. */
  readonly lastOf: (source: string, interval?: Interval) => CommittedBatch | undefined;
  /** Files of a last batch of an interval or snapshot source: those are compared whole. */
  readonly filesOf: (digest: Digest) => readonly LedgerFile[] | undefined;
};

/** In no name of a file, table or source. */
const apart = '\0';

const join = (...parts: readonly string[]): string => parts.join(apart);

/** Tables are kept apart: what is in one table is not in another. */
export const ledgerKey = {
  source: ({ table, tableId }: TableIdentity, source: string, interval?: Interval): string =>
    interval === undefined ? join(table, tableId, source) : join(table, tableId, source, interval.start, interval.end),
  file: ({ table, tableId }: TableIdentity, source: string, path: string): string => join(table, tableId, source, path),
  /** No path is empty. */
  content: ({ table, tableId }: TableIdentity, source: string, etag: string): string =>
    join(table, tableId, source, '', etag),
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
  const { digest, table, tableId, definitionDigest, frozenAt, committedAt, tableVersion, commit } = entry;
  return { digest, table, tableId, definitionDigest, frozenAt, committedAt, tableVersion, commit };
};

export function addMarks(marks: Map<string, LedgerMark>, entry: LedgerEntry): void {
  const batch = batchOf(entry);
  const seen = new Set<string>();
  for (const { source, path, ...file } of entry.files) {
    mark(marks, ledgerKey.file(batch, source, path), { batch, file });
    mark(marks, ledgerKey.content(batch, source, file.etag), { batch, delivery: file.delivery });
    if (seen.has(source)) continue;
    seen.add(source);
    mark(marks, ledgerKey.source(batch, source), { batch });
    if (entry.interval !== undefined) mark(marks, ledgerKey.source(batch, source, entry.interval), { batch });
  }
}

export type LedgerFacts = {
  /** Of batches that are in the table. */
  readonly committed: ReadonlySet<string>;
  /** Of all other batches that were ever committed. */
  readonly spent: ReadonlySet<string>;
  readonly marks: ReadonlyMap<string, LedgerMark>;
  readonly files: ReadonlyMap<string, readonly LedgerFile[]>;
};

export function viewLedger({ committed, spent, marks, files }: LedgerFacts, table: TableIdentity): LedgerView {
  return {
    stateOf: (digest) => (committed.has(digest) ? 'committed' : spent.has(digest) ? 'spent' : undefined),
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

/**
 * The committed fingerprint, when the store proves that the content is still the same. Size and time prove nothing:
 * `cp -p`, `rsync -t` and backups set times. Nobody sets the time of the change itself, or the number of a file; S3 lists
 * the ETag.
 */
export function knownFingerprint(
  committed: CommittedFile | undefined,
  stat: Pick<LedgerFile, 'size' | 'modifiedMs' | 'changedMs' | 'inode'> & { readonly etag?: string },
): string | undefined {
  const { changedMs, inode, etag } = stat;
  if (etag !== undefined) return committed?.etag === etag ? etag : undefined;
  if (committed === undefined || changedMs === undefined || inode === undefined) return undefined;
  const isSame =
    committed.size === stat.size &&
    committed.modifiedMs === stat.modifiedMs &&
    committed.changedMs === changedMs &&
    committed.inode === inode;
  const settledMs = Math.max(stat.modifiedMs, changedMs) + coarsestClockMs;
  return isSame && settledMs < Date.parse(committed.frozenAt) ? committed.etag : undefined;
}
