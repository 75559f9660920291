// What was committed, without the schema library.
export { ledgerProtocol } from './kinds';
export type { CommittedBatch, LedgerEntry, LedgerFile, OldLedgerEntry, SummaryHead, SummaryRow } from './ledger-schema';
