// What is already in the table, without the schema library.
export { ledgerProtocol } from './kinds';
export type { CommittedBatch, LedgerEntry, LedgerFile, SummaryHead, SummaryRow } from './ledger-schema';
