// What the jobs of a run cost together, and the runs of a table. Pure.
import type { JobCost } from '../contracts/cluster';
import type { RunCost } from '../contracts/run';

type Machines = NonNullable<RunCost['machines']>;

const add = (sum: Machines, more: Machines): Machines => ({
  clusters: [...new Set([...sum.clusters, ...more.clusters])],
  onDemandHours: sum.onDemandHours + more.onDemandHours,
  spotHours: sum.spotHours + more.spotHours,
  calls: sum.calls + more.calls,
});

/** Nothing: there were none. */
export function sumCosts(costs: readonly RunCost[]): RunCost | undefined {
  const [first, ...rest] = costs;
  if (first === undefined) return undefined;
  return rest.reduce((sum, more) => {
    const machines = sum.machines && more.machines ? add(sum.machines, more.machines) : (sum.machines ?? more.machines);
    return {
      waitingSeconds: sum.waitingSeconds + more.waitingSeconds,
      workingSeconds: sum.workingSeconds + more.workingSeconds,
      ...(machines === undefined ? {} : { machines }),
    };
  }, first);
}

export function costOf({ cluster: used, ...times }: JobCost): RunCost {
  if (used === undefined) return times;
  const { cluster, ...amounts } = used;
  return { ...times, machines: { clusters: cluster === undefined ? [] : [cluster], ...amounts } };
}
