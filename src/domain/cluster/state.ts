// The state of a pool's keeper, what can happen to it and what it wants done; and the way over continue-as-new and back.
import type {
  ClusterLease,
  ClusterMember,
  ClusterOrder,
  ClusterUsage,
  GiveBack,
  Instances,
  KeepClusterInput,
  LeaseAsk,
  LeaseHolder,
  LeaseNews,
  ReturnedLease,
} from '../../contracts/cluster';
import type { ClusterShape } from '../../contracts/cluster-shape';
import type { FailureSummary } from '../../contracts/failure';

export type PoolState = {
  readonly pool: string;
  /** Of the last ask: the next cluster is made like it. */
  readonly shape: ClusterShape | undefined;
  readonly pipeline: string;
  readonly members: readonly ClusterMember[];
  /** In the order of arrival. */
  readonly leases: readonly ClusterLease[];
  /** The newest last. */
  readonly returned: readonly ReturnedLease[];
  /** Begins the names of clusters: another one for each keeper that was started. */
  readonly epoch: string;
  readonly serial: number;
  /** Starts that failed, one after another. */
  readonly failures: number;
  readonly startAfter: number;
  readonly checkedAt: number;
  /** Up to when leases have had their share of the machines. */
  readonly accruedAt: number;
  /** Nobody is expected any more: a cluster ends with its last lease. */
  readonly closed: boolean;
  /** All clusters end at once, and nobody gets one any more. */
  readonly cancelled: boolean;
  /** Continues as new as soon as nothing is under way: begins nothing. */
  readonly leaving: boolean;
  /** Names of clusters that something is under way for. */
  readonly busy: readonly string[];
  readonly checking: boolean;
};

/** What a look at a cluster found. `gone`: nobody knows it, or it has ended. */
export type ClusterLook =
  | { readonly state: 'starting' }
  | { readonly state: 'ready'; readonly instances: Instances }
  | { readonly state: 'ending' | 'gone'; readonly code: string; readonly text: string };

/** What came of one thing that was done for one cluster. */
export type MemberOutcome = { readonly member: string; readonly calls: number } & (
  | { readonly kind: 'started'; readonly id: string }
  /** `sure`: nothing was made. Otherwise it is looked for, and ended when it turns up. */
  | { readonly kind: 'not-started'; readonly sure: boolean; readonly failure: FailureSummary }
  | { readonly kind: 'looked'; readonly look: ClusterLook }
  | { readonly kind: 'end-told'; readonly gone: boolean }
  /** The question was not answered: it is asked again. */
  | { readonly kind: 'unanswered' }
);

export type PoolEvent =
  | { readonly kind: 'lease-asked'; readonly ask: LeaseAsk }
  | ({ readonly kind: 'given-back' } & GiveBack)
  | { readonly kind: 'holders-checked'; readonly gone: readonly string[] }
  | { readonly kind: 'close-asked' }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'leave-asked' }
  | { readonly kind: 'time-passed' }
  | MemberOutcome;

export type PoolIntent =
  | { readonly kind: 'start'; readonly order: ClusterOrder; readonly askedAt: number }
  | { readonly kind: 'look'; readonly member: string; readonly id: string }
  | {
      readonly kind: 'end';
      readonly pool: string;
      readonly member: string;
      readonly id?: string;
      readonly askedAt: number;
      readonly why: string;
    }
  | { readonly kind: 'check-holders'; readonly holders: readonly LeaseHolder[] }
  | { readonly kind: 'tell'; readonly holder: LeaseHolder; readonly news: LeaseNews }
  /** It was told to end for as long as that is tried. */
  | { readonly kind: 'abandon'; readonly member: ClusterMember };

export type Reduced = { readonly state: PoolState; readonly intents: readonly PoolIntent[] };

export const noUsage: ClusterUsage = { onDemandHours: 0, spotHours: 0, calls: 0 };

export const isWaiting = ({ state }: ClusterLease): boolean => state === 'waiting';

export const holds =
  (member: ClusterMember) =>
  (lease: ClusterLease): boolean =>
    lease.state === 'granted' && lease.member === member.name;

/** Takes leases, now or soon. At most one of a pool does. */
export const isOpen = ({ state }: ClusterMember): boolean =>
  state === 'asked' || state === 'starting' || state === 'ready';

export const withMember = (state: PoolState, changed: ClusterMember): PoolState => ({
  ...state,
  members: state.members.map((member) => (member.name === changed.name ? changed : member)),
});

export const withoutMember = (state: PoolState, { name }: ClusterMember): PoolState => ({
  ...state,
  members: state.members.filter((member) => member.name !== name),
});

/** `epoch`: of the keeper that is started now; one that continues brings its own. */
export function restorePool(input: KeepClusterInput, pool: string, epoch: string, at: number): PoolState {
  return {
    pool,
    shape: input.shape,
    pipeline: input.pipeline ?? '',
    members: input.members ?? [],
    leases: input.leases ?? [],
    returned: input.returned ?? [],
    epoch: input.epoch ?? epoch,
    serial: input.serial ?? 0,
    failures: input.failures ?? 0,
    startAfter: input.startAfter ?? 0,
    checkedAt: input.checkedAt ?? at,
    accruedAt: input.accruedAt ?? at,
    closed: input.closed ?? false,
    cancelled: input.cancelled ?? false,
    leaving: false,
    busy: [],
    checking: false,
  };
}

/** Only while nothing is under way. */
export function carryPool(state: PoolState): KeepClusterInput {
  const { pool: _pool, leaving: _leaving, busy: _busy, checking: _checking, shape, ...carried } = state;
  return { ...carried, ...(shape === undefined ? {} : { shape }) };
}

export const isUnderWay = ({ busy, checking }: PoolState): boolean => busy.length > 0 || checking;

/** Nothing lives, nobody waits: the keeper may end. */
export const isDone = (state: PoolState): boolean =>
  state.members.length === 0 && state.leases.length === 0 && !isUnderWay(state);
