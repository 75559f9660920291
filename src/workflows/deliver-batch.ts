// A batch from freeze to its commit, and again from freeze when the table is not the one that it was planned against.
import { patched, sleep } from '@temporalio/workflow';
import type { FrozenBatch } from '../contracts/batch';
import type { CommitReport, PrepareReport } from '../contracts/job';
import type { CommitJob } from '../contracts/keeper';
import type { PipelineRef } from '../contracts/pipeline-ref';
import type { GateVerdict } from '../contracts/run';
import { commitRequest } from '../domain/job-requests';
import { makesEmptyTable } from '../domain/run-result';
import { failureOf } from './failure-of';
import { freezeLimit, prepareBatch, type PrepareOptions } from './prepare-batch';
import type { RunState } from './run-state';

export type Delivered =
  | { readonly notices: readonly string[] }
  | {
      readonly batch: FrozenBatch;
      readonly report: PrepareReport;
      readonly verdict: GateVerdict | 'passed';
      /** Absent: rejected, or passed without a row and without a table that could stay as it is. */
      readonly committed?: CommitReport;
    };

export type Delivery = {
  readonly pipeline: PipelineRef;
  readonly options: PrepareOptions;
  readonly workflowId: string;
  readonly awaitVerdict: (report: PrepareReport, pipeline: PipelineRef) => Promise<GateVerdict | 'passed'>;
  readonly commit: (job: CommitJob) => Promise<CommitReport>;
};

export async function deliverBatch(delivery: Delivery, state: RunState): Promise<Delivered> {
  const { pipeline, options, workflowId, awaitVerdict, commit } = delivery;
  let judged: { readonly digest: string; readonly verdict: GateVerdict | 'passed' } | undefined;
  for (let round = 1; ; round += 1) {
    const prepared = await prepareBatch(pipeline, options, state);
    if (!('batch' in prepared)) return prepared;
    const { batch, report } = prepared;
    // What a person said of one batch is said of no other.
    const known = judged?.digest === batch.digest ? judged.verdict : undefined;
    const verdict = known ?? (await state.during('gate', () => awaitVerdict(report, pipeline)));
    judged = { digest: batch.digest, verdict };
    if (verdict !== 'passed' && verdict.decision === 'reject') return { batch, report, verdict };
    // Covers the commit of a batch without rows; may go when no run of before 2026-12 is open.
    if (verdict === 'passed' && makesEmptyTable(report, batch) && patched('no-empty-table-2026-12')) {
      state.mark('commit', 'skipped', 'no rows');
      return { batch, report, verdict };
    }
    const job = commitRequest(pipeline, batch, report.staging, workflowId, options.generation);
    try {
      return { batch, report, verdict, committed: await state.during('commit', () => commit(job)) };
    } catch (error) {
      const isRefused = failureOf(error).kind === 'inputs-changed' && round < freezeLimit;
      // Covers the freeze, and all after it, that follow a refused commit; may go when no run of before 2026-12 is open.
      if (!isRefused || !patched('commit-freezes-again-2026-12')) throw error;
      await sleep(round * 2000, { summary: 'the table changed: before another freeze' });
    }
  }
}
