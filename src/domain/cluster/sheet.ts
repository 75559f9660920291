// What a person sees of a pool: the answer of its query, and the sheet drawn from it.
import type { ClusterMember, ClusterView } from '../../contracts/cluster';
import { inCode } from '../visible';
import { holds, isWaiting, type PoolState } from './state';

function whyItLives(state: PoolState, member: ClusterMember, holders: readonly string[]): string {
  if (member.state === 'ending') return `it is told to end: ${member.why ?? ''}`;
  if (member.state === 'draining') return `it ends with its last job: ${member.why ?? ''}`;
  if (holders.length > 0) return `leased ${holders.length} of ${state.shape?.stepsAtOnce ?? 0} times`;
  const waiting = state.leases.filter(isWaiting).length;
  if (waiting > 0) return `${waiting} jobs wait for it`;
  const until = (member.idleSince ?? member.askedAt) + (state.shape?.idleSeconds ?? 0) * 1000;
  return `idle, kept until ${new Date(until).toISOString()}`;
}

export function viewPool(state: PoolState): ClusterView {
  return {
    pool: state.pool,
    clusters: state.members.map((member) => {
      const holders = state.leases.filter(holds(member)).map(({ holder }) => holder.workflowId);
      return {
        name: member.name,
        ...(member.id === undefined ? {} : { id: member.id }),
        state: member.state,
        size: member.size,
        since: new Date(member.askedAt).toISOString(),
        instances: member.instances,
        why: whyItLives(state, member, holders),
        holders,
      };
    }),
    waiting: state.leases.filter(isWaiting).map(({ holder }) => holder.workflowId),
    failures: state.failures,
  };
}

export function drawPoolSheet({ pool, clusters, waiting, failures }: ClusterView): string {
  const rows = clusters.flatMap(({ name, id, state, size, why, holders }) => [
    `- ${inCode(id ?? name)} ${state}, size ${size}: ${inCode(why)}`,
    ...holders.map((holder) => `  - ${inCode(holder)}`),
  ]);
  return [
    `clusters of ${inCode(pool)}  `,
    ...(failures === 0 ? [] : [`starts that failed: ${failures}  `]),
    ...rows,
    `waiting: ${waiting.length === 0 ? 'nobody' : ''}`,
    ...waiting.slice(0, 50).map((holder) => `- ${inCode(holder)}`),
  ].join('\n');
}
