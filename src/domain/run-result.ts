// What a run returns, from the reports of its jobs. Pure.
import type { FrozenBatch } from '../contracts/batch';
import type { CommitReport, PrepareReport } from '../contracts/job';
import type { PipelineRef } from '../contracts/pipeline-ref';
import type { GateVerdict, Phase, RunOutcome, RunPipelineResult } from '../contracts/run';
import { accountRows } from './run-rows';

export function resultOf(facts: {
  readonly pipeline: PipelineRef;
  readonly outcome: RunOutcome;
  readonly seconds: Readonly<Partial<Record<Phase, number>>>;
  readonly notices: readonly string[];
  readonly batch?: FrozenBatch;
  readonly prepare?: PrepareReport;
  readonly commit?: CommitReport;
  readonly verdict?: GateVerdict;
}): RunPipelineResult {
  const { pipeline, outcome, seconds, notices, batch, prepare, commit, verdict } = facts;
  return {
    outcome,
    pipeline: pipeline.name,
    table: { path: pipeline.target.table, ...(commit === undefined ? {} : { version: commit.table.version }) },
    seconds: { ...seconds },
    warnings: [...(prepare?.warnings ?? []), ...(commit?.warnings ?? [])],
    notices: [
      ...notices,
      ...(verdict === undefined ? [] : [`gate: ${verdict.decision} by ${verdict.by}: ${verdict.why}`]),
    ],
    ...(batch === undefined ? {} : { digest: batch.digest }),
    ...(batch?.interval === undefined ? {} : { interval: batch.interval }),
    ...(prepare === undefined ? {} : { rows: accountRows(prepare, commit), expectations: prepare.expectations }),
  };
}
