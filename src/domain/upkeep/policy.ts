// What a keeper does for its table beside commits: what is chosen and what is declined, with numbers. Pure.
import type { MaintenanceKind, MaintenanceSettings, PartitionHealth, TableHealth } from '../../contracts/maintenance';
import type { DeclinedAction, MaintenanceAction, MaintenancePlan } from '../../contracts/upkeep';
import {
  byPartition,
  count,
  fewestSmallFiles,
  fitBudget,
  formatBytes,
  isUnpartitioned,
  judgeCompact,
  judgeZorder,
  partitionName,
  percent,
  shortNumber,
  sum,
  unclusteredShare,
  type Refusal,
  type Rewrite,
} from './budget';
import { refuseTable } from './adoption';
import { judgeCluster, noCompaction } from './clustering';
import { isQuiet, nextOpening } from './quiet-hours';
import { planVacuum } from './vacuum';

/** Columns of the target that Z-ordering or liquid clustering goes by; at most one of the two has any. */
export type MaintenanceLayout = { readonly zorderBy: readonly string[]; readonly clusterBy: readonly string[] };

/** What holds where the pipeline file says nothing; the fields are explained where their type is. */
export const defaultMaintenance: MaintenanceSettings = {
  optimize: 'auto',
  // A MERGE rewrites every file that it touches: well under the gigabyte that suits scans alone.
  fileSize: 64 * 1024 * 1024,
  // Fewer of them cost readers less than the rewrite.
  compactFrom: 8,
  // All of the partition is written again, so a fifth of it should gain.
  clusterAbove: 0.2,
  // Late rows mostly come with the next loads; clustering before them would be done twice.
  closedAfter: 3,
  // Every byte that comes in may be compacted once and clustered once.
  rewriteBudget: 2,
  // A week: quiet days pay for busy ones.
  windowHours: 168,
  // A week of time travel, Delta's own default, and longer than any run may take.
  vacuumRetainHours: 168,
  // More than half of a table at once is a restatement or a mistake.
  vacuumCeiling: 0.5,
  // Rare, because it lists the whole folder of the table.
  vacuumFullEveryDays: 30,
};

type RewriteKind = Rewrite['kind'];
type Part = Pick<MaintenancePlan, 'actions' | 'declined'>;

const mostListed = 20;
const mostNamed = 3;

function namesOf(partitions: readonly PartitionHealth[]): string {
  const names = partitions.slice(0, mostNamed).map(({ values }) => partitionName(values));
  const rest = partitions.length - names.length;
  if (partitions.length === 1) return names.join('');
  return `${partitions.length} partitions (${names.join(', ')}${rest > 0 ? ` and ${rest} more` : ''})`;
}

function explainCompact(rewrites: readonly Rewrite[], settings: MaintenanceSettings): string {
  const files = sum(rewrites, (rewrite) => rewrite.files);
  const bytes = sum(rewrites, (rewrite) => rewrite.bytes);
  const where = namesOf(rewrites.map(({ partition }) => partition));
  return `${count(files, 'small file')} (${formatBytes(bytes)}) in ${where}; from ${fewestSmallFiles(settings)} on a partition is compacted`;
}

function explainZorder(rewrites: readonly Rewrite[], settings: MaintenanceSettings): string {
  const partitions = rewrites.map(({ partition }) => partition);
  const bytes = sum(partitions, (partition) => partition.bytes);
  const unclustered = sum(partitions, ({ unclusteredBytes }) => unclusteredBytes);
  return [
    `${percent(unclustered / bytes)} of ${namesOf(partitions)} are not clustered (${formatBytes(unclustered)}), more than ${percent(settings.clusterAbove)}`,
    `clustering is not incremental, so all ${formatBytes(bytes)} are written again`,
  ].join('; ');
}

function gainOf(kind: RewriteKind, rewrites: readonly Rewrite[]): string {
  const files = sum(rewrites, (rewrite) => rewrite.files);
  const fewer = `${count(files, 'file')} become ${sum(rewrites, ({ filesAfter }) => filesAfter)}`;
  if (kind === 'compact') return fewer;
  const depth = sum(rewrites, ({ saves }) => saves) / files;
  const known = rewrites.every(({ partition }) => partition.overlapDepth !== undefined);
  return `${fewer}, and a value lies in about 1 of them instead of ${known ? '' : 'up to '}${shortNumber(depth)}`;
}

function toActions(kind: RewriteKind, chosen: readonly Rewrite[], settings: MaintenanceSettings): Part['actions'] {
  const rewrites = chosen.filter((rewrite) => rewrite.kind === kind).toSorted(byPartition);
  if (rewrites.length === 0) return [];
  const action: MaintenanceAction = {
    kind,
    partitions: rewrites.map(({ partition }) => partition.values).filter((values) => !isUnpartitioned(values)),
    files: sum(rewrites, ({ files }) => files),
    bytes: sum(rewrites, ({ bytes }) => bytes),
    gain: gainOf(kind, rewrites),
    reason: kind === 'compact' ? explainCompact(rewrites, settings) : explainZorder(rewrites, settings),
  };
  return [action];
}

const weightOf = ({ kind, partition }: Refusal): number =>
  kind === 'compact' ? partition.smallFiles : partition.unclusteredBytes;

