// What the ledger says, from entries in memory.
import type { LedgerEntry } from '../../src/contracts/ledger';
import { addMarks, viewLedger, type LedgerMark, type LedgerView } from '../../src/domain/ledger';

export function viewOf(entries: readonly LedgerEntry[], table: string): LedgerView {
  const marks = new Map<string, LedgerMark>();
  for (const entry of entries) addMarks(marks, entry);
  const files = new Map(entries.map((entry) => [entry.digest, entry.files]));
  const own = entries.filter((entry) => entry.table === table);
  return viewLedger({ digests: new Set(own.map(({ digest }) => digest)), marks, files }, table);
}
