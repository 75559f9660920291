// Spark jobs as steps of EMR clusters: the port SparkRuntime over EmrApi. All that outlives a worker is in handles and on EMR.
import { HeadgateError } from '../../../contracts/errors';
import { runtimeTraits } from '../../../contracts/runtimes';
import type { JobHandle, JobStatus, JobSubmission, ObjectStore, SparkRuntime } from '../../../activities/ports';
import { isRefusal } from '../../emr/errors';
import type { ClusterView, EmrApi } from './api';
import { budgeted } from './budgeted';
import type { CallBudget } from '../../emr/budget';
import { createClusterWatch, type ClusterWatch, type Sighting, type Wait } from './cluster-watch';
import { clusterEndKind, clusterEndText, clusterPhaseOf, phaseOf, type StepPhase } from './states';
import { endOf } from './step-end';
import { noStep, placeOf, type ShippedCode, type StepSettings } from './step';
import { createSubmit } from './submit';

export type EmrRuntimeOptions = StepSettings & {
  readonly api: EmrApi;
  readonly store: ObjectStore;
  /** One for all that asks EMR in this process. */
  readonly budget: CallBudget;
  /** Brings the code to the state folder, see `createShipping`. */
  readonly ship: (state: string) => Promise<ShippedCode>;
  readonly random?: () => number;
};

export type EmrRuntime = Required<SparkRuntime> & {
  /** Something may have happened on this cluster, as an event of EMR tells: it is looked at sooner. Never the truth itself. */
  hint(cluster: string): void;
};

/** A driver that was interrupted has so long to stop Spark and to say that it was cancelled; then it is killed. */
const interruptLimitMs = 30_000;

const name = 'emr';

export function createEmrRuntime(options: EmrRuntimeOptions): EmrRuntime {
  const { api, store, budget, ship, random } = options;
  const asking = budgeted(api, budget);
  const watches = new Map<string, ClusterWatch>();
  /** When this worker asked a step to end for the last time. */
  const cancels = new Map<string, number>();

  const watchOf = (cluster: string): ClusterWatch => {
    const watch = watches.get(cluster) ?? createClusterWatch(asking, cluster, random);
    watches.set(cluster, watch);
    return watch;
  };

  const { readyStep, submit, find } = createSubmit({
    api,
    asking,
    budget,
    ship,
    settings: options,
    onSubmitted: (cluster, step) => watchOf(cluster).submitted(step),
  });

  async function look(handle: JobHandle, wait?: Wait): Promise<JobStatus> {
    const { cluster, step } = placeOf(handle);
    if (step === noStep) return neverBegun(asking, cluster);
    const watch = watchOf(cluster);
    const seen = wait === undefined ? await watch.look(step) : await watch.watch(step, wait);
    return statusOf(handle, seen, wait);
  }

  async function statusOf(handle: JobHandle, seen: Sighting, wait?: Wait): Promise<JobStatus> {
    const { cluster } = placeOf(handle);
    if (seen.step === undefined) return { state: 'unknown', text: `EMR does not know step ${handle.id}` };
    const phase = phaseOf(seen.step);
    if (phase === 'waiting' || phase === 'running' || phase === 'stopping') {
      const isGone = seen.cluster !== undefined && clusterPhaseOf(seen.cluster) === 'ended';
      if (isGone && seen.cluster !== undefined) return endedWith(cluster, seen.cluster);
      return openStatus[phase];
    }
    return endOf({ api: asking, store }, handle, { cluster, step: seen.step }, phase, wait);
  }

  /** Interrupts it, and kills it when that did nothing. Asked again all the time until the step has ended. */
  async function cancel(handle: JobHandle): Promise<JobStatus> {
    const status = await look(handle);
    if (status.state === 'ended' || status.state === 'unknown') {
      cancels.delete(handle.id);
      return status;
    }
    const { cluster, step } = placeOf(handle);
    const askedMs = cancels.get(handle.id);
    if (askedMs !== undefined && Date.now() - askedMs < interruptLimitMs) return status;
    cancels.set(handle.id, Date.now());
    await asking.cancelStep(cluster, step, askedMs === undefined ? 'interrupt' : 'kill').catch((error: unknown) => {
      // It has just ended, and the next look tells how.
      if (!isRefusal(error)) throw error;
    });
    return status;
  }

  return {
    name,
    traits: runtimeTraits[name],
    makeReady: async (job) => void (await readyStep(clusterOf(job), job)),
    submit: async (job) => submit(clusterOf(job), job),
    // Without a cluster nobody was ever asked.
    find: async (job) => (job.cluster === undefined ? undefined : find(job.cluster, job)),
    status: look,
    cancel,
    hint: (cluster) => watches.get(cluster)?.hint(),
  };
}

/** EMR tells no progress of a step. */
const openStatus = {
  waiting: { state: 'waiting' },
  running: { state: 'running', progress: { phase: 'driver', tasksDone: 0, tasksTotal: 0 } },
  stopping: { state: 'running', progress: { phase: 'stopping', tasksDone: 0, tasksTotal: 0 } },
} as const satisfies Partial<Record<StepPhase, JobStatus>>;

const endedWith = (cluster: string, view: ClusterView): JobStatus => ({
  state: 'ended',
  cause: { kind: clusterEndKind(view), text: clusterEndText(cluster, view) },
});

async function neverBegun(api: EmrApi, cluster: string): Promise<JobStatus> {
  const view = await api.describeCluster(cluster).catch((error: unknown) => {
    if (isRefusal(error)) return undefined;
    throw error;
  });
  if (view !== undefined) return endedWith(cluster, view);
  return { state: 'ended', cause: { kind: 'infrastructure', text: `EMR does not know cluster ${cluster} any more` } };
}

function clusterOf({ cluster, stepKey }: JobSubmission): string {
  if (cluster !== undefined && cluster !== '') return cluster;
  throw new HeadgateError({
    kind: 'config',
    type: 'NoCluster',
    message: `${stepKey} is to run on EMR, and no cluster was given for it.`,
    remedy: 'Name a cluster in the pipeline file, or let Headgate keep one: see docs/pipeline-file.md.',
    fields: { stepKey },
  });
}
