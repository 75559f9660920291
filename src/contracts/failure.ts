// Failures without the schema library.
export { failureKinds, isFailureKind, type FailureKind } from './kinds';
export type { FailureSummary } from './document-schema';
