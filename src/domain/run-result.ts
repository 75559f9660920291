// What a run returns, from the reports of its jobs. Pure.
import type { FrozenBatch } from '../contracts/batch';
import type { FailureKind, FailureSummary } from '../contracts/failure';
import type { CommitReport, PrepareReport } from '../contracts/job';
import type { PipelineRef } from '../contracts/pipeline-ref';
import type { GateVerdict, Phase, RunCost, RunOutcome, RunPipelineResult } from '../contracts/run';
import { accountRows } from './run-rows';
import { preparedOf } from './source-fates';

/** A table without rows would fix its columns before any row was read as it should be. Only a person may want that. */
export const makesEmptyTable = (
  { staging }: Pick<PrepareReport, 'staging'>,
  { base }: Pick<FrozenBatch, 'base'>,
): boolean => staging.rows === 0 && base === undefined;

export const noRowsNotice =
  'No row of this batch is for the table, and there is no table yet: none was made. The files stay new.';

function toldOfRows(pipeline: PipelineRef, prepare: PrepareReport, commit: CommitReport | undefined) {
  const { sources, quarantine } = preparedOf(prepare, pipeline);
  return {
    rows: accountRows(prepare, commit),
    sources,
    ...(quarantine === undefined ? {} : { quarantine }),
    expectations: prepare.expectations,
  };
}

export function resultOf(facts: {
  readonly pipeline: PipelineRef;
  readonly outcome: RunOutcome;
  readonly seconds: Readonly<Partial<Record<Phase, number>>>;
  readonly notices: readonly string[];
  readonly cost?: RunCost;
  readonly batch?: FrozenBatch;
  readonly prepare?: PrepareReport;
  readonly commit?: CommitReport;
  readonly verdict?: GateVerdict;
}): RunPipelineResult {
  const { pipeline, outcome, seconds, notices, cost, batch, prepare, commit, verdict } = facts;
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
    ...(cost === undefined ? {} : { cost }),
    ...(batch === undefined ? {} : { digest: batch.digest }),
    ...(batch?.interval === undefined ? {} : { interval: batch.interval }),
    ...(prepare === undefined ? {} : toldOfRows(pipeline, prepare, commit)),
  };
}

/** How a run failed behind its commit: what is true of the table is told with it, unless just that was found untrue. */
export function failedBehind(commit: CommitReport, failure: FailureSummary): FailureSummary {
  if (failure.type === 'CommitGone') return failure;
  const { path, version } = commit.table;
  return {
    ...failure,
    message: `${failure.message} It came after the commit, which the job had reported as version ${version} of ${path}: expect its rows in the table.`,
    fields: { ...failure.fields, tableVersion: version },
  };
}

/** Whether a commit that failed so can have written before: the other kinds are found out before the write, or by it. */
const mayHaveWritten: Readonly<Record<FailureKind, boolean>> = {
  data: false,
  config: false,
  'inputs-changed': false,
  conflict: false,
  permission: true,
  throttle: true,
  infrastructure: true,
  memory: true,
  cancelled: true,
  unknown: true,
};

/** How a commit failed: where nobody can say what its job had done by then, that is told with it. */
export function failedAtCommit(table: string, failure: FailureSummary): FailureSummary {
  if (!mayHaveWritten[failure.kind]) return failure;
  const message = `${failure.message} The commit to ${table} was under way: its rows may be in the table, and the next run of the pipeline finds them there.`;
  return { ...failure, message };
}

/** What is true of the table after a run was cancelled. `failure`: how it ended, when not by the cancellation itself. */
export function fateOfCancelled(isUnsettled: boolean, failure?: FailureSummary): string {
  if (isUnsettled) {
    return 'Whether its commit was made is not known, since the keeper of the table did not tell: the next run of the pipeline finds it in the table.';
  }
  if (failure !== undefined) return `It failed meanwhile: ${failure.message}`;
  return 'This run has put nothing into the table.';
}
