// The EMR runtime keeps what every runtime promises, over EMR in memory.
import type { JobSubmission } from '../../../../src/activities/ports';
import { FakeDrivers, type AskedJob, type Drive } from '../../../fakes/emr-jobs';
import { stateOf } from '../../../fakes/emr-steps';
import { useVirtualClock } from '../../../support/virtual-clock';
import { describeSparkRuntime, type SuiteBehaviour } from '../spark-runtime-suite';

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
    const { job = 'commit' } = behaviour;
    const attempt = of?.attempt ?? 1;
    const submission: JobSubmission = {
      stepKey: of?.step.stepKey ?? `suite/table/${steps}/${job}`,
      job,
      attempt,
      size: 1,
      state: 's3://lake/state',
      cluster: 'j-1',
      requestPath: `s3://lake/${steps}/request-${attempt}`,
      reportPath: of?.step.reportPath ?? `s3://lake/${steps}/report`,
      failurePath: `s3://lake/${steps}/failure-${attempt}`,
    };
    asked.set(submission.requestPath, submission);
    behaviours.set(`${submission.stepKey}#${attempt}`, behaviour);
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
