// What a pipeline file says of clusters: what they are made of and how long they live.

export type ClusterFleet = {
  /** Any of them will do; `weight` is how many units one instance of it counts for. */
  readonly types: readonly { readonly type: string; readonly weight: number }[];
  readonly onDemand: number;
  readonly spot: number;
};

/** What a cluster is made of, and how long it lives. All that is needed to make one. */
export type ClusterShape = {
  /** Release label of EMR. */
  readonly release: string;
  /** Folder on S3. */
  readonly logs: string;
  readonly roles: { readonly service: string; readonly instanceProfile: string };
  readonly subnets: readonly string[];
  readonly primary: ClusterFleet;
  readonly core: ClusterFleet;
  readonly task?: ClusterFleet;
  /** Instance types of core and task for size 2, 3, …; absent: twice as large ones of the same family. */
  readonly bigger?: readonly string[];
  /** Units of core and task together. */
  readonly scaling?: { readonly min: number; readonly max: number };
  /** Spot that is not had so long becomes on-demand. */
  readonly spotMinutes: number;
  readonly idleSeconds: number;
  readonly maxAgeSeconds: number;
  readonly stepsAtOnce: number;
  readonly tags: Readonly<Record<string, string>>;
};

/** What a pipeline file says of clusters. */
export type ClusterChoice =
  | { readonly kind: 'existing'; readonly id: string }
  | { readonly kind: 'per-run'; readonly shape: ClusterShape }
  | { readonly kind: 'pool'; readonly name: string; readonly shape: ClusterShape };
