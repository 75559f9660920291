// Liquid clustering: when a table is clustered again, and from which size on a z-cube is left alone. Pure.
import type { MaintenanceSettings, PartitionHealth, TableHealth } from '../../contracts/maintenance';
import type { MaintenanceAction } from '../../contracts/upkeep';
import {
  count,
  fewestSmallFiles,
  filesFor,
  formatBytes,
  goodDepth,
  isUnpartitioned,
  percent,
  shortNumber,
  sum,
} from './budget';

export const noCompaction = 'the table has cluster columns, so its small files are put together by clustering';

export type Verdict = { readonly action: MaintenanceAction } | { readonly reason: string };

/** Files of a cube when Delta's own size does not fit: fewer could not tell ranges apart. */
const smallestCubeFiles = 4;
/** Cubes that a table has in the end: a query opens the matching files of each. */
const cubesOfTable = 8;
/** Delta's own default, which makes every table below it one cube that each clustering writes again. */
const largestCube = 100 * 1024 ** 3;

/** The smallest cube doubled until the table has about eight, so that the size changes rarely as the table grows. */
export function fittingCube(tableBytes: number, fileSize: number): number {
  const smallest = smallestCubeFiles * fileSize;
  const doublings = Math.floor(Math.log2(Math.max(1, tableBytes / cubesOfTable / smallest)));
  return Math.min(smallest * 2 ** doublings, Math.max(smallest, largestCube));
}

type Written = {
  readonly cubeBytes: number;
  readonly files: number;
  readonly bytes: number;
  readonly cubes: number;
};

/** What a clustering with that cube size writes again: the new files, and the cubes that are still smaller. */
function writtenAgain({ unclusteredFiles, unclusteredBytes, cubes = [] }: PartitionHealth, cubeBytes: number): Written {
  const open = cubes.filter(({ bytes }) => bytes < cubeBytes);
  return {
    cubeBytes,
    files: unclusteredFiles + sum(open, ({ files }) => files),
    bytes: unclusteredBytes + sum(open, ({ bytes }) => bytes),
    cubes: open.length,
  };
}

/**
 * Enough of what is written again is new, or as many cubes become one: then a byte is written again about once each
 * time the table grows by that factor.
 */
const pays = (
  { bytes, cubes }: Written,
  { unclusteredBytes }: PartitionHealth,
  { clusterAbove }: MaintenanceSettings,
): boolean => unclusteredBytes > clusterAbove * bytes || (cubes > 1 && cubes * clusterAbove >= 1);

/** From the fitting size down: the smaller the cubes, the less is written again and the more of them a query opens. */
function sizes(tableBytes: number, fileSize: number): readonly number[] {
  const fitting = fittingCube(tableBytes, fileSize);
  const steps = Math.log2(fitting / (smallestCubeFiles * fileSize));
  return Array.from({ length: Math.floor(steps) + 1 }, (_, step) => fitting / 2 ** step);
}

function reasonToLeave(table: PartitionHealth, settings: MaintenanceSettings): string | undefined {
  const { unclusteredFiles: files, unclusteredBytes: bytes, overlapDepth } = table;
  if (table.files <= 1) return 'the table has no two files, and a single file cannot be clustered better';
  if (files < fewestSmallFiles(settings) && bytes < settings.fileSize) {
    const enough = `from ${fewestSmallFiles(settings)} files or ${formatBytes(settings.fileSize)} on they are`;
    return `${count(files, 'file')} (${formatBytes(bytes)}) are not clustered; ${enough}`;
  }
  if (files < fewestSmallFiles(settings) && overlapDepth !== undefined && overlapDepth <= goodDepth) {
    return `there is nothing to gain: a value lies in ${shortNumber(overlapDepth)} files in mean, and up to ${goodDepth} is good`;
  }
  return undefined;
}

/** The largest cubes that the budget and the share of new bytes allow. */
export function judgeCluster(health: TableHealth, settings: MaintenanceSettings, budgetBytes: number): Verdict {
  const [table, other] = health.partitions;
  if (table === undefined) return { reason: 'the table has no files' };
  if (other !== undefined || !isUnpartitioned(table.values)) {
    return { reason: 'the table is partitioned, and liquid clustering is for tables without partitions' };
  }
  const leave = reasonToLeave(table, settings);
  if (leave !== undefined) return { reason: leave };

  const { unclusteredBytes } = table;
  const choices = sizes(health.bytes, settings.fileSize).map((size) => writtenAgain(table, size));
  const paying = choices.filter((choice) => pays(choice, table, settings));
  const [chosen] = paying.filter(({ bytes }) => bytes <= budgetBytes);
  if (chosen !== undefined) return { action: toAction(table, chosen, settings) };

  const least = (paying.at(-1) ?? choices.at(-1))?.bytes ?? 0;
  const reason =
    paying.length === 0
      ? `${percent(unclusteredBytes / least)} of the ${formatBytes(least)} that would be written again are new; above ${percent(settings.clusterAbove)} the table is clustered`
      : `${formatBytes(least)} would be written again, and the budget has ${formatBytes(budgetBytes)} left`;
  return { reason };
}

function toAction(
  { unclusteredFiles, unclusteredBytes, files: all }: PartitionHealth,
  { cubeBytes, files, bytes, cubes }: Written,
  settings: MaintenanceSettings,
): MaintenanceAction {
  const filesAfter = filesFor(bytes, settings);
  return {
    kind: 'cluster',
    partitions: [],
    files,
    bytes,
    cubeBytes,
    gain: `${count(files, 'file')} become ${filesAfter}, and ${all - files} stay as they are`,
    reason: [
      `${count(unclusteredFiles, 'file')} (${formatBytes(unclusteredBytes)}) are not clustered`,
      `they are ${percent(unclusteredBytes / bytes)} of what is written again, beside ${count(cubes, 'small z-cube')}`,
      `z-cubes from ${formatBytes(cubeBytes)} on are left alone`,
    ].join('; '),
  };
}
