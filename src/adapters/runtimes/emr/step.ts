// What a job is on EMR: a step with a name that is found again, and a command line that tells its attempt.
import { createHash } from 'node:crypto';
import { HeadgateError } from '../../../contracts/errors';
import { logFolder } from '../../../contracts/layout';
import type { JobAttempt, JobHandle, JobSubmission } from '../../../activities/ports';
import type { ClusterView, NewStep, StepView } from './api';
import { confOf, releaseLineOf } from './releases';

/** What EMR takes for the name of a step, and for all strings of its command line. */
const longestName = 256;
const longestCommand = 10_240;

/** Carried in the command line: whoever finds the step makes its handle of this, and EMR does not tell back where its logs go. */
const failureConf = 'spark.headgate.failure';
const logsConf = 'spark.headgate.logs';

const valueOf = ({ args }: StepView, conf: string): string | undefined =>
  args.find((argument) => argument.startsWith(`${conf}=`))?.slice(conf.length + 1);

/** Where the logs of this step go, when not where those of the cluster do. */
export const logsOf = (step: StepView): string | undefined => valueOf(step, logsConf);

/** Other tables may have a step of the same key; no two have one report. */
const identityOf = ({ stepKey, reportPath }: JobAttempt): string =>
  createHash('sha256').update(`${stepKey}\n${reportPath}`).digest('hex').slice(0, 20);

/** For people the step key, as far as it fits; for us what stands before it. */
export const stepName = (job: JobAttempt): string =>
  `headgate ${identityOf(job)} #${job.attempt} ${job.stepKey}`.slice(0, longestName);

/** The attempt at the job that a step is; undefined for steps of other jobs, and of others. */
export function attemptOf(step: StepView, job: JobAttempt): number | undefined {
  const [, identity, attempt] = /^headgate ([0-9a-f]{20}) #(\d+) /.exec(`${step.name} `) ?? [];
  return identity === identityOf(job) ? Number(attempt) : undefined;
}

export type ShippedCode = { readonly entry: string; readonly package: string };

export type StepSettings = {
  readonly executionRole?: string;
};

export function stepOf(
  job: JobSubmission,
  cluster: ClusterView,
  code: ShippedCode,
  { executionRole }: StepSettings,
): NewStep {
  const logUri = releaseLineOf(cluster).stepLogs ? `${logFolder(job.state)}/` : undefined;
  const conf = Object.entries({
    ...confOf(cluster, job.size),
    [failureConf]: job.failurePath,
    ...(logUri === undefined ? {} : { [logsConf]: logUri }),
  });
  const args = [
    'spark-submit',
    // In cluster mode the driver would outlive a cancelled step, and commit.
    ...['--deploy-mode', 'client'],
    ...conf.flatMap(([key, value]) => ['--conf', `${key}=${value}`]),
    ...['--py-files', code.package],
    code.entry,
    job.requestPath,
  ];
  const length = args.join('').length;
  if (length > longestCommand) throw tooLong(job, length);
  return {
    name: stepName(job),
    args,
    ...(logUri === undefined ? {} : { logUri }),
    ...(executionRole === undefined ? {} : { executionRole }),
  };
}

/** The handle of a step that was found. It may be of an earlier attempt than the one that is asked for. */
export function handleOf(cluster: string, step: StepView, job: JobAttempt): JobHandle {
  const attempt = attemptOf(step, job) ?? job.attempt;
  return newHandle(cluster, step.id, {
    ...job,
    attempt,
    requestPath: step.args.at(-1) ?? job.requestPath,
    failurePath: valueOf(step, failureConf) ?? job.failurePath,
  });
}

export const newHandle = (
  cluster: string,
  step: string,
  { stepKey, job, attempt, requestPath, reportPath, failurePath }: JobAttempt,
): JobHandle => ({
  ...{ stepKey, job, attempt, requestPath, reportPath, failurePath },
  runtime: 'emr',
  id: `${cluster}/${step}`,
});

/** In place of a step's id, where the cluster was ending and took none: such a job has ended before it began. */
export const noStep = 'none';

export function placeOf({ id }: JobHandle): { readonly cluster: string; readonly step: string } {
  const [cluster = '', step = ''] = id.split('/');
  return { cluster, step };
}

const tooLong = ({ stepKey, requestPath }: JobSubmission, length: number): HeadgateError =>
  new HeadgateError({
    kind: 'config',
    type: 'CommandTooLong',
    message: `The command line of ${stepKey} has ${length} characters, and EMR takes ${longestCommand} for a step.`,
    remedy: 'Give the pipeline a shorter state folder.',
    fields: { stepKey, requestPath, length },
  });
