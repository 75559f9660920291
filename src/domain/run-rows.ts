// Row accounting of a run: every row that was read has exactly one fate.
import type { CommitReport, PrepareReport } from '../contracts/job';
import type { RunRows } from '../contracts/run';

/** Rows by fate. Throws RangeError when they do not add up: then a job is wrong, and nobody should trust the run. */
export function accountRows(prepare: Pick<PrepareReport, 'rows'>, commit?: Pick<CommitReport, 'rows'>): RunRows {
  const { read, staged, quarantined, duplicates, unjoined } = prepare.rows;
  const rows = {
    read,
    inserted: commit?.rows.inserted ?? 0,
    updated: commit?.rows.updated ?? 0,
    unchanged: commit?.rows.unchanged ?? 0,
    quarantined,
    duplicates,
    unjoined,
  };
  const merged = rows.inserted + rows.updated + rows.unchanged;
  if (commit !== undefined && merged !== staged) {
    throw new RangeError(`the MERGE accounts for ${merged} rows of ${staged} staged`);
  }
  if (staged + quarantined + duplicates + unjoined !== read) {
    throw new RangeError(`prepare accounts for ${staged + quarantined + duplicates + unjoined} rows of ${read} read`);
  }
  return rows;
}
