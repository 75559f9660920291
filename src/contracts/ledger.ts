// What is already in the table: one entry per committed batch. Plain data.
import type { Interval } from './batch';

export const ledgerProtocol = 1;

/** A committed file. Its identity is source + path + etag; size and time only spare a second fingerprint. */
export type LedgerFile = {
  readonly source: string;
  readonly path: string;
  readonly size: number;
  readonly modifiedMs: number;
  readonly etag: string;
  readonly version?: string;
};

export type LedgerEntry = {
  readonly protocol: typeof ledgerProtocol;
  readonly digest: string;
  /** Short name of the target table: what is in one table is not in another. */
  readonly table: string;
  readonly definitionDigest: string;
  readonly interval?: Interval;
  readonly frozenAt: string;
  readonly committedAt: string;
  /** Version of the target that holds the batch; orders entries. */
  readonly tableVersion: number;
  readonly files: readonly LedgerFile[];
};

/** An entry without its files: what a summary keeps of each. */
export type CommittedBatch = Omit<LedgerEntry, 'protocol' | 'files' | 'interval'>;

/** A key with the place of its batch in the head; of a file also size, time, fingerprint and version. */
export type SummaryRow =
  | readonly [key: string, batch: number]
  | readonly [key: string, batch: number, size: number, modifiedMs: number, etag: string, version?: string];

/** The first line of a summary. Each block after it is a line of rows in the order of their keys. */
export type SummaryHead = {
  readonly protocol: 2;
  readonly batches: readonly CommittedBatch[];
  readonly blocks: readonly { readonly first: string; readonly bytes: number; readonly hash: string }[];
};
