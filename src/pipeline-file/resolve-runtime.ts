// `runtime` of a pipeline file, with the defaults of its clusters.
import type { ClusterChoice, ClusterFleet, ClusterShape } from '../contracts/cluster-shape';
import type { RuntimeName } from '../contracts/pipeline';
import * as notation from '../contracts/pipeline-file-notation';
import type { EmrFile, FleetFile } from '../contracts/pipeline-file-runtime';
import type { PipelineFile } from '../contracts/pipeline-file-schema';
import { known } from './known';

/** Alike in cores and memory, of three generations: when one is short, another one is not. */
const alike = (size: string): readonly string[] => [`m6i.${size}`, `m6a.${size}`, `m5.${size}`];

const primaryTypes = alike('xlarge');
const workerTypes = alike('2xlarge');

const idleMinutes = { 'per-run': 2, pool: 10 } as const;

const amount = (text: string | undefined, fallback: number): number =>
  text === undefined ? fallback : known(notation.parseCount(0)(text));

const seconds = (text: string | undefined, fallback: number): number =>
  text === undefined ? fallback : known(notation.parseDuration(text));

const oneUnitEach = (types: readonly string[]): ClusterFleet['types'] => types.map((type) => ({ type, weight: 1 }));

type Units = Pick<ClusterFleet, 'onDemand' | 'spot'>;

function resolveFleet(file: FleetFile | undefined, fallback: Units): ClusterFleet {
  if (file === undefined) return { types: oneUnitEach(workerTypes), ...fallback };
  if (typeof file === 'string') return { types: oneUnitEach([file]), ...fallback };
  if (Array.isArray(file)) return { types: oneUnitEach(file), ...fallback };
  const { types = workerTypes, on_demand: onDemand, spot } = file;
  const isBare = onDemand === undefined && spot === undefined;
  return {
    types: Array.isArray(types)
      ? oneUnitEach(types)
      : Object.entries(types).map(([type, weight]) => ({ type, weight: amount(weight, 1) })),
    ...(isBare ? fallback : { onDemand: amount(onDemand, 0), spot: amount(spot, 0) }),
  };
}

function resolvePrimary(file: EmrFile['primary']): ClusterFleet {
  const types = file === undefined ? primaryTypes : typeof file === 'string' ? [file] : file;
  return { types: oneUnitEach(types), onDemand: 1, spot: 0 };
}

function resolveScaling(file: EmrFile['scaling'], units: number): Pick<ClusterShape, 'scaling'> {
  if (file === undefined) return { scaling: { min: Math.min(2, units), max: Math.max(10, units) } };
  return typeof file === 'string' ? {} : { scaling: { min: amount(file.min, 1), max: amount(file.max, 1) } };
}

function resolveShape(file: EmrFile, state: string, kind: keyof typeof idleMinutes): ClusterShape {
  const core = resolveFleet(file.core, { onDemand: 1, spot: 0 });
  const task = resolveFleet(file.task, { onDemand: 0, spot: 1 });
  const units = core.onDemand + core.spot + task.onDemand + task.spot;
  return {
    release: file.release ?? 'emr-spark-8.2.0',
    logs: (file.log_uri ?? `${state}/cluster-logs`).replace(/\/+$/, ''),
    roles: {
      service: file.roles?.service ?? 'EMR_DefaultRole',
      instanceProfile: file.roles?.instance_profile ?? 'EMR_EC2_DefaultRole',
    },
    subnets: file.subnets ?? [],
    primary: resolvePrimary(file.primary),
    core,
    ...(task.onDemand + task.spot === 0 ? {} : { task }),
    ...(file.bigger === undefined ? {} : { bigger: file.bigger }),
    ...resolveScaling(file.scaling, Math.max(1, units)),
    spotMinutes: Math.ceil(seconds(file.spot_wait, 600) / 60),
    idleSeconds: seconds(file.idle, idleMinutes[kind] * 60),
    maxAgeSeconds: seconds(file.max_age, 86_400),
    stepsAtOnce: file.steps_at_once === undefined ? 4 : known(notation.parseSteps(file.steps_at_once)),
    tags: file.tags ?? {},
  };
}

function resolveCluster(file: EmrFile, state: string): ClusterChoice {
  const { cluster = 'per-run' } = file;
  if (notation.isClusterId(cluster)) return { kind: 'existing', id: cluster };
  if (cluster === 'per-run') return { kind: 'per-run', shape: resolveShape(file, state, 'per-run') };
  return { kind: 'pool', name: cluster, shape: resolveShape(file, state, 'pool') };
}

export const emrOf = (file: PipelineFile['runtime']): EmrFile | undefined => {
  if (typeof file === 'object') return file.emr;
  return file === 'emr' ? {} : undefined;
};

export function resolveRuntime(
  file: PipelineFile['runtime'],
  state: string,
): { readonly runtime: RuntimeName; readonly cluster?: ClusterChoice } {
  const emr = emrOf(file);
  if (emr !== undefined) return { runtime: 'emr', cluster: resolveCluster(emr, state) };
  return { runtime: typeof file === 'string' ? file : 'local' };
}
