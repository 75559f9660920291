// The one loop that waits for a job, whatever runs it: report and failure decide, the runtime only tells when to look.
import { setTimeout as delay } from 'node:timers/promises';
import type { RuntimeTraits } from '../contracts/runtimes';
import { pauseMs } from '../domain/attempts/looks';
import { endedOutcome, reportedOutcome } from './job-records';
import type { JobHandle, JobOutcome, JobStatus, ObjectStore, SparkRuntime } from './ports';

type Settled = Exclude<JobStatus, { readonly state: 'unknown' }>;

/** Takes what a runtime says of one job, look by look. A job stays unknown for the settling time; after that it is gone. */
function createSettling({ settlingSeconds }: RuntimeTraits): (status: JobStatus) => Settled | undefined {
  let since: number | undefined;
  return (status) => {
    if (status.state !== 'unknown') {
      since = undefined;
      return status;
    }
    since ??= Date.now();
    if (Date.now() - since < settlingSeconds * 1000) return undefined;
    return { state: 'ended', cause: { kind: 'infrastructure', text: status.text } };
  };
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal }).catch(() => signal.throwIfAborted());
}

type Following = {
  readonly runtime: SparkRuntime;
  readonly handle: JobHandle;
  /** Stops the looking, not the job. */
  readonly signal: AbortSignal;
};

async function untilEnded(
  { runtime, signal }: Following,
  look: (wait: { readonly ms: number; readonly signal: AbortSignal }) => Promise<JobStatus>,
) {
  const settle = createSettling(runtime.traits);
  const began = Date.now();
  for (;;) {
    signal.throwIfAborted();
    const looked = Date.now();
    const ms = pauseMs(runtime.traits, looked - began);
    const status = settle(await look({ ms, signal }));
    if (status?.state === 'ended') return status;
    signal.throwIfAborted();
    // A runtime that held its answer has waited already.
    await pause(Math.max(0, ms - (Date.now() - looked)), signal);
  }
}

export async function followJob(
  following: Following & { readonly store: ObjectStore; readonly onStatus: (status: JobStatus) => void },
): Promise<JobOutcome> {
  const { runtime, handle, store, onStatus } = following;
  let reported = await reportedOutcome(store, handle);
  if (reported !== undefined) return reported;
  const end = await untilEnded(following, async (wait) => {
    const status = await runtime.status(handle, wait);
    onStatus(status);
    if (status.state === 'ended') return status;
    reported = await reportedOutcome(store, handle);
    return reported === undefined ? status : { state: 'ended' };
  });
  return reported ?? endedOutcome(store, handle, end);
}

/** Ends a job; returns when it is terminal. */
export const endJob = (following: Following) => untilEnded(following, () => following.runtime.cancel(following.handle));

/** The job that was asked for and may not show yet; undefined when it does not show within the settling time. */
export async function findAsked(
  find: () => Promise<JobHandle | undefined>,
  traits: RuntimeTraits,
  signal: AbortSignal,
): Promise<JobHandle | undefined> {
  const end = Date.now() + traits.settlingSeconds * 1000;
  for (;;) {
    const found = await find();
    if (found !== undefined || Date.now() >= end) return found;
    await pause(traits.pollSeconds.shortest * 1000, signal);
  }
}
