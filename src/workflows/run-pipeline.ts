// runPipeline: one run of a pipeline for one batch: freeze, extract, prepare, gate, commit, publish.
import {
  ApplicationFailure,
  CancellationScope,
  isCancellation,
  proxyActivities,
  setHandler,
  sleep,
  workflowInfo,
} from '@temporalio/workflow';
import type { RunActivities } from '../activities/run';
import type { FrozenBatch } from '../contracts/batch';
import type { CommitReport, PrepareReport } from '../contracts/job';
import type { Pipeline } from '../contracts/pipeline';
import type { CancelRequest, RunPipelineInput, RunPipelineResult } from '../contracts/run';
import { commitRequest, prepareRequest } from '../domain/job-requests';
import { resultOf } from '../domain/run-result';
import { createCommitDesk } from './await-commit';
import { createGate } from './await-gate';
import { failureOf } from './failure-of';
import { cancelRunUpdate } from './messages';
import { runJob } from './run-job';
import { createRunState } from './run-state';
import { tagBatch, tagOutcome } from './search-attributes';

const { loadPipeline, freezeInputs, publishRun } = proxyActivities<RunActivities>({
  startToCloseTimeout: '10 minutes',
  scheduleToCloseTimeout: '6 hours',
  retry: { initialInterval: '200ms', maximumInterval: '1 minute', maximumAttempts: 20 },
});

const { extractInputs } = proxyActivities<RunActivities>({
  startToCloseTimeout: '12 hours',
  heartbeatTimeout: '10s',
  retry: { initialInterval: '1s', maximumInterval: '1 minute', maximumAttempts: 20 },
});

/** Files that change under the reader give a new batch; this often, then something else is wrong. */
const freezeLimit = 5;

type Prepared = { readonly batch: FrozenBatch; readonly report: PrepareReport };

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

  let pipeline: Pipeline | undefined;
  const facts = () => ({ workflowId, startedAt: startTime.toISOString(), finishedAt: new Date().toISOString() });

  async function freezeAndPrepareOnce(spec: Pipeline): Promise<Prepared | readonly string[]> {
    const frozen = await state.during(
      'freeze',
      () =>
        freezeInputs({
          pipeline: spec,
          logicalTime,
          ...(input.interval === undefined ? {} : { interval: input.interval }),
          redo: input.redo ?? false,
        }),
      (result) => (result.kind === 'batch' ? `${result.batch.fileCount} files` : 'nothing new'),
    );
    if (frozen.kind === 'nothing-new') return frozen.notices;
    const { batch } = frozen;
    state.update({
      digest: batch.digest,
      files: batch.fileCount,
      bytes: batch.bytes,
      ...(batch.interval === undefined ? {} : { interval: batch.interval }),
    });
    tagBatch(spec, batch);
    if (batch.toCopy === 0) state.mark('extract', 'skipped', 'read in place');
    else await state.during('extract', () => extractInputs({ pipeline: spec, batch }));
    const report = await state.during('prepare', () => runJob(prepareRequest(spec, batch, workflowId, generation)));
    return { batch, report };
  }

  async function freezeAndPrepare(spec: Pipeline): Promise<Prepared | readonly string[]> {
    for (let round = 1; ; round += 1) {
      try {
        return await freezeAndPrepareOnce(spec);
      } catch (error) {
        if (failureOf(error).kind !== 'inputs-changed' || round >= freezeLimit) throw error;
        await sleep(round * 2000, { summary: 'input files changed: before another freeze' });
      }
    }
  }

  async function run(): Promise<RunPipelineResult> {
    const spec = await loadPipeline({
      ...(input.pipeline === undefined ? {} : { pipeline: input.pipeline }),
      ...(input.variables === undefined ? {} : { variables: input.variables }),
      ...(input.folder === undefined ? {} : { folder: input.folder }),
    });
    pipeline = spec;
    state.update({ pipeline: spec.name, table: spec.target.table });
    const prepared = await freezeAndPrepare(spec);
    const { seconds } = state;
    if (!('batch' in prepared)) {
      state.update({ outcome: 'nothing-new' });
      tagOutcome('nothing-new');
      return resultOf({ pipeline: spec, outcome: 'nothing-new', seconds, notices: prepared });
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
    await CancellationScope.nonCancellable(() =>
      state.during('publish', () => publishRun({ pipeline: spec, result, ...facts() })),
    );
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
      const failure = cancelled ? undefined : failureOf(error);
      const result = resultOf({ pipeline: spec, outcome, seconds: state.seconds, notices: [] });
      await publishRun({ pipeline: spec, result, ...facts(), ...(failure === undefined ? {} : { failure }) });
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
