// runPipeline: one run of a pipeline for one batch: freeze, extract, prepare, gate, commit, publish.
import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunActivities } from '../activities/run';
import type { FailureSummary } from '../contracts/failure';
import type { CommitReport } from '../contracts/job';
import type { PipelineRef } from '../contracts/pipeline-ref';
import type { CancelRequest, RunPipelineResult } from '../contracts/run';
import { cancelRequest, runPipelineInput } from '../domain/entrance/inputs';
import { commitRequest } from '../domain/job-requests';
import { asReference, publishedPart } from '../domain/pipeline-ref';
import { resultOf } from '../domain/run-result';
import { createCommitDesk } from './await-commit';
import { createGate } from './await-gate';
import { demand, inputOf } from './entrance';
import { failureOf } from './failure-of';
import { cancelRunUpdate } from './messages';
import { prepareBatch } from './prepare-batch';
import { createRunState } from './run-state';
import { tagOutcome } from './search-attributes';

const { loadPipeline, publishRun } = proxyActivities<Pick<RunActivities, 'loadPipeline' | 'publishRun'>>({
  startToCloseTimeout: '10 minutes',
  scheduleToCloseTimeout: '6 hours',
  retry: { initialInterval: '200ms', maximumInterval: '1 minute', maximumAttempts: 20 },
});

export async function runPipeline(...args: readonly unknown[]): Promise<RunPipelineResult> {
  const { workflowId, startTime, typedSearchAttributes } = workflowInfo();
  const scheduled = typedSearchAttributes.getAll().find(({ key }) => key.name === 'TemporalScheduledStartTime')?.value;
  const logicalTime = (scheduled instanceof Date ? scheduled : startTime).toISOString();
  const state = createRunState();
  const awaitVerdict = createGate(state);
  const commit = createCommitDesk();
  const scope = new CancellationScope();
  let cancelledBy: CancelRequest | undefined;
  setHandler(
    cancelRunUpdate,
    (request) => {
      cancelledBy = request;
      scope.cancel();
    },
    { validator: (...given: readonly unknown[]) => void demand(cancelRequest, given, 'cancelRun') },
  );

  let pipeline: PipelineRef | undefined;
  const publish = (spec: PipelineRef, result: RunPipelineResult, failure?: FailureSummary): Promise<void> =>
    publishRun({
      pipeline: publishedPart(spec),
      result,
      workflowId,
      startedAt: startTime.toISOString(),
      finishedAt: new Date().toISOString(),
      ...(failure === undefined ? {} : { failure }),
    });

  async function run(): Promise<RunPipelineResult> {
    const input = inputOf(runPipelineInput, args, 'runPipeline');
    const generation = input.redo === true ? Math.floor(startTime.getTime() / 1000) : 1;
    const spec = asReference(await loadPipeline(input));
    pipeline = spec;
    state.update({ pipeline: spec.name, table: spec.target.table });
    const interval = input.interval === undefined ? {} : { interval: input.interval };
    const prepared = await prepareBatch(
      spec,
      { logicalTime, ...interval, redo: input.redo ?? false, generation },
      state,
    );
    const { seconds } = state;
    if (!('batch' in prepared)) {
      state.update({ outcome: 'nothing-new' });
      tagOutcome('nothing-new');
      return resultOf({ pipeline: spec, outcome: 'nothing-new', seconds, notices: prepared.notices });
    }
    const { batch, report } = prepared;
    const verdict = await state.during('gate', () => awaitVerdict(report, spec));
    let committed: CommitReport | undefined;
    if (verdict === 'passed' || verdict.decision === 'approve') {
      const job = commitRequest(spec, batch, report.staging, workflowId, generation);
      committed = await state.during('commit', () => commit(job));
    }
    const outcome = committed === undefined ? 'rejected' : 'committed';
    const result = resultOf({
      pipeline: spec,
      outcome,
      seconds,
      notices: batch.notices,
      batch,
      prepare: report,
      ...(committed === undefined ? {} : { commit: committed }),
      ...(verdict === 'passed' ? {} : { verdict }),
    });
    // The rows are in the table: a cancellation that came meanwhile must not keep the ledger from saying so.
    await CancellationScope.nonCancellable(() => state.during('publish', () => publish(spec, result)));
    state.update({ outcome });
    tagOutcome(outcome);
    return { ...result, seconds: { ...seconds } };
  }

  try {
    return await scope.run(run);
  } catch (error) {
    const cancelled = isCancellation(error);
    const outcome = cancelled ? 'cancelled' : 'failed';
    state.update({ outcome });
    const spec = pipeline;
    await CancellationScope.nonCancellable(async () => {
      tagOutcome(outcome);
      if (spec === undefined) return;
      const result = resultOf({ pipeline: spec, outcome, seconds: state.seconds, notices: [] });
      await publish(spec, result, cancelled ? undefined : failureOf(error));
    });
    if (cancelledBy !== undefined) {
      throw ApplicationFailure.nonRetryable(
        `Cancelled by ${cancelledBy.by}: ${cancelledBy.why}`,
        'Cancelled',
        cancelledBy,
      );
    }
    throw error;
  }
}
