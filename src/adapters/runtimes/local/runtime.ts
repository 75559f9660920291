// Spark jobs on this machine: the port SparkRuntime over the resident process of a home. Survives its own crash, because
// all it knows is in the handle, in the files of the job and in the resident.
import { setTimeout as delay } from 'node:timers/promises';
import type { JobAttempt, JobHandle, JobStatus, JobSubmission, SparkRuntime } from '../../../activities/ports';
import { runtimeTraits } from '../../../contracts/runtimes';
import { ConnectionLostError, RequestRefusedError, type ResidentClient } from './resident-client';
import {
  announced,
  connectResident,
  endReason,
  ensureResident,
  goneWithin,
  stopResident,
  type Resident,
  type ResidentSettings,
} from './resident-process';
import { isSameProcess } from './process-identity';
import { helloSchema, jobViewSchema, releaseSchema, statsSchema } from './resident-protocol';
import type { JobView, ResidentStats } from './resident-protocol';

type Wait = { readonly ms: number; readonly signal: AbortSignal };

export type LocalRuntime = SparkRuntime &
  Required<Pick<SparkRuntime, 'find'>> & {
    /** Starts the process in the background unless it runs; Spark itself may still be starting afterwards. */
    ensure(): Promise<void>;
    /** Ends the process, also under running jobs: they are lost and run again when somebody asks for them. */
    stop(): Promise<void>;
    /** Goes for good: ends the process when it has no work and no other client, else leaves it to them. */
    release(): Promise<void>;
    /** Undefined when no process runs. */
    stats(): Promise<ResidentStats | undefined>;
    /** Closes the connection, as a crash would; the process and its jobs go on. */
    disconnect(): void;
  };

const name = 'local';
const jobView = jobViewSchema.nullable();
const silenceLimitMs = 40_000;
const reconnectLimitMs = 30_000;
const stopLimitMs = 30_000;
const retryMs = 100;
const maxTries = 5;

export function createLocalRuntime(options: ResidentSettings): LocalRuntime {
  const { home, log } = options;
  let current: Resident | undefined;
  let connecting: Promise<Resident | undefined> | undefined;
  let starting: Promise<Resident> | undefined;

  /** Callers at the same time share one attempt: a second connection would pass for a second worker. */
  async function connected(): Promise<Resident | undefined> {
    if (current?.client.isOpen === true) return current;
    if (starting !== undefined) return starting;
    connecting ??= connectResident(home).finally(() => {
      connecting = undefined;
    });
    current = await connecting;
    return current;
  }

  async function ensured(): Promise<Resident> {
    const resident = await connected();
    if (resident !== undefined) return resident;
    starting ??= ensureResident(options).finally(() => {
      starting = undefined;
    });
    current = await starting;
    return current;
  }

  /** The connection to the very process that runs the job; undefined when that process is gone. */
  async function connectedTo(instance: string): Promise<ResidentClient | undefined> {
    for (const end = Date.now() + reconnectLimitMs; Date.now() < end; await delay(retryMs)) {
      const resident = await connected();
      if (resident?.announcement.instance === instance) return resident.client;
      const now = await announced(home);
      if (now?.instance !== instance || !(await isSameProcess(now.pid, now.startedAt))) return undefined;
    }
    return undefined;
  }

  const handleOf = (resident: Resident, view: JobView): JobHandle => ({
    ...view.submission,
    runtime: name,
    id: `${resident.announcement.instance}/${view.number}`,
  });

  async function find(submission: JobSubmission): Promise<JobHandle | undefined> {
    const resident = await connected();
    const view = await resident?.client.request(jobView, message('find', submission)).catch(ignoreLostConnection);
    if (resident === undefined || view === undefined || view === null || !isOpen(view)) return undefined;
    return handleOf(resident, view);
  }

  /** Asks the process, started where needed. A process that is just ending is waited for, and its successor asked. */
  async function askEnsured<T>(ask: (resident: Resident) => Promise<T>): Promise<T> {
    for (let tries = 1; ; tries += 1) {
      const resident = await ensured();
      try {
        return await ask(resident);
      } catch (error) {
        if (tries >= maxTries || !isGoing(error)) throw error;
        await goneWithin(resident.announcement, isRefused(error) ? stopLimitMs : 0);
        resident.client.destroy();
      }
    }
  }

  /** Whether a broken connection took the job with it is unknown: the resident finds the open job of a step. */
  async function submit(submission: JobSubmission): Promise<JobHandle> {
    return askEnsured(async (resident) =>
      handleOf(resident, await resident.client.request(jobViewSchema, { op: 'submit', submission })),
    );
  }

  /** Asks the process that runs the job until it answers or is gone. */
  async function statusBy(
    handle: JobHandle,
    ask: (client: ResidentClient) => Promise<JobView | null>,
  ): Promise<JobStatus> {
    const [instance = '', number] = handle.id.split('/');
    for (;;) {
      const client = await connectedTo(instance);
      if (client === undefined) {
        return { state: 'ended', cause: { kind: 'infrastructure', text: await endReason(home, instance) } };
      }
      const view = await ask(client).catch(ignoreLostConnection);
      // An open job of the step under another number came after this one.
      if (view === null || (view !== undefined && view.number !== Number(number))) {
        return { state: 'unknown', text: 'the resident Spark process does not know the job' };
      }
      if (view !== undefined) return statusOf(view);
      await delay(retryMs);
    }
  }

  return {
    name,
    traits: runtimeTraits[name],
    find,
    submit,
    status: (handle, wait) => statusBy(handle, (client) => viewOf(client, handle, wait)),
    cancel: (handle) => statusBy(handle, (client) => client.request(jobView, message('cancel', handle))),
    ensure: async () => void (await askEnsured(({ client }) => client.request(helloSchema, { op: 'hello' }))),
    stop: async () => {
      await stopResident(home, log);
      // Another worker may have told it to end just before.
      if (current !== undefined) await goneWithin(current.announcement, stopLimitMs);
      current?.client.destroy();
    },
    release: async () => {
      const resident = await connected();
      const answer = await resident?.client.request(releaseSchema, { op: 'release' }).catch(ignoreLostConnection);
      if (resident !== undefined && answer?.stopping === true) await goneWithin(resident.announcement, stopLimitMs);
      resident?.client.destroy();
    },
    stats: async () => {
      const resident = await connected();
      return resident?.client.request(statsSchema, { op: 'stats' }).catch(ignoreLostConnection);
    },
    disconnect: () => current?.client.destroy(),
  };
}

