// What is already in the table: one entry per committed batch, and summaries of many. Not for workflows.
import { z } from 'zod';
import { fileFields } from './batch-schema';
import { digestSchema, type Infer, intervalSchema, label, parseDocument, stateRemedy, text } from './document-schema';
import { ledgerProtocol } from './kinds';

const ledgerFile = z.object(fileFields);
export type LedgerFile = Infer<typeof ledgerFile>;

/** An entry without its files: what a summary keeps of each. */
const committedBatch = z.object({
  digest: digestSchema,
  table: label.describe('Short name of the target table: what is in one table is not in another.'),
  definitionDigest: label,
  frozenAt: z.iso.datetime(),
  committedAt: z.iso.datetime(),
  tableVersion: z.int().nonnegative().describe('Version of the target that holds the batch; orders entries.'),
});
export type CommittedBatch = Infer<typeof committedBatch>;

const entry = committedBatch.extend({
  protocol: z.literal(ledgerProtocol),
  interval: intervalSchema.exactOptional(),
  files: z.array(ledgerFile),
});
export type LedgerEntry = Infer<typeof entry>;

/** The first line of a summary. Each block after it is a line of rows in the order of their keys. */
const head = z.object({
  protocol: z.literal(2),
  batches: z.array(committedBatch),
  blocks: z.array(z.object({ first: text, bytes: z.int().positive(), hash: text })),
});
export type SummaryHead = Infer<typeof head>;

/** A key with the place of its batch in the head; of a file also size, time, fingerprint and version. */
export type SummaryRow =
  | readonly [key: string, batch: number]
  | readonly [key: string, batch: number, size: number, modifiedMs: number, etag: string, version?: string];

const rows: z.ZodType<readonly SummaryRow[]> = z.array(
  z.union([
    z.tuple([text, z.int(), z.int(), z.number(), text]),
    z.tuple([text, z.int(), z.int(), z.number(), text, text]),
    z.tuple([text, z.int()]),
  ]),
);

export const parseLedgerEntry = (json: string, file: string): LedgerEntry =>
  parseDocument({ schema: entry, name: 'LedgerEntry', remedy: stateRemedy }, json, file);

/** A summary repeats entries; the entries themselves stay the truth. */
export const parseSummaryHead = (json: string, file: string): SummaryHead =>
  parseDocument({ schema: head, name: 'LedgerSummary', remedy: stateRemedy }, json, file);

export const parseSummaryRows = (json: string, file: string): readonly SummaryRow[] =>
  parseDocument({ schema: rows, name: 'LedgerSummary', remedy: stateRemedy }, json, file);
