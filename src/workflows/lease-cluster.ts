// A job's side of a cluster: ask the keeper of its pool, wait for the grant, and give back whatever became of the job.
import {
  CancellationScope,
  condition,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  uuid4,
  workflowInfo,
} from '@temporalio/workflow';
import type { ClusterAnswer, ClusterNeed, ClusterUsage } from '../contracts/cluster';
import { clusterWorkflowId } from '../contracts/names';
import type { FailureSummary } from '../contracts/failure';
import { leaseNews } from '../domain/entrance/cluster-messages';
import { inCode } from '../domain/visible';
import { activity } from './activity-options';
import { onSignal } from './entrance';
import { failureOf, toFailure } from './failure-of';
import { clusterReadySignal, closeClusterSignal } from './messages';

const leaseCluster = activity('leaseCluster');
const giveBackCluster = activity('giveBackCluster');

/** A keeper that was terminated forgets who waits, and a signal may be lost: ask again now and then. */
const askAgainAfter = '2 minutes';

/** Three starts, each with the wait for Spot and the pauses between them, are done by then. */
const waitLimitHours = 2;

export type Tell = (note: string) => void;

export type Lease = {
  /** The cluster for an attempt of this size. Asked again for each attempt: the last one may have lost it. */
  take(size: number): Promise<string>;
  /** Never throws: a lease that cannot be given back ends with its holder. */
  giveBack(): Promise<ClusterUsage | undefined>;
};

const unavailable = (pool: string): FailureSummary => ({
  kind: 'infrastructure',
  type: 'ClusterUnavailable',
  message: `No cluster of '${pool}' was to be had within ${waitLimitHours} hours.`,
  remedy: `Look with \`headgate clusters show ${pool}\`: who has leased it, or why none starts. Then run again.`,
  fields: { pool, hours: waitLimitHours },
});

function createLease(need: Exclude<ClusterNeed, { readonly kind: 'existing' }>, tell: Tell): Lease {
  const { pool } = need;
  const { workflowId, runId } = workflowInfo();
  const lease = `${workflowId}/${uuid4()}`;
  const summary = `of ${inCode(pool)}`.slice(0, 200);
  let news: ClusterAnswer | undefined;
  let isAsked = false;

  async function ask(size: number): Promise<ClusterAnswer> {
    news = undefined;
    isAsked = true;
    const input = { need, lease, holder: { workflowId, runId }, size };
    const answer = await leaseCluster.executeWithOptions({ summary }, [input]);
    return news ?? answer;
  }

  async function take(size: number): Promise<string> {
    onSignal(clusterReadySignal, leaseNews, (told) => {
      if (told.lease === lease) news = told.answer;
    });
    const end = Date.now() + waitLimitHours * 3_600_000;
    for (let answer = await ask(size); ;) {
      if (answer.kind === 'granted') {
        tell(`on cluster ${answer.cluster}`);
        return answer.cluster;
      }
      if (answer.kind === 'refused') throw toFailure(answer.failure);
      if (Date.now() >= end) throw toFailure(unavailable(pool));
      tell(`waits for a cluster: ${answer.why}`);
      await condition(() => news !== undefined, askAgainAfter);
      answer = news ?? (await ask(size));
    }
  }

  async function giveBack(): Promise<ClusterUsage | undefined> {
    if (!isAsked) return undefined;
    try {
      return await CancellationScope.nonCancellable(() =>
        giveBackCluster.executeWithOptions({ summary }, [{ pool, lease }]),
      );
    } catch (error) {
      if (isCancellation(error)) throw error;
      log.warn('a cluster was not given back', { pool, lease, error: failureOf(error).message });
      return undefined;
    }
  }

  return { take, giveBack };
}

/** The run needs its own cluster no more. One that has ended already needs no word. */
export async function closePool(pool: string): Promise<void> {
  const keeper = getExternalWorkflowHandle(clusterWorkflowId(pool));
  await CancellationScope.nonCancellable(() => keeper.signal(closeClusterSignal)).catch((error: unknown) =>
    log.info('the clusters of the run have ended before', { pool, error: String(error) }),
  );
}

/** The wish for a cluster, on runtimes that have none and on one that exists: nothing to ask for. */
export const leaseFor = (need: ClusterNeed | undefined, tell: Tell): Lease | undefined =>
  need === undefined || need.kind === 'existing' ? undefined : createLease(need, tell);
