// Shapes that several messages have in common.
import type { FailureSummary } from '../../contracts/failure';
import { isStepKey, isTableUri, type Digest, type StepKey, type TableUri } from '../../contracts/ids';
import { failureKinds, isFailureKind } from '../../contracts/kinds';
import { either, flag, nullable, number, oneOf, open, record, scalar, text, textThat } from './shape';

export const tableAddress = textThat<TableUri>('the absolute path or URI of a table', isTableUri);
/** Its form is the job's to judge. */
export const digest = scalar<Digest>('a text', (value) => typeof value === 'string');
export const stepKey = textThat<StepKey>('the key of a step', isStepKey);

export const failure = open<FailureSummary>({
  kind: oneOf(Object.keys(failureKinds).filter(isFailureKind)),
  type: text,
  message: text,
  remedy: text,
  fields: record(nullable(either(either(text, number), flag))),
});
