// Parses ledger entries and ledger summaries at the edge. Not for workflows.
import { z } from 'zod';
import { ledgerProtocol, type LedgerEntry } from './ledger';
import { digestSchema, fileFields, intervalSchema, parseStateDocument } from './manifest-schema';

const entry: z.ZodType<LedgerEntry> = z.object({
  protocol: z.literal(ledgerProtocol),
  digest: digestSchema,
  table: z.string().min(1),
  definitionDigest: z.string().min(1),
  interval: intervalSchema.exactOptional(),
  frozenAt: z.iso.datetime(),
  committedAt: z.iso.datetime(),
  tableVersion: z.int().nonnegative(),
  files: z.array(z.object(fileFields)),
});

const summary = z.object({ protocol: z.literal(ledgerProtocol), entries: z.array(entry) });

export const parseLedgerEntry = (json: string, file: string): LedgerEntry =>
  parseStateDocument(entry, json, file, 'LedgerEntry');

/** A summary repeats entries; the entries themselves stay the truth. */
export const parseLedgerSummary = (json: string, file: string): readonly LedgerEntry[] =>
  parseStateDocument(summary, json, file, 'LedgerSummary').entries;
