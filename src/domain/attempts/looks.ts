// How often a job is looked at: seldom enough for the service that is asked, often enough for how long the job takes.
import type { RuntimeTraits } from '../../contracts/runtimes';

/** Until the next look at a job that is watched for so long: what the pause adds to a job stays a tenth of it. */
export function pauseMs({ pollSeconds: { shortest, longest } }: Pick<RuntimeTraits, 'pollSeconds'>, ageMs: number) {
  return Math.min(Math.max(ageMs / 10, shortest * 1000), longest * 1000);
}
