// Run records without the schema library.
export { runRecordProtocol } from './kinds';
export type { RunRecord } from './run-record-schema';
