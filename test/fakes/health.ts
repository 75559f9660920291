// A table that needs nothing, and partitions for it; tests change what they are about.
import type { PartitionHealth, TableHealth, UpkeepSavings } from '../../src/contracts/maintenance';

export const partitionHealth = (month: string, changes: Partial<PartitionHealth> = {}): PartitionHealth => ({
  values: { month },
  files: 1,
  bytes: 50_000_000,
  rows: 500_000,
  deletedRows: 0,
  smallFiles: 0,
  smallBytes: 0,
  unclusteredFiles: 0,
  unclusteredBytes: 0,
  ingestsSinceWrite: 5,
  ...changes,
});

export const noSavings: UpkeepSavings = {
  since: '2026-06-01T00:00:00.000Z',
  ingests: 0,
  ingestedBytes: 0,
  rewrittenBytes: 0,
  filesBefore: 0,
  filesAfter: 0,
  reclaimedFiles: 0,
  reclaimedBytes: 0,
};

/** Health with sums that fit its partitions. */
export function healthyTable(changes: Partial<TableHealth> = {}): TableHealth {
  const partitions = changes.partitions ?? [partitionHealth('2026-05')];
  return {
    table: '/lake/customer_sales',
    version: 7,
    at: '2026-06-10T12:00:00.000Z',
    files: partitions.reduce((sum, { files }) => sum + files, 0),
    bytes: partitions.reduce((sum, { bytes }) => sum + bytes, 0),
    partitions,
    held: { files: 0, bytes: 0 },
    expired: { files: 0, bytes: 0 },
    window: { ingests: 1, ingestedBytes: 1_000_000_000, rewrittenBytes: 0 },
    madeHere: true,
    retention: { hours: 192 },
    createdAt: new Date().toISOString(),
    lastVacuum: {},
    log: { files: 3, bytes: 3000, commitsSinceCheckpoint: 2, unread: 0 },
    savings: noSavings,
    ...changes,
  };
}
