// Why a step ended, as far as EMR and the log of its driver tell. Report and failure file decide; this is for jobs without them.
import { setTimeout as delay } from 'node:timers/promises';
import type { EndCause, JobEnd, JobHandle, ObjectStore } from '../../../activities/ports';
import { isRefusal } from '../../emr/errors';
import type { ClusterView, EmrApi, StepView } from './api';
import { isPassing } from '../../emr/budget';
import type { Wait } from './cluster-watch';
import { kindOfText, readDriverLog } from './driver-log';
import { logsOf } from './step';
import { clusterEndKind, clusterEndText, clusterPhaseOf, type StepPhase } from './states';

export type EndDeps = {
  readonly api: EmrApi;
  readonly store: ObjectStore;
};

/** EMR brings logs late. Whoever waits for the end of a failed job waits so much longer for its last words. */
const logsLimitMs = 60_000;
const logsPauseMs = 10_000;
const longestText = 2_000;

type Place = { readonly cluster: string; readonly step: StepView };

type EndedPhase = Exclude<StepPhase, 'waiting' | 'running' | 'stopping'>;

export async function endOf(
  deps: EndDeps,
  handle: JobHandle,
  place: Place,
  phase: EndedPhase,
  wait?: Wait,
): Promise<JobEnd> {
  switch (phase) {
    case 'completed':
      return { state: 'ended' };
    case 'cancelled':
      return { state: 'ended', cause: (await clusterCause(deps.api, place.cluster)) ?? cancelledBy(place.step) };
    case 'interrupted':
      return { state: 'ended', cause: (await clusterCause(deps.api, place.cluster)) ?? interrupted(place.step) };
    case 'failed':
      return failedEnd(deps, handle, place, wait);
  }
}

const cancelledBy = ({ reason }: StepView): EndCause => ({
  kind: 'cancelled',
  text: reason === undefined || reason === '' ? 'it was asked to stop' : reason,
});

const interrupted = ({ id, reason = 'EMR gives no reason' }: StepView): EndCause => ({
  kind: 'infrastructure',
  text: `step ${id} was interrupted: ${reason}`,
});

/** The end of the cluster, where it is ending, is why its steps end. */
async function clusterCause(api: EmrApi, cluster: string): Promise<EndCause | undefined> {
  const view = await viewOf(api, cluster);
  if (view === undefined || clusterPhaseOf(view) === 'up') return undefined;
  return { kind: clusterEndKind(view), text: clusterEndText(cluster, view) };
}

async function viewOf(api: EmrApi, cluster: string): Promise<ClusterView | undefined> {
  return api.describeCluster(cluster).catch((error: unknown) => {
    // The step has ended all the same.
    if (isRefusal(error) || isPassing(error)) return undefined;
    throw error;
  });
}

async function failedEnd(deps: EndDeps, handle: JobHandle, place: Place, wait?: Wait): Promise<JobEnd> {
  const { cluster, step } = place;
  const { reason, message } = step.failure ?? {};
  const told = [reason, message].filter((part) => part !== undefined && part !== '').join(': ');
  const text = `step ${step.id} failed${told === '' ? '' : ` (${told})`}`;
  const logs = await logPlaces(deps, place);
  const end = { state: 'ended', ...(logs[0] === undefined ? {} : { logs: logs[0] }) } as const;
  // The driver's own word says more than its log.
  const hasLeftWord = (await deps.store.stat(handle.failurePath)) ?? (await deps.store.stat(handle.reportPath));
  if (hasLeftWord !== undefined) return { ...end, cause: { kind: 'unknown', text } };
  const lines = await awaitLog(deps.store, logs, wait);
  const kind = kindOfText([told, ...(lines ?? [])].join('\n'));
  if (kind !== undefined) return { ...end, cause: { kind, text: withLines(text, lines) } };
  const gone = await clusterCause(deps.api, cluster);
  return { ...end, cause: { kind: gone?.kind ?? 'unknown', text: withLines(joined(text, gone?.text), lines) } };
}

const joined = (text: string, more: string | undefined): string => (more === undefined ? text : `${text}; ${more}`);

function withLines(text: string, lines: readonly string[] | undefined): string {
  if (lines === undefined) return `${text}; its log has not come to S3 yet`;
  const last = lines.join('\n');
  return last === '' ? text : `${text}; the last lines of its log:\n${last.slice(-longestText)}`;
}

async function awaitLog(
  store: ObjectStore,
  places: readonly string[],
  wait: Wait | undefined,
): Promise<readonly string[] | undefined> {
  const end = Date.now() + (wait === undefined || places.length === 0 ? 0 : logsLimitMs);
  for (;;) {
    const lines = await readDriverLog(store, places);
    if (lines !== undefined || Date.now() >= end || wait?.signal.aborted === true) return lines;
    await delay(logsPauseMs, undefined, wait === undefined ? {} : { signal: wait.signal }).catch(() => undefined);
  }
}

/** Where EMR says that the cause stands, then where logs of steps go. */
async function logPlaces({ api, store }: EndDeps, { cluster, step }: Place): Promise<readonly string[]> {
  const folders = [logsOf(step), (await viewOf(api, cluster))?.logUri];
  const usual = folders.flatMap((folder) =>
    folder === undefined || folder === '' ? [] : [`${folder.replace(/\/+$/, '')}/${cluster}/steps/${step.id}/stderr`],
  );
  const named = step.failure?.logFile;
  const places = [...(named === undefined ? [] : [named]), ...usual.flatMap((path) => [`${path}.gz`, path])];
  return Promise.all(places.filter((path) => /^s3[an]?:\/\//.test(path)).map((path) => store.canonical(path)));
}
