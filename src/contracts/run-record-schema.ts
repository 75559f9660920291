// What remains of a run when Temporal has forgotten it: one JSON file in the pipeline's state folder. Not for workflows.
import { z } from 'zod';
import {
  count,
  digestSchema,
  failureSummary,
  type Infer,
  intervalSchema,
  label,
  parseDocument,
  stateRemedy,
  text,
  texts,
} from './document-schema';
import { expectationResult, warning } from './job-schema';
import { phases, runOutcomes, runRecordProtocol } from './kinds';

const runRows = z.object({
  read: count,
  inserted: count,
  updated: count,
  unchanged: count,
  quarantined: count,
  duplicates: count,
  unjoined: count,
});
/** Rows of the driving source by fate: `read = inserted + updated + unchanged + quarantined + duplicates + unjoined`. */
export type RunRows = Infer<typeof runRows>;

const runResult = z.object({
  outcome: z.enum(runOutcomes),
  pipeline: label,
  digest: digestSchema.exactOptional(),
  interval: intervalSchema.exactOptional(),
  rows: runRows.exactOptional(),
  table: z.object({ path: text, version: count.exactOptional() }),
  expectations: z.array(expectationResult).exactOptional(),
  seconds: z.partialRecord(z.enum(phases), z.number().nonnegative()).describe('Seconds by phase.'),
  warnings: z.array(warning),
  notices: texts,
});
export type RunPipelineResult = Infer<typeof runResult>;

const runRecord = runResult.extend({
  protocol: z.literal(runRecordProtocol),
  run: label.describe('Temporal workflow id; the same id serves one run after another.'),
  startedAt: z.iso.datetime().describe('Workflow time: the same in every attempt.'),
  finishedAt: z.iso.datetime(),
  failure: failureSummary.exactOptional().describe('Why it failed; only with the outcome `failed`.'),
});
export type RunRecord = Infer<typeof runRecord>;

export const parseRunRecord = (json: string, file: string): RunRecord =>
  parseDocument({ schema: runRecord, name: 'RunRecord', remedy: stateRemedy }, json, file);
