// What remains of a run when Temporal has forgotten it: one JSON file in the pipeline's state folder.
import type { RunPipelineResult } from './run';
import type { FailureSummary } from './failure';

export const runRecordProtocol = 1;

export type RunRecord = RunPipelineResult & {
  readonly protocol: typeof runRecordProtocol;
  /** Temporal workflow id; the same id serves one run after another. */
  readonly run: string;
  /** Workflow time, ISO 8601 UTC: the same in every attempt. */
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Why it failed; only with the outcome `failed`. */
  readonly failure?: FailureSummary;
};
