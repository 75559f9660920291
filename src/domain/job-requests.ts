// Builds the requests of a run's jobs from its pipeline and batch: names and places only, no I/O.
import type { ClusterNeed } from '../contracts/cluster';
import { poolOfRun } from '../contracts/names';
import type { FrozenBatch } from '../contracts/batch';
import { jobProtocol, type CommitRequest, type PrepareRequest, type Staging, type Unsubmitted } from '../contracts/job';
import { batchPaths, quarantineTable, stepKey } from '../contracts/layout';
import type { RuntimeName } from '../contracts/pipeline';
import type { Definition, PipelineRef } from '../contracts/pipeline-ref';
import type { MaintenanceKind } from '../contracts/maintenance';
import type { MaintenanceRequest } from '../contracts/upkeep';
import type { CommitJob } from '../contracts/keeper';

export type PrepareJob = {
  readonly runtime: RuntimeName;
  readonly state: string;
  readonly needs?: ClusterNeed;
  /** The submitting activity puts the pipeline in the place of where it lies. */
  readonly request: Omit<Unsubmitted<PrepareRequest>, 'pipeline'> & { readonly pipeline: Definition };
};

/** Which cluster the jobs of a run want. Nothing: their runtime has none. */
export function clusterNeed(
  { cluster, definition }: Pick<PipelineRef, 'cluster' | 'definition'>,
  run: string,
): { readonly needs?: ClusterNeed } {
  if (cluster === undefined) return {};
  if (cluster.kind === 'existing') return { needs: cluster };
  // A run with its whole pipeline in its history is older than clusters.
  if (typeof definition !== 'string') return {};
  const pool = cluster.kind === 'pool' ? cluster.name : poolOfRun(run);
  return { needs: { kind: cluster.kind, pool, definition } };
}

export function prepareRequest(pipeline: PipelineRef, batch: FrozenBatch, run: string, generation: number): PrepareJob {
  return {
    runtime: pipeline.runtime,
    state: pipeline.state,
    ...clusterNeed(pipeline, run),
    request: {
      protocol: jobProtocol,
      job: 'prepare',
      stepKey: stepKey(pipeline.name, pipeline.target.table, batch.digest, 'prepare'),
      generation,
      run,
      digest: batch.digest,
      pipeline: pipeline.definition,
      manifestPath: batch.manifestPath,
      stagingTable: batchPaths(pipeline.state, batch.digest).staging,
      quarantineTable: quarantineTable(pipeline.state),
    },
  };
}

export function commitRequest(
  pipeline: PipelineRef,
  batch: FrozenBatch,
  staging: Staging,
  run: string,
  generation: number,
): CommitJob {
  const request: Unsubmitted<CommitRequest> = {
    protocol: jobProtocol,
    job: 'commit',
    stepKey: stepKey(pipeline.name, pipeline.target.table, batch.digest, 'commit'),
    generation,
    run,
    digest: batch.digest,
    pipeline: pipeline.name,
    target: pipeline.target,
    timezone: pipeline.timezone,
    staging,
    ...(pipeline.latestBy === undefined ? {} : { latestBy: pipeline.latestBy }),
    ...(batch.interval === undefined ? {} : { interval: batch.interval }),
    ...(batch.base === undefined ? {} : { base: batch.base }),
  };
  const needs = clusterNeed(pipeline, run);
  const { runtime, state } = pipeline;
  return { runtime, state, ...needs, upkeep: { ...maintenanceRequest(pipeline), ...needs }, request };
}

export function maintenanceRequest(
  pipeline: Pick<PipelineRef, 'name' | 'target' | 'maintenance' | 'runtime' | 'state'>,
  now?: MaintenanceKind,
): MaintenanceRequest {
  return {
    pipeline: pipeline.name,
    table: pipeline.target.table,
    zorderBy: pipeline.target.zorderBy,
    clusterBy: pipeline.target.clusterBy,
    settings: pipeline.maintenance,
    runtime: pipeline.runtime,
    state: pipeline.state,
    ...(now === undefined ? {} : { now }),
  };
}