/** The job as it is; with a wait, when it has ended or the wait is over. Null when the process does not know it. */
async function viewOf(client: ResidentClient, handle: JobHandle, wait?: Wait): Promise<JobView | null> {
  if (wait === undefined) return client.request(jobView, message('find', handle), silenceLimitMs);
  let told: JobView | undefined;
  let release = (): void => {};
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const unlisten = client.listen(({ event, job }) => {
    if (`${job.number}` !== handle.id.split('/')[1]) return;
    told = job;
    if (event === 'done') release();
  });
  wait.signal.addEventListener('abort', release, { once: true });
  const timer = setTimeout(release, wait.ms);
  try {
    // Listening comes first: the end of a job is told once.
    const view = await client.request(jobView, message('watch', handle), silenceLimitMs);
    if (view === null || !isOpen(view) || wait.signal.aborted) return view;
    const lost = client.closed.then(() => {
      throw new ConnectionLostError('connection closed');
    });
    await Promise.race([released, lost]);
    return told ?? view;
  } catch (error) {
    // A process that went silent is as good as gone: the connection is given up, and whoever asks looks again.
    if (error instanceof ConnectionLostError) client.destroy();
    throw error;
  } finally {
    clearTimeout(timer);
    wait.signal.removeEventListener('abort', release);
    unlisten();
  }
}

function statusOf({ state, phase, tasksDone, tasksTotal, error }: JobView): JobStatus {
  switch (state) {
    case 'queued':
      return { state: 'waiting' };
    case 'running':
      return { state: 'running', progress: { phase, tasksDone, tasksTotal } };
    case 'succeeded':
      return { state: 'ended' };
    case 'failed':
      return { state: 'ended', cause: { kind: 'unknown', text: error ?? 'no error was told' } };
    case 'cancelled':
      return { state: 'ended', cause: { kind: 'cancelled', text: 'it was asked to stop' } };
  }
}

const isOpen = (view: JobView): boolean => view.state === 'queued' || view.state === 'running';

const message = (op: string, { stepKey, attempt }: JobAttempt) => ({ op, stepKey, attempt });

const isRefused = (error: unknown): boolean => error instanceof RequestRefusedError && error.type === 'Ending';

const isGoing = (error: unknown): boolean => error instanceof ConnectionLostError || isRefused(error);

function ignoreLostConnection(error: unknown): undefined {
  if (isGoing(error)) return undefined;
  throw error;
}
