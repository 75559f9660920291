// Clusters as activities: lease and give back, and for their keeper: start once or find, look, end, see who is gone.
import { setTimeout as delay } from 'node:timers/promises';
import { activityInfo, cancellationSignal } from '@temporalio/activity';
import {
  WithStartWorkflowOperation,
  WorkflowNotFoundError,
  WorkflowUpdateFailedError,
  type Client,
} from '@temporalio/client';
import { HeadgateError } from '../contracts/errors';
import type {
  ClusterAnswer,
  ClusterNeed,
  ClusterOrder,
  ClusterUsage,
  GiveBack,
  KeepClusterInput,
  LeaseAsk,
  LeaseHolder,
} from '../contracts/cluster';
import { clusterWorkflowId, messageNames } from '../contracts/names';
import { runtimeTraits } from '../contracts/runtimes';
import type { MemberOutcome } from '../domain/cluster/state';
import { inCode } from '../domain/visible';
import { mapBounded } from '../domain/map-bounded';
import { tellBeats } from './beats';
import { clusterName, type ClusterOwner, type EmrClusters } from './cluster-port';
import { readDefinition } from './definitions';
import { guarded, summarize } from './failures';
import { refusalOf } from './keeper';
import type { Clock, ObjectStore } from './ports';

export type ClusterActivityDeps = {
  readonly client: Client;
  readonly taskQueue: string;
  readonly store: Pick<ObjectStore, 'readText'>;
  readonly clock: Clock;
  /** Default: real time. */
  readonly pause?: (ms: number, signal: AbortSignal) => Promise<unknown>;
  readonly clusters: EmrClusters;
  /** Id of the Temporal namespace. */
  readonly namespaceId: () => Promise<string>;
};

export type LeaseInput = Pick<LeaseAsk, 'lease' | 'holder' | 'size'> & {
  readonly need: Exclude<ClusterNeed, { readonly kind: 'existing' }>;
};

export type StartInput = { readonly order: ClusterOrder; readonly askedAt: number };

export type EndInput = {
  readonly pool: string;
  readonly member: string;
  readonly id?: string;
  readonly askedAt: number;
};

const settlingMs = runtimeTraits.emr.settlingSeconds * 1000;

/** Between two looks for a cluster whose start had no answer. */
const lookAgainMs = 10_000;

/** A cluster that nobody heard of is looked for so long, by the one who has to end it; then it is left to the reaper. */
const lookoutMs = 15 * 60_000;

/** Clocks differ, and EMR rounds. */
const clockMarginMs = 10 * 60_000;

const holdersAtOnce = 8;

