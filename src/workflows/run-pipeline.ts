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
import type { PipelineRef } from '../contracts/pipeline-ref';
import type { CancelRequest, RunPipelineInput, RunPipelineResult } from '../contracts/run';
import { asReference, publishedPart } from '../domain/pipeline-ref';
import { noRowsNotice, resultOf } from '../domain/run-result';
import { createCommitDesk } from './await-commit';
import { createGate } from './await-gate';
import { deliverBatch } from './deliver-batch';
import { failureOf } from './failure-of';
import { cancelRunUpdate } from './messages';
import { createRunState } from './run-state';
import { tagOutcome } from './search-attributes';

const { loadPipeline, publishRun } = proxyActivities<Pick<RunActivities, 'loadPipeline' | 'publishRun'>>({
  startToCloseTimeout: '10 minutes',
  scheduleToCloseTimeout: '6 hours',
  retry: { initialInterval: '200ms', maximumInterval: '1 minute', maximumAttempts: 20 },
});

export async function runPipeline(input: RunPipelineInput = {}): Promise<RunPipelineResult> {
  const { workflowId, startTime, typedSearchAttributes } = workflowInfo();
  const scheduled = typedSearchAttributes.getAll().find(({ key }) => key.name === 'TemporalScheduledStartTime')?.value;
  const logicalTime = (scheduled instanceof Date ? scheduled : startTime).toISOString();
  const generation = input.redo === true ? Math.floor(startTime.getTime() / 1000) : 1;
  const state = createRunState();
  const awaitVerdict = createGate(state);
  const commit = createCommitDesk();
  const scope = new CancellationScope();
  let cancelledBy: CancelRequest | undefined;
  setHandler(cancelRunUpdate, (request) => {
    cancelledBy = request;
    scope.cancel();
  });

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
    const spec = asReference(await loadPipeline(input));
    pipeline = spec;
    state.update({ pipeline: spec.name, table: spec.target.table });
    const interval = input.interval === undefined ? {} : { interval: input.interval };
    const options = { logicalTime, ...interval, redo: input.redo ?? false, generation };
    const delivered = await deliverBatch({ pipeline: spec, options, workflowId, awaitVerdict, commit }, state);
    const { seconds } = state;
    if (!('batch' in delivered)) {
      state.update({ outcome: 'nothing-new' });
      tagOutcome('nothing-new');
      return resultOf({ pipeline: spec, outcome: 'nothing-new', seconds, notices: delivered.notices });
    }
    const { batch, report, verdict, committed } = delivered;
    const isEmpty = committed === undefined && verdict === 'passed';
    const outcome = isEmpty ? 'nothing-new' : committed === undefined ? 'rejected' : 'committed';
    const result = resultOf({
      pipeline: spec,
      outcome,
      seconds,
      notices: [...batch.notices, ...(isEmpty ? [noRowsNotice] : [])],
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
