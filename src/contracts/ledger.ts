// What is already in the table, without the schema library.
export { ledgerProtocol } from './kinds';
export type { LedgerEntry, LedgerFile } from './ledger-schema';
