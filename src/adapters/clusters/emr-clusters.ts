// Clusters of EMR on EC2, through its own client. The one call that has no token is made without the retries of the client.
import {
  DescribeClusterCommand,
  EMRClient,
  ListClustersCommand,
  ListInstancesCommand,
  RunJobFlowCommand,
  SetTerminationProtectionCommand,
  TerminateJobFlowsCommand,
  type Cluster,
  type ClusterState,
  type EMRClientConfig,
} from '@aws-sdk/client-emr';
import type {
  ClusterOwner,
  ClusterSight,
  ClusterStart,
  ClusterSummary,
  EmrClusters,
} from '../../activities/cluster-port';
import type { ClusterOrder, Instances } from '../../contracts/cluster';
import { isUnclear, nameOf, toHeadgateError } from './errors';
import { runJobFlowRequest } from './request';

const aliveStates = [
  'STARTING',
  'BOOTSTRAPPING',
  'RUNNING',
  'WAITING',
  'TERMINATING',
] as const satisfies ClusterState[];

type Sends = Pick<EMRClient, 'send'>;

export type EmrClustersDeps = {
  /** With the retries of the client. */
  readonly client: Sends;
  /** Without: one request for one call. */
  readonly once: Sends;
  /** Requests that these two have made. */
  readonly calls: () => number;
};

/** Both clients, and the count of what they send. Each attempt counts. */
export function emrClients(config: EMRClientConfig): EmrClustersDeps {
  let calls = 0;
  const counting = (more: EMRClientConfig): EMRClient => {
    const client = new EMRClient({ ...config, ...more });
    client.middlewareStack.add(
      (next) => async (args) => {
        calls += 1;
        return next(args);
      },
      { step: 'finalizeRequest', priority: 'low', name: 'headgateCalls' },
    );
    return client;
  };
  return { client: counting({}), once: counting({ maxAttempts: 1 }), calls: () => calls };
}

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

export function createEmrClusters({ client, once, calls }: EmrClustersDeps): EmrClusters {
  async function asked<T>(action: string, work: () => Promise<T>): Promise<T> {
    try {
      return await work();
    } catch (error) {
      throw toHeadgateError(error, action);
    }
  }

  return {
    calls,

    async start(order: ClusterOrder, owner: ClusterOwner): Promise<ClusterStart> {
      try {
        const { JobFlowId } = await once.send(new RunJobFlowCommand(runJobFlowRequest(order, owner)));
        if (JobFlowId !== undefined) return { kind: 'started', id: JobFlowId };
        return { kind: 'unclear', reason: 'the answer names no cluster' };
      } catch (error) {
        if (isUnclear(error)) return { kind: 'unclear', reason: String(error) };
        throw toHeadgateError(error, 'RunJobFlow');
      }
    },

    describe: (id) =>
      asked('DescribeCluster', async () => {
        try {
          const { Cluster: found } = await client.send(new DescribeClusterCommand({ ClusterId: id }));
          if (found === undefined) return undefined;
          const tags = (found.Tags ?? []).map(({ Key = '', Value = '' }) => [Key, Value] as const);
          return { look: lookOf(found), name: found.Name ?? '', tags: Object.fromEntries(tags) };
        } catch (error) {
          // The id is all that this call can be wrong in.
          if (nameOf(error) === 'InvalidRequestException') return undefined;
          throw error;
        }
      }),

    instances: (id) =>
      asked('ListInstances', async (): Promise<Instances> => {
        let sum = { onDemand: 0, spot: 0 };
        let Marker: string | undefined;
        do {
          const page = await client.send(
            new ListInstancesCommand({ ClusterId: id, InstanceStates: ['BOOTSTRAPPING', 'RUNNING'], Marker }),
          );
          const found = page.Instances ?? [];
          sum = { onDemand: sum.onDemand + countOf(found, 'ON_DEMAND'), spot: sum.spot + countOf(found, 'SPOT') };
          ({ Marker } = page);
        } while (Marker !== undefined);
        return sum;
      }),

    listAlive: (createdAfter) =>
      asked('ListClusters', async () => {
        const found: ClusterSummary[] = [];
        let Marker: string | undefined;
        do {
          const page = await client.send(
            new ListClustersCommand({ CreatedAfter: new Date(createdAfter), ClusterStates: [...aliveStates], Marker }),
          );
          for (const { Id, Name = '', Status } of page.Clusters ?? []) {
            const createdAt = Status?.Timeline?.CreationDateTime?.getTime() ?? createdAfter;
            if (Id !== undefined) found.push({ id: Id, name: Name, createdAt });
          }
          ({ Marker } = page);
        } while (Marker !== undefined);
        return found;
      }),

    terminate: (id) =>
      asked('TerminateJobFlows', async () => {
        const JobFlowIds = [id];
        // Somebody may have protected it meanwhile; it is ours to end.
        await client.send(new SetTerminationProtectionCommand({ JobFlowIds, TerminationProtected: false }));
        await client.send(new TerminateJobFlowsCommand({ JobFlowIds }));
      }),
  };
}
