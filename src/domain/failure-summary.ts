// Recognises a failure summary in what travelled through Temporal as the first detail of an ApplicationFailure.
import { isFailureKind, type FailureSummary } from '../contracts/failure';

export const isFailureSummary = (value: unknown): value is FailureSummary =>
  typeof value === 'object' &&
  value !== null &&
  'kind' in value &&
  typeof value.kind === 'string' &&
  isFailureKind(value.kind) &&
  'type' in value &&
  'remedy' in value;
