// The plan for a person who says "now": what the asked action can change, without budget, hours and thresholds. Pure.
import type { MaintenanceKind, MaintenanceSettings, PartitionHealth, TableHealth } from '../../contracts/maintenance';
import type { MaintenanceAction, MaintenancePlan } from '../../contracts/upkeep';
import { sum } from './budget';
import { refuseTable } from './adoption';
import { fittingCube, noCompaction } from './clustering';
import type { MaintenanceLayout } from './policy';
import { unreadableRetention } from './vacuum';

const matters: Readonly<Record<'compact' | 'zorder' | 'cluster', (partition: PartitionHealth) => boolean>> = {
  compact: ({ smallFiles }) => smallFiles >= 2,
  // One file holds what it holds: its order changes nothing that statistics could tell.
  zorder: ({ files }) => files >= 2,
  cluster: ({ files }) => files >= 2,
};

const reason = 'asked for by a person';

/** Delta knows ZORDER only without, and clustering only with cluster columns; OPTIMIZE is the latter there. */
function mismatch(kind: MaintenanceKind, { zorderBy, clusterBy }: MaintenanceLayout): string | undefined {
  if (kind === 'cluster') return clusterBy.length === 0 ? 'the table has no cluster columns' : undefined;
  if (kind === 'zorder' && zorderBy.length === 0) return 'the table has no zorder columns';
  return kind === 'compact' && clusterBy.length > 0 ? noCompaction : undefined;
}

function rewriteOf(
  health: TableHealth,
  kind: 'compact' | 'zorder' | 'cluster',
  { fileSize }: Pick<MaintenanceSettings, 'fileSize'>,
): MaintenanceAction | undefined {
  const chosen = health.partitions.filter(matters[kind]);
  if (chosen.length === 0) return undefined;
  const small = kind === 'compact';
  const files = sum(chosen, (partition) => (small ? partition.smallFiles : partition.files));
  const bytes = sum(chosen, (partition) => (small ? partition.smallBytes : partition.bytes));
  const gain = `${files} files of ${chosen.length} partitions written as fewer${small ? '' : ', in order'}`;
  if (kind !== 'cluster') return { kind, partitions: chosen.map(({ values }) => values), files, bytes, gain, reason };
  return { kind, partitions: [], files, bytes, gain, reason, cubeBytes: fittingCube(health.bytes, fileSize) };
}

export function planNow(
  health: TableHealth,
  request: MaintenanceLayout & { readonly settings: Pick<MaintenanceSettings, 'fileSize' | 'adopt'> },
  kind: MaintenanceKind,
): MaintenancePlan {
  const plan = (action: MaintenanceAction): MaintenancePlan => ({ actions: [action], declined: [], budgetBytes: 0 });
  const nothing = (why: string): MaintenancePlan => ({
    actions: [],
    declined: [{ kind, reason: why }],
    budgetBytes: 0,
  });
  const notOurs = refuseTable(health, request.settings);
  if (notOurs !== undefined) return { ...nothing(notOurs), refused: notOurs };
  if (kind === 'vacuum-lite' || kind === 'vacuum-full') {
    const { files, bytes } = health.expired;
    const unreadable = unreadableRetention(health);
    if (unreadable !== undefined) return nothing(unreadable);
    return plan({ kind, partitions: [], files, bytes, gain: `${files} expired files leave the disk`, reason });
  }
  const refused = mismatch(kind, request);
  if (refused !== undefined) return nothing(refused);
  const rewrite = rewriteOf(health, kind, request.settings);
  return rewrite === undefined ? nothing('no partition has two files that it could put together') : plan(rewrite);
}
