// runPipeline: one run of a pipeline for one batch: freeze, extract, prepare, gate, commit, publish.
import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import { poolOfRun } from '../contracts/names';
import type { FailureSummary } from '../contracts/failure';
import type { PipelineRef } from '../contracts/pipeline-ref';
import type { PublishInput } from '../activities/run';
import type { CancelRequest, RunPipelineResult } from '../contracts/run';
import { cancelRequest, runPipelineInput } from '../domain/entrance/inputs';
import { asReference, publishedPart } from '../domain/pipeline-ref';
import { failedBehind, fateOfCancelled, noRowsNotice, resultOf } from '../domain/run-result';
import { activity } from './activity-options';
import { createCommitDesk } from './await-commit';
import { createGate } from './await-gate';
import { deliverBatch } from './deliver-batch';
import { demand, inputOf } from './entrance';
import { failureOf, toFailure } from './failure-of';
import { closePool } from './lease-cluster';
import { cancelRunUpdate } from './messages';
import { createRunState } from './run-state';
import { tagOutcome } from './search-attributes';

const loadPipeline = activity('loadPipeline');
const publishRun = activity('publishRun');

/** A cancelled run ends soon, with its record or without. */
const recordLimit = '1 minute';

export async function runPipeline(...args: readonly unknown[]): Promise<RunPipelineResult> {
  const { workflowId, startTime, typedSearchAttributes } = workflowInfo();
  const scheduled = typedSearchAttributes.getAll().find(({ key }) => key.name === 'TemporalScheduledStartTime')?.value;
  const logicalTime = (scheduled instanceof Date ? scheduled : startTime).toISOString();
  const state = createRunState();
  const awaitVerdict = createGate(state);
  const { commit, isUnsettled } = createCommitDesk(state.spend);
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
  const toPublish = (spec: PipelineRef, result: RunPipelineResult, failure?: FailureSummary): PublishInput => ({
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
    const options = { logicalTime, ...interval, redo: input.redo ?? false, generation };
    const delivered = await deliverBatch({ pipeline: spec, options, workflowId, awaitVerdict, commit }, state);
    const { seconds } = state;
    if (!('batch' in delivered)) {
      state.update({ outcome: 'nothing-new' });
      tagOutcome('nothing-new');
      return resultOf({ pipeline: spec, outcome: 'nothing-new', seconds, ...state.cost(), notices: delivered.notices });
    }
    const { batch, report, verdict, committed } = delivered;
    const isEmpty = committed === undefined && verdict === 'passed';
    const outcome = isEmpty ? 'nothing-new' : committed === undefined ? 'rejected' : 'committed';
    const result = resultOf({
      pipeline: spec,
      outcome,
      seconds,
      ...state.cost(),
      notices: [...batch.notices, ...(isEmpty ? [noRowsNotice] : [])],
      batch,
      prepare: report,
      ...(committed === undefined ? {} : { commit: committed }),
      ...(verdict === 'passed' ? {} : { verdict }),
    });
    // The rows are in the table: a cancellation that came meanwhile must not keep the ledger from saying so.
    await CancellationScope.nonCancellable(() =>
      state.during('publish', () => publishRun(toPublish(spec, result))),
    ).catch((error: unknown) => {
      throw committed === undefined ? error : toFailure(failedBehind(committed, failureOf(error)));
    });
    state.update({ outcome });
    tagOutcome(outcome);
    return { ...result, seconds: { ...seconds } };
  }

  try {
    return await scope.run(run);
  } catch (error) {
    const cancelled = isCancellation(error) || scope.consideredCancelled;
    const outcome = cancelled ? 'cancelled' : 'failed';
    state.update({ outcome });
    const spec = pipeline;
    const failure = isCancellation(error) ? undefined : failureOf(error);
    const fate = cancelled ? [fateOfCancelled(isUnsettled(), failure)] : [];
    await CancellationScope.nonCancellable(async () => {
      tagOutcome(outcome);
      if (spec === undefined) return;
      const facts = { pipeline: spec, outcome, seconds: state.seconds, ...state.cost(), notices: fate } as const;
      const result = resultOf(facts);
      // Its record must not keep a cancelled run from ending, nor the failure of one from being told.
      const limit = cancelled ? { scheduleToCloseTimeout: recordLimit } : {};
      await publishRun
        .executeWithOptions(limit, [toPublish(spec, result, cancelled ? undefined : failure)])
        .catch((unwritten: unknown) => log.error('the run has no record', failureOf(unwritten)));
    });
    if (cancelledBy !== undefined) {
      const { by, why } = cancelledBy;
      throw ApplicationFailure.nonRetryable(`Cancelled by ${by}: ${why}. ${fate.join(' ')}`, 'Cancelled', cancelledBy);
    }
    throw error;
  } finally {
    if (pipeline?.cluster?.kind === 'per-run') await closePool(poolOfRun(workflowId));
  }
}
