// Which partitions are due for a rewrite, and which of those fit into the bytes that may still be written. Pure.
import type { MaintenanceSettings, PartitionHealth, PartitionValues } from '../../contracts/maintenance';

/** A partition that is due for compaction or clustering. */
export type Rewrite = {
  readonly kind: 'compact' | 'zorder';
  readonly partition: PartitionHealth;
  readonly files: number;
  readonly filesAfter: number;
  readonly bytes: number;
  /** What readers save; of two rewrites, the one that saves more per byte goes first. */
  readonly saves: number;
};

/** A partition that is not rewritten although there is something to tell about it. */
export type Refusal = {
  readonly kind: Rewrite['kind'];
  readonly partition: PartitionHealth;
  readonly reason: string;
};

export type Judged = { readonly due: readonly Rewrite[]; readonly refused: readonly Refusal[] };
export type Fitted = { readonly chosen: readonly Rewrite[]; readonly refused: readonly Refusal[] };

/** Files that share a value range in mean: up to this depth, clustering has nothing to gain. */
export const goodDepth = 1.5;

export const sum = <T>(items: readonly T[], valueOf: (item: T) => number): number =>
  items.reduce((total, item) => total + valueOf(item), 0);

export const count = (number: number, noun: string): string => `${number} ${noun}${number === 1 ? '' : 's'}`;

/** At most one decimal, and none when it is zero. */
export const shortNumber = (value: number): string => String(Number(value.toFixed(1)));

export const percent = (share: number): string => `${shortNumber(share * 100)} %`;

export function formatBytes(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let size = bytes;
  let unit = 0;
  // 999.95 would round to 1000.
  for (; size >= 999.95 && unit < units.length - 1; unit += 1) size /= 1000;
  return `${shortNumber(size)} ${units[unit]}`;
}

const compareTexts = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

/** One text per partition, whatever the order of its columns. */
export const partitionKey = (values: PartitionValues): string =>
  JSON.stringify(Object.entries(values).toSorted(([one], [other]) => compareTexts(one, other)));

type OfPartition = { readonly partition: PartitionHealth };

export const byPartition = (one: OfPartition, other: OfPartition): number =>
  compareTexts(partitionKey(one.partition.values), partitionKey(other.partition.values));

export const isUnpartitioned = (values: PartitionValues): boolean => Object.keys(values).length === 0;

export const partitionName = (values: PartitionValues): string =>
  isUnpartitioned(values)
    ? 'the table'
    : Object.entries(values)
        .map(([column, value]) => `${column}=${value ?? 'null'}`)
        .join('/');

export const fewestSmallFiles = (settings: MaintenanceSettings): number => Math.max(2, settings.compactFrom);

export const unclusteredShare = ({ unclusteredBytes, bytes }: PartitionHealth): number =>
  bytes === 0 ? 0 : unclusteredBytes / bytes;

export const filesFor = (bytes: number, settings: MaintenanceSettings): number =>
  Math.max(1, Math.ceil(bytes / settings.fileSize));

function reasonNotToCompact(partition: PartitionHealth, settings: MaintenanceSettings): string | undefined {
  const { smallFiles, smallBytes } = partition;
  const has = `${count(smallFiles, 'small file')} (${formatBytes(smallBytes)})`;
  const fewest = fewestSmallFiles(settings);
  if (smallFiles < fewest) return `${has}; from ${fewest} on a partition is compacted`;
  const filesAfter = filesFor(smallBytes, settings);
  // A rewrite that leaves most of the files there are would be due again at once.
  if ((smallFiles - filesAfter) * 2 >= smallFiles) return undefined;
  return `${has} would still be ${count(filesAfter, 'file')}, which is not half as many`;
}

/** Partitions with at most one small file are left out: nobody would ask why they are not compacted. */
export function judgeCompact(partitions: readonly PartitionHealth[], settings: MaintenanceSettings): Judged {
  const due: Rewrite[] = [];
  const refused: Refusal[] = [];
  for (const partition of partitions) {
    const { smallFiles: files, smallBytes: bytes } = partition;
    if (files < 2) continue;
    const reason = reasonNotToCompact(partition, settings);
    const filesAfter = filesFor(bytes, settings);
    if (reason !== undefined) refused.push({ kind: 'compact', partition, reason });
    else due.push({ kind: 'compact', partition, files, filesAfter, bytes, saves: files - filesAfter });
  }
  return { due, refused };
}

