// Clusters of EMR on EC2. The one call that has no token is made once, whatever comes of it.
import {
  DescribeClusterCommand,
  ListClustersCommand,
  ListInstancesCommand,
  RunJobFlowCommand,
  SetTerminationProtectionCommand,
  TerminateJobFlowsCommand,
  type Cluster,
  type ClusterState,
  type InstanceState,
} from '@aws-sdk/client-emr';
import type {
  ClusterOwner,
  ClusterSight,
  ClusterStart,
  ClusterSummary,
  EmrClusters,
} from '../../activities/cluster-port';
import type { ClusterOrder, Instances } from '../../contracts/cluster';
import type { CallBudget } from '../emr/budget';
import type { EmrConnection, Limit } from '../emr/client';
import { EmrError, isRefusal } from '../emr/errors';
import type { OpenEmr } from '../emr/lazy';
import { runJobFlowRequest } from './request';

const aliveStates = [
  'STARTING',
  'BOOTSTRAPPING',
  'RUNNING',
  'WAITING',
  'TERMINATING',
] as const satisfies ClusterState[];

export type EmrClustersDeps = {
  readonly connect: OpenEmr;
  readonly budget: Pick<CallBudget, 'once' | 'repeated'>;
};

const lookOf = ({ Status }: Cluster): ClusterSight['look'] => {
  const { State, StateChangeReason } = Status ?? {};
  const told = { code: StateChangeReason?.Code ?? 'NONE', text: StateChangeReason?.Message ?? '' };
  switch (State) {
    case 'STARTING':
    case 'BOOTSTRAPPING':
      return { state: 'starting' };
    case 'RUNNING':
    case 'WAITING':
      return { state: 'ready' };
    case 'TERMINATING':
      return { state: 'ending', ...told };
    case 'TERMINATED':
    case 'TERMINATED_WITH_ERRORS':
      return { state: 'gone', ...told };
    case undefined:
    default:
      throw new TypeError(`EMR told of a cluster in a state that nobody here knows: ${String(State)}`);
  }
};

const countOf = (instances: readonly { readonly Market?: string | undefined }[], market: string): number =>
  instances.filter(({ Market }) => Market === market).length;

export function createEmrClusters(deps: EmrClustersDeps, heard: () => void = () => undefined): EmrClusters {
  const { connect, budget } = deps;

  /** What is asked again and again is harmless to repeat; `once` is not. */
  async function asked<T>(
    how: 'once' | 'repeated',
    operation: string,
    cluster: string | undefined,
    ask: (client: EmrConnection['client'], limit: Limit) => Promise<T>,
  ): Promise<T> {
    const connection = await connect();
    return budget[how](operation, cluster ?? '', () => {
      heard();
      return connection.asked(operation, cluster, (limit) => ask(connection.client, limit));
    });
  }

  return {
    ready: async () => void (await connect()),
    counting: (listener) => createEmrClusters(deps, listener),

    async start(order: ClusterOrder, owner: ClusterOwner): Promise<ClusterStart> {
      try {
        const { JobFlowId } = await asked('once', 'RunJobFlow', undefined, (client, limit) =>
          client.send(new RunJobFlowCommand(runJobFlowRequest(order, owner)), limit),
        );
        if (JobFlowId !== undefined) return { kind: 'started', id: JobFlowId };
        return { kind: 'unclear', reason: 'the answer names no cluster' };
      } catch (error) {
        if (error instanceof EmrError && error.mayBeDone) return { kind: 'unclear', reason: error.message };
        throw error;
      }
    },

    async describe(id) {
      try {
        const { Cluster: found } = await asked('repeated', 'DescribeCluster', id, (client, limit) =>
          client.send(new DescribeClusterCommand({ ClusterId: id }), limit),
        );
        if (found === undefined) return undefined;
        const tags = (found.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value] as const);
        return { look: lookOf(found), name: found.Name ?? '', tags: Object.fromEntries(tags) };
      } catch (error) {
        // The id is all that this call can be wrong in.
        if (isRefusal(error)) return undefined;
        throw error;
      }
    },

    async instances(id): Promise<Instances> {
      let sum = { onDemand: 0, spot: 0 };
      let Marker: string | undefined;
      do {
        const wanted = {
          ClusterId: id,
          InstanceStates: ['BOOTSTRAPPING', 'RUNNING'] satisfies InstanceState[],
          Marker,
        };
        const page = await asked('repeated', 'ListInstances', id, (client, limit) =>
          client.send(new ListInstancesCommand(wanted), limit),
        );
        const found = page.Instances ?? [];
        sum = { onDemand: sum.onDemand + countOf(found, 'ON_DEMAND'), spot: sum.spot + countOf(found, 'SPOT') };
        ({ Marker } = page);
      } while (Marker !== undefined);
      return sum;
    },

    async listAlive(createdAfter) {
      const found: ClusterSummary[] = [];
      let Marker: string | undefined;
      do {
        const wanted = { CreatedAfter: new Date(createdAfter), ClusterStates: [...aliveStates], Marker };
        const page = await asked('repeated', 'ListClusters', undefined, (client, limit) =>
          client.send(new ListClustersCommand(wanted), limit),
        );
        for (const { Id, Name = '', Status } of page.Clusters ?? []) {
          const createdAt = Status?.Timeline?.CreationDateTime?.getTime() ?? createdAfter;
          if (Id !== undefined) found.push({ id: Id, name: Name, createdAt });
        }
        ({ Marker } = page);
      } while (Marker !== undefined);
      return found;
    },

    async terminate(id) {
      const JobFlowIds = [id];
      // Somebody may have protected it meanwhile; it is ours to end.
      await asked('repeated', 'SetTerminationProtection', id, (client, limit) =>
        client.send(new SetTerminationProtectionCommand({ JobFlowIds, TerminationProtected: false }), limit),
      );
      await asked('repeated', 'TerminateJobFlows', id, (client, limit) =>
        client.send(new TerminateJobFlowsCommand({ JobFlowIds }), limit),
      );
    },
  };
}
