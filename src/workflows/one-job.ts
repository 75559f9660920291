// One attempt at a Spark job: submit it where it was asked for, watch it to its end, end it when nobody waits any more.
import { CancellationScope, log } from '@temporalio/workflow';
import type { Elsewhere, SubmitJobInput } from '../activities/jobs';
import type { JobHandle, JobOutcome } from '../activities/ports';
import type { RuntimeName } from '../contracts/pipeline';
import { runtimeTraits } from '../contracts/runtimes';
import { activity } from './activity-options';
import { isHostGone } from './failure-of';

type Place = { readonly runtime: RuntimeName; readonly taskQueue?: string };

/** Beats tell of a dead worker; the queue of a host that nobody serves any more is given up. */
const placedOn = ({ runtime, taskQueue }: Place) => ({
  heartbeatTimeout: runtimeTraits[runtime].heartbeatSeconds * 1000,
  ...(taskQueue === undefined ? {} : { taskQueue, scheduleToStartTimeout: '2 minutes' as const }),
});

const submittingOn = (place: Place) => ({
  ...placedOn(place),
  startToCloseTimeout: runtimeTraits[place.runtime].startSeconds * 1000,
});

type Lost = Extract<JobOutcome, { readonly kind: 'lost' }>;

/** A job on a host whose queue nobody serves is lost. */
async function unlessHostGone<Result>(work: Promise<Result>, host: string | undefined): Promise<Result | Lost> {
  return work.catch((error: unknown) => {
    if (host === undefined || !isHostGone(error)) throw error;
    return { kind: 'lost', reason: `no worker serves ${host} any more` };
  });
}

type Submitted = { readonly attempt: number; readonly outcome: Lost } | JobHandle;

/** Asks where the attempt was asked for, when that is another host. */
export async function submit(input: SubmitJobInput): Promise<Submitted> {
  const { runtime, request } = input;
  const options = { summary: `${request.job} ${request.digest.slice(0, 12)}` };
  let from: Elsewhere | undefined;
  for (;;) {
    const taskQueue = from?.elsewhere;
    const place = taskQueue === undefined ? { runtime } : { runtime, taskQueue };
    const asking = activity('submitJob', submittingOn(place)).executeWithOptions(options, [input]);
    const answer = await unlessHostGone(asking, taskQueue);
    if ('kind' in answer) return { attempt: from?.attempt ?? 0, outcome: answer };
    if (!('elsewhere' in answer)) return answer;
    from = answer;
  }
}

export async function watch(handle: JobHandle): Promise<JobOutcome> {
  const summary = `${handle.job} on ${handle.runtime}: ${handle.id}`;
  const watching = activity('watchJob', placedOn(handle)).executeWithOptions({ summary }, [handle]);
  return unlessHostGone(watching, handle.taskQueue);
}

/** No job of the step goes on behind a step that has ended. One that cannot be reached is told of. */
export async function endJob(input: SubmitJobInput, known: JobHandle | undefined): Promise<void> {
  try {
    await CancellationScope.nonCancellable(async () => {
      const find = (place: object): Promise<JobHandle | Elsewhere | undefined> =>
        activity('findJob', submittingOn({ runtime: input.runtime, ...place }))(input);
      let found = known ?? (await find({}));
      if (found !== undefined && 'elsewhere' in found) found = await find({ taskQueue: found.elsewhere });
      if (found !== undefined && !('elsewhere' in found)) await activity('cancelJob', placedOn(found))(found);
    });
  } catch (error) {
    log.error('a job may still run', { stepKey: input.request.stepKey, error: String(error) });
  }
}