export function createClusterActivities(deps: ClusterActivityDeps) {
  const { client, taskQueue, store, clock } = deps;
  const pause = deps.pause ?? ((ms: number, signal: AbortSignal) => delay(ms, undefined, { signal }));

  /** The outcome of one thing that is done for a cluster, with the calls that it took. */
  async function counted<T extends object>(member: string, work: (clusters: EmrClusters) => Promise<T>) {
    let calls = 0;
    const outcome = await work(deps.clusters.counting(() => (calls += 1)));
    return { member, calls, ...outcome };
  }

  async function findByName(clusters: EmrClusters, of: Pick<EndInput, 'pool' | 'member' | 'askedAt'>) {
    const name = clusterName(of);
    const alive = await clusters.listAlive(of.askedAt - clockMarginMs);
    return alive.find((one) => one.name === name)?.id;
  }

  /** A start that was begun may show up for as long as EMR's answers may lag. */
  async function findStarted(clusters: EmrClusters, of: EndInput): Promise<string | undefined> {
    const until = clock.now().getTime() + settlingMs;
    for (;;) {
      const id = await findByName(clusters, of);
      if (id !== undefined || clock.now().getTime() >= until) return id;
      await pause(lookAgainMs, cancellationSignal());
    }
  }

  async function startOnce(clusters: EmrClusters, { order, askedAt }: StartInput) {
    const of = { ...order, askedAt };
    const owner: ClusterOwner = {
      namespace: await deps.namespaceId(),
      workflowId: activityInfo().workflowExecution?.workflowId ?? '',
    };
    // An attempt before this one may have asked, and heard nothing.
    const begun = activityInfo().attempt > 1 ? await findStarted(clusters, of) : await findByName(clusters, of);
    if (begun !== undefined) return { kind: 'started', id: begun } as const;
    const started = await clusters.start(order, owner);
    if (started.kind === 'started') return started;
    const found = await findStarted(clusters, of);
    if (found !== undefined) return { kind: 'started', id: found } as const;
    const reason = new HeadgateError({
      kind: 'infrastructure',
      type: 'ClusterUnclear',
      message: `EMR did not say whether it made the cluster ${clusterName(order)}, and it has not shown up: ${started.reason}.`,
      remedy: 'Nothing to do: another one is made, and this one is ended if it turns up.',
      fields: { cluster: clusterName(order) },
    });
    return { kind: 'not-started', sure: false, failure: summarize(reason) } as const;
  }

  const isClosed = async ({ workflowId, runId }: LeaseHolder): Promise<boolean> => {
    try {
      const { status } = await client.workflow.getHandle(workflowId, runId).describe();
      return status.name !== 'RUNNING';
    } catch (error) {
      if (error instanceof WorkflowNotFoundError) return true;
      throw error;
    }
  };

  return {
    /** May be repeated: the keeper of the pool knows its leases. It is started when it is not there. */
    leaseCluster: guarded(async ({ need, lease, holder, size }: LeaseInput): Promise<ClusterAnswer> => {
      const { pool, definition } = need;
      const { cluster, name } = await readDefinition(definition, store);
      if (cluster === undefined || cluster.kind === 'existing') throw new TypeError(`${name} has no shape of clusters`);
      await deps.clusters.ready();
      const startWorkflowOperation = new WithStartWorkflowOperation('keepCluster', {
        workflowId: clusterWorkflowId(pool),
        workflowIdConflictPolicy: 'USE_EXISTING',
        taskQueue,
        args: [{} satisfies KeepClusterInput],
        staticSummary: `clusters of ${inCode(pool)}`,
      });
      const ask: LeaseAsk = { lease, holder, size, shape: cluster.shape, pipeline: name };
      try {
        return await client.workflow.executeUpdateWithStart<
          (...args: [KeepClusterInput]) => Promise<void>,
          ClusterAnswer,
          [LeaseAsk]
        >(messageNames.leaseCluster, {
          args: [ask],
          startWorkflowOperation,
        });
      } catch (error) {
        throw refusalOf(error);
      }
    }),

    /** What the lease has used. Undefined: its keeper is gone, and with it all leases. */
    giveBackCluster: guarded(
      async ({ pool, lease }: GiveBack & { readonly pool: string }): Promise<ClusterUsage | undefined> => {
        const keeper = client.workflow.getHandle(clusterWorkflowId(pool));
        try {
          const args: [GiveBack] = [{ lease }];
          return await keeper.executeUpdate<ClusterUsage | undefined, [GiveBack]>(messageNames.giveBackCluster, {
            args,
          });
        } catch (error) {
          if (error instanceof WorkflowNotFoundError) return undefined;
          throw error instanceof WorkflowUpdateFailedError ? refusalOf(error) : error;
        }
      },
    ),

    /** Finds the cluster of this name, or asks for it once. */
    startCluster: guarded(async (input: StartInput): Promise<MemberOutcome> => {
      tellBeats(() => ({ cluster: input.order.member }));
      try {
        return await counted(input.order.member, (clusters) => startOnce(clusters, input));
      } catch (error) {
        const failure = summarize(error);
        // What is thrown comes before EMR has taken the request, or says that it has not.
        if (error instanceof HeadgateError && failure.kind !== 'throttle' && failure.kind !== 'infrastructure')
          return {
            member: input.order.member,
            calls: 0,
            kind: 'not-started',
            sure: activityInfo().attempt === 1,
            failure,
          };
        throw error;
      }
    }),

    lookAtCluster: guarded(
      async ({ member, id }: { readonly member: string; readonly id: string }): Promise<MemberOutcome> =>
        counted(member, async (clusters) => {
          const look = (await clusters.describe(id))?.look ?? {
            state: 'gone',
            code: 'UNKNOWN',
            text: 'EMR does not know it',
          };
          return {
            kind: 'looked',
            look: look.state === 'ready' ? { ...look, instances: await clusters.instances(id) } : look,
          } as const;
        }),
    ),

    /** Tells it to end, and whether it has. One whose id nobody knows is looked for by its name. */
    endCluster: guarded(async (input: EndInput): Promise<MemberOutcome> =>
      counted(input.member, async (clusters) => {
        const id = input.id ?? (await findByName(clusters, input));
        if (id === undefined)
          return { kind: 'end-told', gone: clock.now().getTime() - input.askedAt > lookoutMs } as const;
        const seen = await clusters.describe(id);
        if (seen === undefined || seen.look.state === 'gone') return { kind: 'end-told', gone: true } as const;
        if (seen.look.state !== 'ending') await clusters.terminate(id);
        return { kind: 'end-told', gone: false } as const;
      }),
    ),

    /** Run ids of those whose run has closed. */
    findGoneHolders: guarded(async (holders: readonly LeaseHolder[]): Promise<readonly string[]> => {
      const gone = await mapBounded(holders, holdersAtOnce, isClosed);
      return holders.filter((_, index) => gone[index] === true).map(({ runId }) => runId);
    }),
  };
}

export type ClusterActivities = ReturnType<typeof createClusterActivities>;
