// Parses run records at the edge. Not for workflows.
import { z } from 'zod';
import { failureKinds, type FailureKind } from './failure';
import { digestSchema, intervalSchema, parseStateDocument } from './manifest-schema';
import { phases } from './run';
import { runRecordProtocol, type RunRecord } from './run-record';

const count = z.int().nonnegative();

const isFailureKind = (value: string): value is FailureKind => Object.hasOwn(failureKinds, value);

const record: z.ZodType<RunRecord> = z.object({
  protocol: z.literal(runRecordProtocol),
  run: z.string().min(1),
  startedAt: z.iso.datetime(),
  finishedAt: z.iso.datetime(),
  outcome: z.enum(['committed', 'nothing-new', 'rejected', 'failed', 'cancelled']),
  pipeline: z.string().min(1),
  digest: digestSchema.exactOptional(),
  interval: intervalSchema.exactOptional(),
  rows: z
    .object({
      read: count,
      inserted: count,
      updated: count,
      unchanged: count,
      quarantined: count,
      duplicates: count,
      unjoined: count,
    })
    .exactOptional(),
  table: z.object({ path: z.string(), version: count.exactOptional() }),
  expectations: z
    .array(
      z.object({
        name: z.string(),
        action: z.enum(['warn', 'quarantine', 'fail']),
        checked: count,
        failed: count,
      }),
    )
    .exactOptional(),
  seconds: z.partialRecord(z.enum(phases), z.number().nonnegative()),
  warnings: z.array(z.object({ type: z.string(), message: z.string() })),
  notices: z.array(z.string()),
  failure: z
    .object({
      kind: z.string().refine(isFailureKind),
      type: z.string(),
      message: z.string(),
      remedy: z.string(),
      fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
    })
    .exactOptional(),
});

export const parseRunRecord = (json: string, file: string): RunRecord =>
  parseStateDocument(record, json, file, 'RunRecord');
