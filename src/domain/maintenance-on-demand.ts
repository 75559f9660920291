// The plan for a person who says "now": what the asked action can change, without budget, hours and thresholds. Pure.
import type { MaintenanceKind, MaintenancePlan, PartitionHealth, TableHealth } from '../contracts/maintenance';

const matters: Readonly<Record<'compact' | 'zorder', (partition: PartitionHealth) => boolean>> = {
  compact: ({ smallFiles }) => smallFiles >= 2,
  // One file holds what it holds: its order changes nothing that statistics could tell.
  zorder: ({ files }) => files >= 2,
};

const sum = (partitions: readonly PartitionHealth[], of: (partition: PartitionHealth) => number): number =>
  partitions.reduce((total, partition) => total + of(partition), 0);

const asked = 'asked for by a person';

export function planNow(health: TableHealth, kind: MaintenanceKind): MaintenancePlan {
  const nothing = (reason: string): MaintenancePlan => ({ actions: [], declined: [{ kind, reason }], budgetBytes: 0 });
  if (kind === 'vacuum-lite' || kind === 'vacuum-full') {
    const { files, bytes } = health.expired;
    const gain = `${files} expired files leave the disk`;
    return { actions: [{ kind, partitions: [], files, bytes, gain, reason: asked }], declined: [], budgetBytes: 0 };
  }
  const chosen = health.partitions.filter(matters[kind]);
  if (chosen.length === 0) return nothing('no partition has two files that it could put together');
  const small = kind === 'compact';
  const files = sum(chosen, (partition) => (small ? partition.smallFiles : partition.files));
  const bytes = sum(chosen, (partition) => (small ? partition.smallBytes : partition.bytes));
  const gain = `${files} files of ${chosen.length} partitions written as fewer${small ? '' : ', in order'}`;
  const partitions = chosen.map(({ values }) => values);
  return { actions: [{ kind, partitions, files, bytes, gain, reason: asked }], declined: [], budgetBytes: 0 };
}
