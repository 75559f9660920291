// Failures without the schema library.
export { failureKinds, failureTraits, type FailureKind } from './kinds';
export type { FailureSummary } from './document-schema';
