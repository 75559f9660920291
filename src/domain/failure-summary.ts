// Recognises a failure summary in what travelled through Temporal as the first detail of an ApplicationFailure.
import { failureTraits, type FailureKind, type FailureSummary } from '../contracts/failure';

const isKind = (value: unknown): value is FailureKind =>
  typeof value === 'string' && Object.hasOwn(failureTraits, value);

export const isFailureSummary = (value: unknown): value is FailureSummary =>
  typeof value === 'object' &&
  value !== null &&
  'kind' in value &&
  isKind(value.kind) &&
  'type' in value &&
  'remedy' in value;
