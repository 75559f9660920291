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
import { asideReason, expectationResult, warning } from './job-schema';
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

const sourceFate = z.object({
  drives: z.boolean().describe('Its rows are those that `rows` accounts for.'),
  read: count,
  kept: count.describe('Went on to the transform or, of a joined source, is there to be joined.'),
  quarantined: count,
  unreadable: count.exactOptional().describe('Those of them that could not be read as declared.'),
  duplicates: count,
  reasons: z.array(asideReason).describe('Why rows are in quarantine, the commonest first, each with one row.'),
});
export type SourceFate = Infer<typeof sourceFate>;

const sourceFates = z.record(text, sourceFate);
/** What became of the rows of every source: `read = kept + quarantined + duplicates` for each. */
export type SourceFates = Infer<typeof sourceFates>;

const quarantinedRows = z.object({
  rows: count.describe('Of all sources together.'),
  table: text,
  where: text.describe('Condition that finds them in it.'),
});
export type QuarantinedRows = Infer<typeof quarantinedRows>;

const hours = z.number().nonnegative();

const runCost = z.object({
  waitingSeconds: hours.describe('Jobs waited for a cluster, for their turn, or between attempts.'),
  workingSeconds: hours.describe('Jobs worked, as they say themselves.'),
  machines: z
    .object({
      clusters: texts.describe('Ids of the clusters that the jobs ran on.'),
      onDemandHours: hours.describe('Hours of on-demand instances: the share of the run while others used them too.'),
      spotHours: hours.describe('The same of Spot instances.'),
      calls: hours.describe('Requests to EMR about these clusters, shared alike.'),
    })
    .exactOptional()
    .describe('Absent where jobs run on no cluster of ours.'),
});
/** What the jobs of a run cost, in time and machines. */
export type RunCost = Infer<typeof runCost>;

const runResult = z.object({
  outcome: z.enum(runOutcomes),
  pipeline: label,
  digest: digestSchema.exactOptional(),
  interval: intervalSchema.exactOptional(),
  rows: runRows.exactOptional().describe('Of the driving source alone; `sources` and `quarantine` tell of all.'),
  sources: sourceFates.exactOptional().describe('Absent in records of before they were told.'),
  quarantine: quarantinedRows.exactOptional().describe('Absent: no row of any source went aside.'),
  table: z.object({ path: text, version: count.exactOptional() }),
  expectations: z.array(expectationResult).exactOptional(),
  seconds: z.partialRecord(z.enum(phases), z.number().nonnegative()).describe('Seconds by phase.'),
  cost: runCost.exactOptional().describe('Of its jobs; absent in records of before it was told, and without a job.'),
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
