// What is already in the table: one entry per committed batch. Not for workflows.
import { z } from 'zod';
import { fileFields } from './batch-schema';
import { digestSchema, type Infer, intervalSchema, label, parseDocument, stateRemedy } from './document-schema';
import { ledgerProtocol } from './kinds';

const ledgerFile = z.object(fileFields);
export type LedgerFile = Infer<typeof ledgerFile>;

const entry = z.object({
  protocol: z.literal(ledgerProtocol),
  digest: digestSchema,
  table: label.describe('Short name of the target table: what is in one table is not in another.'),
  definitionDigest: label,
  interval: intervalSchema.exactOptional(),
  frozenAt: z.iso.datetime(),
  committedAt: z.iso.datetime(),
  tableVersion: z.int().nonnegative().describe('Version of the target that holds the batch; orders entries.'),
  files: z.array(ledgerFile),
});
export type LedgerEntry = Infer<typeof entry>;

const summary = z.object({ protocol: z.literal(ledgerProtocol), entries: z.array(entry) });

export const parseLedgerEntry = (json: string, file: string): LedgerEntry =>
  parseDocument({ schema: entry, name: 'LedgerEntry', remedy: stateRemedy }, json, file);

/** A summary repeats entries; the entries themselves stay the truth. */
export const parseLedgerSummary = (json: string, file: string): readonly LedgerEntry[] =>
  parseDocument({ schema: summary, name: 'LedgerSummary', remedy: stateRemedy }, json, file).entries;
