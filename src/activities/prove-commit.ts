// Proves that a commit is in its table before anybody says so: the log has it at the version that was reported, made by
// this very step, and nothing has taken it back.
//   proveCommit({ table, version, step, committed }, store): Promise<Proof>      throws `CommitGone`
import { HeadgateError } from '../contracts/errors';
import type { StepKey, TableUri } from '../contracts/ids';
import type { CommittedBatch } from '../contracts/ledger';
import type { ObjectStore } from './ports';
import { reconcileTable, type TableTruth } from './reconcile';
import { openTableLog, type TableLog } from './table-log';

export type Claim = {
  readonly table: TableUri;
  readonly version: number;
  readonly step: StepKey;
  /** What the ledger holds: it knows the table. */
  readonly committed: readonly CommittedBatch[];
};

export type Proof = { readonly tableId: string; readonly commit: string; readonly truth: TableTruth };

type Found = { readonly tableId: string; readonly commit: string } | { readonly missing: string };

/** The commit of this step at this version of the table as it is now, or why that is not there. */
export async function findReported(
  { version, step }: Pick<Claim, 'version' | 'step'>,
  log: TableLog,
  truth: TableTruth,
): Promise<Found> {
  const { base } = truth;
  if (base === undefined) return { missing: 'there is no table' };
  const entry = await log.entry(version);
  if (entry === undefined) return { missing: `its log has versions up to ${base.version}, and not this one` };
  if (entry.stepKey !== step)
    return { missing: `this version is ${entry.operation} by ${entry.stepKey ?? 'somebody else'}` };
  const tableId = await truth.idAt(version);
  if (base.id !== tableId) return { missing: 'another table took its place' };
  if (!(await truth.stands(version)))
    return { missing: `a RESTORE took it back; the table is at version ${base.version}` };
  return { tableId, commit: entry.commit };
}

export async function proveCommit(claim: Claim, store: ObjectStore): Promise<Proof> {
  const log = openTableLog(claim.table, store);
  const truth = await reconcileTable(log, claim.committed);
  const found = await findReported(claim, log, truth);
  if ('missing' in found) throw commitGone(claim, found.missing);
  return { ...found, truth };
}

const commitGone = ({ table, version, step }: Omit<Claim, 'committed'>, found: string): HeadgateError =>
  new HeadgateError({
    kind: 'data',
    type: 'CommitGone',
    message: `The commit was reported as version ${version} of ${table}, but the table does not have it: ${found}.`,
    remedy: 'Look at what happened to the table; run again: the files count as new.',
    fields: { table, version, stepKey: step, found },
  });
