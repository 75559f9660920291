// The EMR runtime keeps what every runtime promises, over EMR in memory.
import type { JobSubmission } from '../../../../src/activities/ports';
import { FakeDrivers, type AskedJob, type Drive } from '../../../fakes/emr-jobs';
import { stateOf } from '../../../fakes/emr-steps';
import { useVirtualClock } from '../../../support/virtual-clock';
import { describeSparkRuntime, submissionAt, type SuiteBehaviour } from '../spark-runtime-suite';

useVirtualClock({ flows: true });

const asked = new Map<string, JobSubmission>();
const behaviours = new Map<string, SuiteBehaviour>();

const drive = ({ stepKey, attempt }: AskedJob): Drive => {
  const { hold = false, failure } = behaviours.get(`${stepKey}#${attempt}`) ?? {};
  return { hold, ...(failure === undefined ? {} : { failure: { kind: 'data', type: failure } }) };
};

const drivers = new FakeDrivers(drive, (step) => asked.get(step.step.args.at(-1) ?? ''));
let steps = 0;

describeSparkRuntime({
  runtime: () => drivers.runtime(),
  store: drivers.store,
  submission: (behaviour = {}, of) => {
    steps += 1;
    const submission: JobSubmission = {
      ...submissionAt(steps, `s3://lake/${steps}`, behaviour, of),
      state: 's3://lake/state',
      cluster: 'j-1',
    };
    asked.set(submission.requestPath, submission);
    behaviours.set(`${submission.stepKey}#${submission.attempt}`, behaviour);
    return submission;
  },
  release: ({ stepKey }) => drivers.release(stepKey),
  runs: ({ reportPath }) =>
    drivers.emr.steps.filter(
      ({ states, step }) =>
        states.some(({ state }) => state === 'RUNNING') && asked.get(step.args.at(-1) ?? '')?.reportPath === reportPath,
    ).length,
  lose: async () => {
    for (const step of drivers.emr.openSteps('j-1')) {
      if (stateOf(step) !== 'PENDING') drivers.emr.end(step, 'FAILED', { failure: { message: 'exit code 137' } });
    }
  },
  without: ['progress', 'submits at once'],
});
