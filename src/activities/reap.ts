// The reaper of clusters: whatever carries our tag in the account and has no open owner that knows it is ended and counted.
import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { ClusterView, ReapInput, ReapResult, ReapVerdict } from '../contracts/cluster';
import { messageNames } from '../contracts/names';
import { mapBounded } from '../domain/map-bounded';
import { tellBeats } from './beats';
import { clusterTags, type ClusterSight, type ClusterSummary, type EmrClusters } from './cluster-port';
import { guarded, summarize } from './failures';
import type { Clock } from './ports';

export type ReapActivityDeps = {
  readonly client: Client;
  readonly clock: Clock;
  readonly clusters: EmrClusters;
  readonly namespaceId: () => Promise<string>;
};

const looksAtOnce = 4;
const answerMs = 10_000;

/** No cluster lives longer: it has been drained for days by then. Bounds what is listed. */
const longestDays = 60;

const defaultGraceSeconds = 900;

type Judged = { readonly verdict: ReapVerdict; readonly why: string };

/** Whether its keeper is open and knows it. A keeper that does not answer is believed to. */
async function ownedBy(client: Client, workflowId: string, { id, name }: ClusterSummary): Promise<Judged> {
  const keeper = client.workflow.getHandle(workflowId);
  try {
    const { status } = await keeper.describe();
    if (status.name !== 'RUNNING') return { verdict: 'would-end', why: `its keeper ${workflowId} has closed` };
    const ask = (): Promise<ClusterView> => keeper.query<ClusterView>(messageNames.cluster);
    const { clusters } = await client.withDeadline(Date.now() + answerMs, ask);
    // A start that is under way is known by its name alone.
    const isKnown = clusters.some((one) => one.id === id || (one.id === undefined && name.endsWith(`/${one.name}`)));
    return isKnown
      ? { verdict: 'owned', why: `its keeper ${workflowId} has it` }
      : { verdict: 'would-end', why: `its keeper ${workflowId} does not know it` };
  } catch (error) {
    if (error instanceof WorkflowNotFoundError)
      return { verdict: 'would-end', why: `its keeper ${workflowId} is gone` };
    return { verdict: 'unsure', why: `its keeper ${workflowId} does not answer` };
  }
}

export function createReapActivities({ client, clock, clusters, namespaceId }: ReapActivityDeps) {
  async function judge(found: ClusterSummary, { tags }: ClusterSight, graceSeconds: number): Promise<Judged> {
    const age = (clock.now().getTime() - found.createdAt) / 1000;
    if (age < graceSeconds) return { verdict: 'young', why: `made ${Math.round(age)} s ago` };
    return ownedBy(client, tags[clusterTags.owner] ?? '', found);
  }

  async function end(
    emr: EmrClusters,
    id: string,
    judged: Judged,
    { look }: ClusterSight,
    dryRun: boolean,
  ): Promise<Judged> {
    // An attempt before this one may have told it, and not come to count it.
    if (look.state === 'ending') return { verdict: 'ended', why: `${judged.why}; it ends already` };
    if (dryRun) return judged;
    try {
      await emr.terminate(id);
      return { ...judged, verdict: 'ended' };
    } catch (error) {
      return { verdict: 'not-ended', why: `${judged.why}; ${summarize(error).message}` };
    }
  }

  return {
    sweepClusters: guarded(
      async ({ dryRun = false, graceSeconds = defaultGraceSeconds }: ReapInput): Promise<ReapResult> => {
        const namespace = await namespaceId();
        const alive = await clusters.listAlive(clock.now().getTime() - longestDays * 86_400_000);
        const ours = alive.filter(({ name }) => name.startsWith('headgate/'));
        let looked = 0;
        tellBeats(() => ({ looked, of: ours.length }));
        const judged = await mapBounded(ours, looksAtOnce, async (found) => {
          const sight = await clusters.describe(found.id);
          looked += 1;
          // Another installation's is none of ours.
          if (sight === undefined || sight.tags[clusterTags.namespace] !== namespace) return [];
          if (sight.look.state === 'gone') return [];
          const judged = await judge(found, sight, graceSeconds);
          const last = judged.verdict === 'would-end' ? await end(clusters, found.id, judged, sight, dryRun) : judged;
          return [{ id: found.id, pool: sight.tags[clusterTags.pool] ?? '', ...last }];
        });
        return { looked: ours.length, clusters: judged.flat() };
      },
    ),
  };
}

export type ReapActivities = ReturnType<typeof createReapActivities>;