/** The partitions with most to gain by name, the others in one line: a table may have thousands. */
function toDeclined(kind: RewriteKind, all: readonly Refusal[]): Part['declined'] {
  const refused = all
    .filter((refusal) => refusal.kind === kind)
    .toSorted((one, other) => weightOf(other) - weightOf(one) || byPartition(one, other));
  const listed = refused
    .slice(0, mostListed)
    .map(({ partition, reason }): DeclinedAction => ({ kind, partition: partition.values, reason }));
  const rest = refused.slice(mostListed);
  if (rest.length === 0) return listed;
  const weight = sum(rest, weightOf);
  const has = kind === 'compact' ? count(weight, 'small file') : `${formatBytes(weight)} that are not clustered`;
  return [
    ...listed,
    { kind, reason: `${count(rest.length, 'more partition')} with ${has} in all, each for its own reason` },
  ];
}

/** Why there was nothing to look at, when no partition is chosen or declined by name. */
function reasonForNone(
  kind: RewriteKind,
  partitions: readonly PartitionHealth[],
  settings: MaintenanceSettings,
): string {
  const [first] = partitions;
  if (first === undefined) return 'the table has no files';
  if (kind === 'zorder' && partitions.every(({ files }) => files <= 1)) {
    return 'no partition has two files, and a single file cannot be clustered better';
  }
  const where = partitions.length === 1 ? partitionName(first.values) : `any of ${partitions.length} partitions`;
  const most = (valueOf: (partition: PartitionHealth) => number): number =>
    partitions.reduce((highest, partition) => Math.max(highest, valueOf(partition)), 0);
  const smallFiles = most((partition) => partition.smallFiles);
  return kind === 'compact'
    ? `at most ${count(smallFiles, 'small file')} in ${where}; from ${fewestSmallFiles(settings)} on a partition is compacted`
    : `at most ${percent(most(unclusteredShare))} of ${where} are not clustered; above ${percent(settings.clusterAbove)} a partition is clustered`;
}

function planRewrites(
  health: TableHealth,
  settings: MaintenanceSettings,
  { zorderBy }: MaintenanceLayout,
  budget: number,
): Part {
  const { partitions } = health;
  const compact = judgeCompact(partitions, settings);
  const zorder = judgeZorder(zorderBy.length > 0 ? partitions : [], settings);
  const fitted = fitBudget([...compact.due, ...zorder.due], budget);
  const refused = [...compact.refused, ...zorder.refused, ...fitted.refused];

  const partOf = (kind: RewriteKind): Part => {
    const actions = toActions(kind, fitted.chosen, settings);
    const declined = toDeclined(kind, refused);
    const noColumns = kind === 'zorder' && zorderBy.length === 0;
    const reason = noColumns ? 'the table has no zorder columns' : reasonForNone(kind, partitions, settings);
    return { actions, declined: actions.length + declined.length === 0 ? [{ kind, reason }] : declined };
  };
  return join(partOf('compact'), partOf('zorder'));
}

/** OPTIMIZE of a table with liquid clustering clusters it: small files go the same way. */
function planClustering(health: TableHealth, settings: MaintenanceSettings, budget: number): Part {
  const verdict = judgeCluster(health, settings, budget);
  const compact: DeclinedAction = { kind: 'compact', reason: noCompaction };
  if ('action' in verdict) return { actions: [verdict.action], declined: [compact] };
  return { actions: [], declined: [compact, { kind: 'cluster', reason: verdict.reason }] };
}

const join = (one: Part, other: Part): Part => ({
  actions: [...one.actions, ...other.actions],
  declined: [...one.declined, ...other.declined],
});

/** Why the table may not be rewritten now, whatever it looks like. */
function reasonToWait({ optimize, quietHours }: MaintenanceSettings, now: Date): string | undefined {
  if (optimize === 'off') return 'optimize is off for this table';
  if (quietHours === undefined || isQuiet(quietHours, now)) return undefined;
  const { from, to, timezone } = quietHours;
  return `outside the quiet hours ${from} to ${to} ${timezone}, which open next at ${nextOpening(quietHours, now).toISOString()}`;
}

const declineRewrites = (isClustered: boolean, reason: string): Part => ({
  actions: [],
  declined: [
    { kind: 'compact', reason },
    { kind: isClustered ? 'cluster' : 'zorder', reason },
  ],
});

/** Every kind is chosen or declined, or both when some partitions are and some are not. Total over all healths. */
export function planMaintenance(
  health: TableHealth,
  settings: MaintenanceSettings,
  layout: MaintenanceLayout,
  now: Date,
): MaintenancePlan {
  const { ingestedBytes, rewrittenBytes } = health.window;
  const budgetBytes = Math.max(0, Math.floor(settings.rewriteBudget * ingestedBytes - rewrittenBytes));
  const wait = reasonToWait(settings, now);
  const isClustered = layout.clusterBy.length > 0;
  const refused = refuseTable(health, settings);
  if (refused !== undefined) {
    const kinds: readonly MaintenanceKind[] = [
      'compact',
      isClustered ? 'cluster' : 'zorder',
      'vacuum-lite',
      'vacuum-full',
    ];
    return { actions: [], declined: kinds.map((kind) => ({ kind, reason: refused })), budgetBytes, refused };
  }
  const rewrites = (): Part =>
    isClustered ? planClustering(health, settings, budgetBytes) : planRewrites(health, settings, layout, budgetBytes);
  const chosen = wait === undefined ? rewrites() : declineRewrites(isClustered, wait);
  return { ...join(chosen, planVacuum(health, settings, now)), budgetBytes };
}
