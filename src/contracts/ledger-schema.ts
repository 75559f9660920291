// Parses ledger entries and ledger summaries at the edge. Not for workflows.
import { z } from 'zod';
import { ledgerProtocol, type LedgerEntry, type SummaryHead, type SummaryRow } from './ledger';
import { digestSchema, fileFields, intervalSchema, parseStateDocument } from './manifest-schema';

const batchFields = {
  digest: digestSchema,
  table: z.string().min(1),
  definitionDigest: z.string().min(1),
  frozenAt: z.iso.datetime(),
  committedAt: z.iso.datetime(),
  tableVersion: z.int().nonnegative(),
};

const entry: z.ZodType<LedgerEntry> = z.object({
  protocol: z.literal(ledgerProtocol),
  ...batchFields,
  interval: intervalSchema.exactOptional(),
  files: z.array(z.object(fileFields)),
});

const head: z.ZodType<SummaryHead> = z.object({
  protocol: z.literal(2),
  batches: z.array(z.object(batchFields)),
  blocks: z.array(z.object({ first: z.string(), bytes: z.int().positive(), hash: z.string() })),
});

const rows: z.ZodType<readonly SummaryRow[]> = z.array(
  z.union([
    z.tuple([z.string(), z.int(), z.int(), z.number(), z.string()]),
    z.tuple([z.string(), z.int(), z.int(), z.number(), z.string(), z.string()]),
    z.tuple([z.string(), z.int()]),
  ]),
);

export const parseLedgerEntry = (json: string, file: string): LedgerEntry =>
  parseStateDocument(entry, json, file, 'LedgerEntry');

/** A summary repeats entries; the entries themselves stay the truth. */
export const parseSummaryHead = (json: string, file: string): SummaryHead =>
  parseStateDocument(head, json, file, 'LedgerSummary');

export const parseSummaryRows = (json: string, file: string): readonly SummaryRow[] =>
  parseStateDocument(rows, json, file, 'LedgerSummary');