function reasonNotToCluster(partition: PartitionHealth, { closedAfter }: MaintenanceSettings) {
  const { values, ingestsSinceWrite, overlapDepth } = partition;
  if (!isUnpartitioned(values) && ingestsSinceWrite < closedAfter) {
    return `it is still open: the last write was ${count(ingestsSinceWrite, 'ingest')} ago, and ${closedAfter} close it`;
  }
  if (overlapDepth !== undefined && overlapDepth <= goodDepth) {
    return `there is nothing to gain: a value lies in ${shortNumber(overlapDepth)} files in mean, and up to ${goodDepth} is good`;
  }
  return undefined;
}

/** Partitions that are clustered well enough are left out. */
export function judgeZorder(partitions: readonly PartitionHealth[], settings: MaintenanceSettings): Judged {
  const due: Rewrite[] = [];
  const refused: Refusal[] = [];
  for (const partition of partitions) {
    const share = unclusteredShare(partition);
    // A single file cannot be clustered better.
    if (partition.files <= 1 || share <= settings.clusterAbove) continue;
    const reason = reasonNotToCluster(partition, settings);
    const { files, bytes, overlapDepth = files } = partition;
    const filesAfter = filesFor(bytes, settings);
    if (reason !== undefined)
      refused.push({ kind: 'zorder', partition, reason: `${percent(share)} are not clustered, but ${reason}` });
    else due.push({ kind: 'zorder', partition, files, filesAfter, bytes, saves: files * overlapDepth });
  }
  return { due, refused };
}

const savedPerByte = ({ saves, bytes }: Rewrite): number => saves / bytes;

const byGain = (one: Rewrite, other: Rewrite): number =>
  savedPerByte(other) - savedPerByte(one) || byPartition(one, other) || compareTexts(one.kind, other.kind);

/**
 * Greedy by gain per byte; what does not fit is skipped. Clustering writes all files of its partition, so a compaction
 * of the same partition would be undone: it waits for its clustering, and gets its chance when that does not fit.
 */
export function fitBudget(due: readonly Rewrite[], budgetBytes: number): Fitted {
  const clusteringBytes = new Map(
    due.filter(({ kind }) => kind === 'zorder').map(({ partition, bytes }) => [partitionKey(partition.values), bytes]),
  );
  const clustered = new Set<string>();
  const waiting = new Map<string, Rewrite>();
  const chosen: Rewrite[] = [];
  const refused: Refusal[] = [];
  let left = budgetBytes;

  const take = (rewrite: Rewrite): boolean => {
    const { kind, partition, bytes } = rewrite;
    if (bytes > left) {
      const reason = `${formatBytes(bytes)} would be written again, and the budget has ${formatBytes(left)} left`;
      refused.push({ kind, partition, reason });
      return false;
    }
    left -= bytes;
    chosen.push(rewrite);
    return true;
  };

  const takeZorder = (rewrite: Rewrite, key: string): void => {
    const compaction = waiting.get(key);
    if (take(rewrite)) clustered.add(key);
    else if (compaction !== undefined && waiting.delete(key)) take(compaction);
  };

  for (const rewrite of due.toSorted(byGain)) {
    const key = partitionKey(rewrite.partition.values);
    const mayBeUndone = clustered.has(key) || (clusteringBytes.get(key) ?? Infinity) <= left;
    if (rewrite.kind === 'zorder') takeZorder(rewrite, key);
    else if (mayBeUndone) waiting.set(key, rewrite);
    else take(rewrite);
  }

  const reason = 'it is clustered in this plan, which writes all of its files again';
  return {
    chosen,
    refused: [...refused, ...[...waiting.values()].map(({ kind, partition }) => ({ kind, partition, reason }))],
  };
}
