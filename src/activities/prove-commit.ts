// Proves that a commit is in its table before anybody says so: the log has it at the version that was reported, made by
// this very step, and nothing has taken it back.
//   proveCommit({ table, version, step, committed }, store): Promise<Proof>      throws `CommitGone`
import { HeadgateError } from '../contracts/errors';
import type { StepKey, TableUri } from '../contracts/ids';
import type { CommittedBatch } from '../contracts/ledger';
import type { ObjectStore } from './ports';
import { reconcileTable, type TableTruth } from './reconcile';
import { openTableLog } from './table-log';

export type Claim = {
  readonly table: TableUri;
  readonly version: number;
  readonly step: StepKey;
  /** What the ledger holds: it knows the table. */
  readonly committed: readonly CommittedBatch[];
};

export type Proof = { readonly tableId: string; readonly commit: string; readonly truth: TableTruth };

export async function proveCommit({ table, version, step, committed }: Claim, store: ObjectStore): Promise<Proof> {
  const log = openTableLog(table, store);
  const gone = (found: string): HeadgateError => commitGone({ table, version, step }, found);
  const entry = await log.entry(version);
  if (entry === undefined) {
    const newest = await log.newest();
    throw gone(
      newest === undefined ? 'there is no table' : `its log has versions up to ${newest.version}, and not this one`,
    );
  }
  if (entry.stepKey !== step) {
    throw gone(`this version is ${entry.operation} by ${entry.stepKey ?? 'somebody else'}`);
  }
  const truth = await reconcileTable(log, committed);
  const tableId = await truth.idAt(version);
  if (truth.base?.id !== tableId) throw gone('another table took its place');
  if (!(await truth.stands(version)))
    throw gone(`a RESTORE took it back; the table is at version ${truth.base.version}`);
  return { tableId, commit: entry.commit, truth };
}

const commitGone = ({ table, version, step }: Omit<Claim, 'committed'>, found: string): HeadgateError =>
  new HeadgateError({
    kind: 'data',
    type: 'CommitGone',
    message: `The commit was reported as version ${version} of ${table}, but the table does not have it: ${found}.`,
    remedy: 'Look at what happened to the table; run again: the files count as new.',
    fields: { table, version, stepKey: step, found },
  });
