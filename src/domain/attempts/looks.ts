// How often a job is looked at: seldom enough for the service that is asked, often enough for how long the job takes.
import type { RuntimeTraits } from '../../contracts/runtimes';

/** Until the next look at a job that is watched for so long: what the pause adds to a job stays a tenth of it. */
export function pauseMs({ pollSeconds: { shortest, longest } }: Pick<RuntimeTraits, 'pollSeconds'>, ageMs: number) {
  return Math.min(Math.max(ageMs / 10, shortest * 1000), longest * 1000);
}

/** One job of a shared look: since when it is in its state, whether it runs or still waits for its turn. */
export type Watched = { readonly state: 'waiting' | 'running'; readonly ageMs: number };

/** With jitter, the end of a job is seen within ten seconds while it is younger than this. */
const youngMs = 120_000;

/**
 * Until the next look at one of many jobs that one service runs. A job that has just begun may end soon. One that waits behind
 * others may begin and end at any moment; one that waits alone waits for the cluster.
 */
export function sharedPauseMs(
  { pollSeconds: { shortest, longest } }: Pick<RuntimeTraits, 'pollSeconds'>,
  { state, ageMs }: Watched,
  othersRun: boolean,
): number {
  const youngPauseMs = youngMs / 15;
  if (state === 'waiting' && othersRun) return youngPauseMs;
  return Math.min(Math.max(ageMs / 15, shortest * 1000), longest * 1000);
}
