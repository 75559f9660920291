// What the ledger says, from entries in memory.
import { parseTableUri } from '../../src/contracts/ids';
import type { LedgerEntry } from '../../src/contracts/ledger';
import {
  addMarks,
  isOf,
  viewLedger,
  type LedgerMark,
  type LedgerView,
  type TableIdentity,
} from '../../src/domain/ledger';

export const sampleTable: TableIdentity = { table: parseTableUri('/lake/customer_sales'), tableId: 'one' };

export function viewOf(entries: readonly LedgerEntry[], table: TableIdentity): LedgerView {
  const marks = new Map<string, LedgerMark>();
  for (const entry of entries) addMarks(marks, entry);
  const files = new Map(entries.map((entry) => [entry.digest, entry.files]));
  const digests = (own: boolean) =>
    new Set(entries.filter((entry) => isOf(entry, table) === own).map(({ digest }) => digest));
  return viewLedger({ committed: digests(true), spent: digests(false), marks, files }, table);
}
