// Clusters that jobs run on: what travels with jobs, what the keeper of a pool is asked, answers and carries over.
import type { ClusterShape } from './cluster-shape';
import type { FailureSummary } from './failure';

/** What travels with a job: whoever leases reads the shape where the pipeline's definition lies. */
export type ClusterNeed =
  | { readonly kind: 'existing'; readonly id: string }
  | { readonly kind: 'per-run'; readonly pool: string; readonly definition: string }
  | { readonly kind: 'pool'; readonly pool: string; readonly definition: string };

/** Who holds a lease. One whose run has closed holds none. */
export type LeaseHolder = { readonly workflowId: string; readonly runId: string };

export type LeaseAsk = {
  /** The same ask may come again: it is the same lease. */
  readonly lease: string;
  readonly holder: LeaseHolder;
  /** 1: as the shape says; each further one has twice the memory. */
  readonly size: number;
  readonly shape: ClusterShape;
  /** Told in tags: whose data, whose cost. */
  readonly pipeline: string;
};

export type ClusterAnswer =
  | { readonly kind: 'granted'; readonly cluster: string }
  | { readonly kind: 'waiting'; readonly why: string }
  | { readonly kind: 'refused'; readonly failure: FailureSummary };

/** The signal that tells a waiting holder. */
export type LeaseNews = { readonly lease: string; readonly answer: ClusterAnswer };

export type GiveBack = { readonly lease: string };

/** Of a lease: its share of what its cluster used meanwhile. */
export type ClusterUsage = {
  readonly cluster?: string;
  readonly onDemandHours: number;
  readonly spotHours: number;
  readonly calls: number;
};

export type MemberState = 'asked' | 'starting' | 'ready' | 'draining' | 'ending';

/** One cluster, from the wish for it to its end. Times are milliseconds since 1970. */
export type ClusterMember = {
  /** Unique for ever: by this name it is found again when an answer was lost. */
  readonly name: string;
  readonly id?: string;
  readonly state: MemberState;
  readonly size: number;
  readonly askedAt: number;
  readonly readyAt?: number;
  /** When the last look began that found it ready. */
  readonly seenAt?: number;
  /** Since when nobody has leased it, nor waits for it. */
  readonly idleSince?: number;
  readonly endingSince?: number;
  /** Why it is replaced or ended, in a few words. */
  readonly why?: string;
  /** When it is started, looked at, or told to end, again. */
  readonly nextAt: number;
  readonly instances: Instances;
};

export type Instances = { readonly onDemand: number; readonly spot: number };

export type ClusterLease = Pick<LeaseAsk, 'lease' | 'holder' | 'size'> & {
  readonly askedAt: number;
  /** It is granted on a cluster that was seen ready since then. */
  readonly freshAfter: number;
  /** `lost`: its cluster is gone; whoever still needs one asks again. */
  readonly state: 'waiting' | 'granted' | 'lost';
  /** Name of the cluster that it is granted on, or was. */
  readonly member?: string;
  readonly usage: ClusterUsage;
};

/** A lease that was given back: who asks twice is answered twice. */
export type ReturnedLease = { readonly lease: string; readonly usage: ClusterUsage };

/** All of it is carried over continue-as-new; a keeper that somebody asks begins with none. */
export type KeepClusterInput = {
  readonly shape?: ClusterShape;
  readonly pipeline?: string;
  readonly members?: readonly ClusterMember[];
  readonly leases?: readonly ClusterLease[];
  readonly returned?: readonly ReturnedLease[];
  readonly epoch?: string;
  readonly serial?: number;
  readonly failures?: number;
  readonly startAfter?: number;
  readonly checkedAt?: number;
  readonly accruedAt?: number;
  readonly closed?: boolean;
  readonly cancelled?: boolean;
};

/** What the query `cluster` answers: who uses what, and why it lives. */
export type ClusterView = {
  readonly pool: string;
  readonly clusters: readonly {
    readonly name: string;
    readonly id?: string;
    readonly state: MemberState;
    readonly size: number;
    readonly since: string;
    readonly instances: Instances;
    readonly why: string;
    /** Workflow ids. */
    readonly holders: readonly string[];
  }[];
  readonly waiting: readonly string[];
  readonly failures: number;
};

/** What a start is told, and a cluster carries in its tags. */
export type ClusterOrder = {
  readonly pool: string;
  readonly member: string;
  readonly pipeline: string;
  readonly size: number;
  readonly shape: ClusterShape;
};

export type ReapInput = {
  /** Tells only what it would end. Default false. */
  readonly dryRun?: boolean;
  /** A cluster younger than this is left alone, seconds. Default 15 minutes. */
  readonly graceSeconds?: number;
};

export type ReapVerdict = 'ended' | 'would-end' | 'owned' | 'young' | 'unsure' | 'not-ended';

export type ReapResult = {
  readonly looked: number;
  readonly clusters: readonly {
    readonly id: string;
    readonly pool: string;
    readonly verdict: ReapVerdict;
    readonly why: string;
  }[];
};

/** What a job cost: time, and its share of a cluster. */
export type JobCost = {
  readonly waitingSeconds: number;
  readonly workingSeconds: number;
  readonly cluster?: ClusterUsage;
};
