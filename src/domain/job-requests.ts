// Builds the requests of a run's jobs from its pipeline and batch: names and places only, no I/O.
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
  /** The submitting activity puts the pipeline in the place of where it lies. */
  readonly request: Omit<Unsubmitted<PrepareRequest>, 'pipeline'> & { readonly pipeline: Definition };
};

export function prepareRequest(pipeline: PipelineRef, batch: FrozenBatch, run: string, generation: number): PrepareJob {
  return {
    runtime: pipeline.runtime,
    state: pipeline.state,
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
  return { runtime: pipeline.runtime, state: pipeline.state, upkeep: maintenanceRequest(pipeline), request };
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
