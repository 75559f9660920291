// Which batches were committed to which table: one entry for each, and summaries of many. Not for workflows.
import { z } from 'zod';
import { fileFields } from './batch-schema';
import { digestSchema, type Infer, intervalSchema, label, parseDocument, stateRemedy, text } from './document-schema';
import { ledgerProtocol } from './kinds';
import { tableUri } from './pipeline-schema';

const ledgerFile = z.object({
  ...fileFields,
  delivery: label.describe('When the content came, as texts that sort in that order.'),
});
export type LedgerFile = Infer<typeof ledgerFile>;

/** An entry without its files: what a summary keeps of each. */
const committedBatch = z.object({
  digest: digestSchema,
  table: tableUri,
  tableId: label.describe("Delta's own id: another table at the same address has another one."),
  definitionDigest: label,
  frozenAt: z.iso.datetime(),
  committedAt: z.iso.datetime(),
  tableVersion: z.int().nonnegative().describe('Version of the target that the batch made; orders entries.'),
  commit: label.describe('Fingerprint of the log entry of that version: the table proves the entry.'),
});
export type CommittedBatch = Infer<typeof committedBatch>;

const entry = committedBatch.extend({
  protocol: z.literal(ledgerProtocol),
  interval: intervalSchema.exactOptional(),
  files: z.array(ledgerFile),
});
export type LedgerEntry = Infer<typeof entry>;

/** Entries of before 2026-12 named a table by the last part of its path: they prove nothing, and are not counted. */
const oldEntry = z.object({ protocol: z.literal(1), digest: digestSchema });
export type OldLedgerEntry = Infer<typeof oldEntry>;

/** The first line of a summary. Each block after it is a line of rows in the order of their keys. */
const head = z.object({
  protocol: z.literal(3),
  batches: z.array(committedBatch),
  blocks: z.array(z.object({ first: text, bytes: z.int().positive(), hash: text })),
});
export type SummaryHead = Infer<typeof head>;

/** A key with the place of its batch in the head; of a content also its delivery, of a file all that is known of it. */
export type SummaryRow =
  | readonly [key: string, batch: number]
  | readonly [key: string, batch: number, delivery: string]
  | readonly [
      key: string,
      batch: number,
      delivery: string,
      size: number,
      modifiedMs: number,
      etag: string,
      version: string | null,
      changedMs: number | null,
      inode: number | null,
    ];

const rows: z.ZodType<readonly SummaryRow[]> = z.array(
  z.union([
    z.tuple([
      text,
      z.int(),
      text,
      z.int(),
      z.number(),
      text,
      text.nullable(),
      z.number().nullable(),
      z.number().nullable(),
    ]),
    z.tuple([text, z.int(), text]),
    z.tuple([text, z.int()]),
  ]),
);

export const parseLedgerEntry = (json: string, file: string): LedgerEntry | OldLedgerEntry =>
  parseDocument(
    { schema: z.discriminatedUnion('protocol', [entry, oldEntry]), name: 'LedgerEntry', remedy: stateRemedy },
    json,
    file,
  );

/** A summary repeats entries; the entries themselves stay the truth. */
export const parseSummaryHead = (json: string, file: string): SummaryHead =>
  parseDocument({ schema: head, name: 'LedgerSummary', remedy: stateRemedy }, json, file);

export const parseSummaryRows = (json: string, file: string): readonly SummaryRow[] =>
  parseDocument({ schema: rows, name: 'LedgerSummary', remedy: stateRemedy }, json, file);
