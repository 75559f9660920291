// What clusters need of EMR: a few calls, each made once. Whoever calls decides what a missing answer means.
import type { ClusterOrder, Instances } from '../contracts/cluster';
import type { ClusterLook } from '../domain/cluster/state';

/** Whose cluster it is: `namespace` is the id of the Temporal namespace, which no other installation has. */
export type ClusterOwner = { readonly namespace: string; readonly workflowId: string };

export type ClusterStart =
  | { readonly kind: 'started'; readonly id: string }
  /** No answer came, or one that leaves open whether a cluster was made. */
  | { readonly kind: 'unclear'; readonly reason: string };

/** A cluster that may be alive. */
export type ClusterSummary = { readonly id: string; readonly name: string; readonly createdAt: number };

export type ClusterSight = {
  readonly look: Exclude<ClusterLook, { readonly state: 'ready' }> | { readonly state: 'ready' };
  readonly name: string;
  readonly tags: Readonly<Record<string, string>>;
};

/** One account and region. Refusals, throttles and broken connections are thrown as HeadgateError. */
export interface EmrClusters {
  /** Throws where the worker has no account and region. */
  ready(): Promise<void>;
  /** One request, never repeated: there is no token by which EMR could know it again. */
  start(order: ClusterOrder, owner: ClusterOwner): Promise<ClusterStart>;
  /** Undefined: EMR does not know it. */
  describe(id: string): Promise<ClusterSight | undefined>;
  /** Those that run now, by market. */
  instances(id: string): Promise<Instances>;
  /** Of those made since then, the ones that have not ended. */
  listAlive(createdAfter: number): Promise<readonly ClusterSummary[]>;
  /** Asks for its end, protected or not. One that has ended stays ended. */
  terminate(id: string): Promise<void>;
  /** The same; `heard` is told of every request, repeated ones among them. */
  counting(heard: () => void): EmrClusters;
}

export const clusterTags = {
  owner: 'headgate:owner',
  namespace: 'headgate:namespace',
  pool: 'headgate:pool',
  pipeline: 'headgate:pipeline',
  member: 'headgate:member',
} as const;

/** Begins the names of all that is ours: what is named otherwise is not even looked at. */
export const clusterName = ({ pool, member }: Pick<ClusterOrder, 'pool' | 'member'>): string =>
  `headgate/${pool}/${member}`.slice(-256);
