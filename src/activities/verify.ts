// Holds every entry of the ledger against the table's whole log. Freeze looks at the newest one; this looks at each.
//   verifyBatches(pipeline, store): Promise<Verification>
import type { Pipeline } from '../contracts/pipeline';
import { openLedger } from './ledger';
import type { ObjectStore } from './ports';
import { createLineage } from './reconcile';
import { openTableLog } from './table-log';

export type LostBatch = {
  readonly digest: string;
  readonly tableVersion: number;
  readonly committedAt: string;
  /** What is in its place. */
  readonly why: string;
};

export type Verification = {
  readonly table: string;
  /** Absent: there is no table. */
  readonly id?: string;
  readonly version?: number;
  /** Batches whose very commit the table stands on. */
  readonly proved: number;
  /** Batches of before the log begins: only the table's id speaks for them. */
  readonly unseen: number;
  /** Batches that the table should hold, and does not. */
  readonly lost: readonly LostBatch[];
  /** Batches of tables that were at this address before, and entries of earlier versions of Headgate. */
  readonly elsewhere: number;
};

export async function verifyBatches(
  { state, target }: Pick<Pipeline, 'state' | 'target'>,
  store: ObjectStore,
): Promise<Verification> {
  const log = openTableLog(target.table, store);
  const [ledger, newest] = await Promise.all([openLedger(state, { store }), log.newest()]);
  const here = ledger.committed
    .filter(({ table }) => table === target.table)
    .toSorted((a, b) => a.tableVersion - b.tableVersion);
  const id = newest === undefined ? undefined : await log.id(newest);
  const own = here.filter(({ tableId }) => tableId === id);
  // Nothing of this table: then it is not the one that batches were committed to.
  const missing = own.length > 0 ? [] : here;
  const lost: LostBatch[] = missing.map(({ digest, tableVersion, committedAt }) => ({
    ...{ digest, tableVersion, committedAt },
    why: newest === undefined ? 'there is no table' : 'another table is in its place',
  }));
  const others = here.length - own.length - missing.length;
  const elsewhere = others + ledger.committed.length - here.length + ledger.old.length;
  if (newest === undefined || id === undefined) {
    return { table: target.table, proved: 0, unseen: 0, lost, elsewhere };
  }
  const begin = (await log.versions())[0] ?? newest.version;
  const lineage = await createLineage(log, newest, begin);
  const entries = await log.entries(own.map(({ tableVersion }) => tableVersion));
  let [proved, unseen] = [0, 0];
  for (const [index, { digest, tableVersion, committedAt, commit }] of own.entries()) {
    const entry = entries[index];
    const isBefore = tableVersion < begin;
    const stands = isBefore ? await lineage.stoodThrough(tableVersion) : await lineage.stands(tableVersion);
    if (isBefore && stands) unseen += 1;
    else if (entry?.commit === commit && stands) proved += 1;
    else {
      const why =
        entry === undefined && !isBefore
          ? `the table ends at version ${newest.version}`
          : entry !== undefined && entry.commit !== commit
            ? `version ${tableVersion} is ${entry.operation} by ${entry.stepKey ?? 'somebody else'}`
            : 'a RESTORE took it back';
      lost.push({ digest, tableVersion, committedAt, why });
    }
  }
  return { table: target.table, id, version: newest.version, proved, unseen, lost, elsewhere };
}
