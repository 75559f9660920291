// Whether a pool takes an ask: the validator of its update. Pure; what is refused leaves no trace in the history.
import type { LeaseAsk } from '../../contracts/cluster';
import type { FailureSummary } from '../../contracts/failure';
import { leaseLimit } from './leases';
import type { PoolState } from './state';

export function refuseLease({ pool, leases }: PoolState, { lease }: LeaseAsk): FailureSummary | undefined {
  if (leases.length < leaseLimit || leases.some((one) => one.lease === lease)) return undefined;
  return {
    kind: 'throttle',
    type: 'PoolBusy',
    message: `${leases.length} jobs have, or wait for, a cluster of '${pool}' already.`,
    remedy:
      'Nothing needs to be done: it is asked again until there is room. Use another pool for some of the pipelines.',
    fields: { pool, leases: leases.length, limit: leaseLimit },
  };
}
