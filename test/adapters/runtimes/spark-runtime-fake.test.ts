// The fake must keep the promises that the real runtimes keep, or tests that use it prove nothing.
import { createFakeObjectStore } from '../../fakes/object-store';
import { FakeSpark } from '../../fakes/spark-runtime';
import type { JobSubmission } from '../../../src/activities/ports';
import { describeSparkRuntime, submissionAt, type SuiteBehaviour } from './spark-runtime-suite';

const behaviours = new Map<string, SuiteBehaviour>();
const keyOf = ({ stepKey, attempt }: JobSubmission): string => `${stepKey}#${attempt}`;

const spark = new FakeSpark(createFakeObjectStore(), (submission) => {
  const { hold = false, failure } = behaviours.get(keyOf(submission)) ?? {};
  return failure === undefined ? { hold } : { hold, end: { kind: 'fail', failure: { kind: 'data', type: failure } } };
});

let steps = 0;

describeSparkRuntime({
  runtime: () => spark.runtime(),
  store: spark.store,
  submission: (behaviour = {}, of) => {
    steps += 1;
    const submission = submissionAt(steps, `/${steps}`, behaviour, of);
    behaviours.set(keyOf(submission), behaviour);
    return submission;
  },
  release: ({ stepKey }) => spark.let(stepKey),
  runs: ({ stepKey }) => spark.runs(stepKey),
  lose: async () => spark.lose(),
});
