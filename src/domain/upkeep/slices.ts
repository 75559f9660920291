// Cuts the actions of a plan into jobs small enough to let a waiting commit pass between two of them. Pure.
import type { PartitionHealth, PartitionValues } from '../../contracts/maintenance';
import type { MaintenanceAction } from '../../contracts/upkeep';
import { partitionKey } from './budget';

/** About a minute of rewriting on one small machine; a greater partition is one slice all the same. */
const sliceBytes = 256 * 1024 * 1024;
/** Conditions longer than this cost Delta more to plan than a second slice does. */
const mostPartitions = 50;

export type Slice = Pick<MaintenanceAction, 'kind' | 'partitions' | 'cubeBytes'>;

/** Partitions of an action in its order, at most `limitBytes` a slice; an action of the whole table is one slice. */
export function sliceAction(
  action: MaintenanceAction,
  health: readonly PartitionHealth[],
  limitBytes = sliceBytes,
): readonly Slice[] {
  const { kind, cubeBytes } = action;
  if (action.partitions.length === 0)
    return [{ kind, partitions: [], ...(cubeBytes === undefined ? {} : { cubeBytes }) }];
  const bytes = new Map(health.map((partition) => [partitionKey(partition.values), partition.bytes]));
  const slices: PartitionValues[][] = [];
  let room = 0;
  for (const partition of action.partitions) {
    const size = bytes.get(partitionKey(partition)) ?? 0;
    const last = slices.at(-1);
    if (last === undefined || size > room || last.length === mostPartitions) {
      slices.push([partition]);
      room = limitBytes - size;
    } else {
      last.push(partition);
      room -= size;
    }
  }
  return slices.map((partitions) => ({ kind, partitions }));
}
