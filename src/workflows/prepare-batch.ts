// The first half of a run: freeze, extract, prepare, and again from the start when files changed meanwhile.
import { sleep, workflowInfo } from '@temporalio/workflow';
import type { FreezeInput } from '../activities/run';
import type { FrozenBatch } from '../contracts/batch';
import type { PrepareReport } from '../contracts/job';
import type { PipelineRef } from '../contracts/pipeline-ref';
import { prepareRequest } from '../domain/job-requests';
import { preparedOf } from '../domain/source-fates';
import { activity } from './activity-options';
import { failureOf } from './failure-of';
import { runJob } from './run-job';
import type { RunState } from './run-state';
import { tagBatch } from './search-attributes';

const freezeInputs = activity('freezeInputs');
const extractInputs = activity('extractInputs');

/** Files that change under the reader, or a table before its commit, give a new batch; this often, then something else is wrong. */
export const freezeLimit = 5;

export type Prepared = { readonly batch: FrozenBatch; readonly report: PrepareReport };

/** Without a batch: why there is nothing to do. */
export type Preparation = Prepared | { readonly notices: readonly string[] };

export type PrepareOptions = Omit<FreezeInput, 'pipeline'> & { readonly generation: number };

async function prepareOnce(spec: PipelineRef, options: PrepareOptions, state: RunState): Promise<Preparation> {
  const { generation, ...wanted } = options;
  const frozen = await state.during(
    'freeze',
    () => freezeInputs({ pipeline: spec.definition, ...wanted }),
    (result) => (result.kind === 'batch' ? `${result.batch.fileCount} files` : 'nothing new'),
  );
  if (frozen.kind === 'nothing-new') return { notices: frozen.notices };
  const { batch } = frozen;
  state.update({
    digest: batch.digest,
    files: batch.fileCount,
    bytes: batch.bytes,
    ...(batch.interval === undefined ? {} : { interval: batch.interval }),
  });
  tagBatch(spec, batch);
  if (batch.toCopy === 0) state.mark('extract', 'skipped', 'read in place');
  else await state.during('extract', () => extractInputs({ batch: { manifestPath: batch.manifestPath } }));
  const job = prepareRequest(spec, batch, workflowInfo().workflowId, generation);
  const told = { tell: (note: string) => state.mark('prepare', 'running', note), spend: state.spend };
  const report = await state.during('prepare', () => runJob(job, told));
  state.update({ prepared: preparedOf(report, spec) });
  return { batch, report };
}

export async function prepareBatch(spec: PipelineRef, options: PrepareOptions, state: RunState): Promise<Preparation> {
  for (let round = 1; ; round += 1) {
    try {
      return await prepareOnce(spec, options, state);
    } catch (error) {
      if (failureOf(error).kind !== 'inputs-changed' || round >= freezeLimit) throw error;
      await sleep(round * 2000, { summary: 'input files changed: before another freeze' });
    }
  }
}
