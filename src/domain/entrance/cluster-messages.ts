// What a pool's keeper is asked, answers and carries over, as far as a workflow relies on it.
import type * as cluster from '../../contracts/cluster';
import type { ClusterFleet, ClusterShape } from '../../contracts/cluster-shape';
import { failure } from './common';
import {
  closed,
  count,
  flag,
  label,
  list,
  literal,
  number,
  oneOf,
  open,
  optional,
  record,
  tagged,
  text,
} from './shape';

type Need<Kind extends cluster.ClusterNeed['kind']> = Extract<cluster.ClusterNeed, { readonly kind: Kind }>;

export const clusterNeed = tagged<'kind', cluster.ClusterNeed>('kind', {
  existing: open<Need<'existing'>>({ kind: literal('existing'), id: label }),
  'per-run': open<Need<'per-run'>>({ kind: literal('per-run'), pool: label, definition: label }),
  pool: open<Need<'pool'>>({ kind: literal('pool'), pool: label, definition: label }),
});

const usage = open<cluster.ClusterUsage>({
  cluster: optional(text),
  onDemandHours: number,
  spotHours: number,
  calls: number,
});

export const jobCost = open<cluster.JobCost>({
  waitingSeconds: number,
  workingSeconds: number,
  cluster: optional(usage),
});

const fleet = open<ClusterFleet>({
  types: list(open<ClusterFleet['types'][number]>({ type: label, weight: count })),
  onDemand: count,
  spot: count,
});

const shape = open<ClusterShape>({
  release: label,
  logs: label,
  roles: open<ClusterShape['roles']>({ service: label, instanceProfile: label }),
  subnets: list(text),
  primary: fleet,
  core: fleet,
  task: optional(fleet),
  bigger: optional(list(label)),
  scaling: optional(open<NonNullable<ClusterShape['scaling']>>({ min: count, max: count })),
  spotMinutes: count,
  idleSeconds: count,
  maxAgeSeconds: count,
  stepsAtOnce: count,
  tags: record(text),
});

const holder = open<cluster.LeaseHolder>({ workflowId: label, runId: label });

export const leaseAsk = open<cluster.LeaseAsk>({ lease: label, holder, size: count, shape, pipeline: label });

export const giveBackAsk = open<cluster.GiveBack>({ lease: label });

type Answer<Kind extends cluster.ClusterAnswer['kind']> = Extract<cluster.ClusterAnswer, { readonly kind: Kind }>;

export const leaseNews = open<cluster.LeaseNews>({
  lease: label,
  answer: tagged<'kind', cluster.ClusterAnswer>('kind', {
    granted: open<Answer<'granted'>>({ kind: literal('granted'), cluster: label }),
    waiting: open<Answer<'waiting'>>({ kind: literal('waiting'), why: text }),
    refused: open<Answer<'refused'>>({ kind: literal('refused'), failure }),
  }),
});

const member = open<cluster.ClusterMember>({
  name: label,
  id: optional(label),
  state: oneOf(['asked', 'starting', 'ready', 'draining', 'ending'] as const),
  size: count,
  askedAt: number,
  readyAt: optional(number),
  seenAt: optional(number),
  idleSince: optional(number),
  endingSince: optional(number),
  why: optional(text),
  nextAt: number,
  instances: open<cluster.Instances>({ onDemand: number, spot: number }),
});

const lease = open<cluster.ClusterLease>({
  lease: label,
  holder,
  size: count,
  askedAt: number,
  freshAfter: number,
  state: oneOf(['waiting', 'granted', 'lost'] as const),
  member: optional(label),
  usage,
});

/** What a keeper brings that continues; one that is started has nothing to begin with. */
export const carriedPool = open<cluster.KeepClusterInput>({
  shape: optional(shape),
  pipeline: optional(text),
  members: optional(list(member)),
  leases: optional(list(lease)),
  returned: optional(list(open<cluster.ReturnedLease>({ lease: label, usage }))),
  epoch: optional(text),
  serial: optional(count),
  failures: optional(count),
  startAfter: optional(number),
  checkedAt: optional(number),
  accruedAt: optional(number),
  closed: optional(flag),
  cancelled: optional(flag),
});

export const reapInput = closed<cluster.ReapInput>({ dryRun: optional(flag), graceSeconds: optional(count) });
