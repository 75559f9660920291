// Spark jobs on this machine: the port SparkRuntime over the resident process of a home. Survives its own crash, because
// all it knows is in the handle, in the files of the job and in the resident.
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { JobHandle, JobOutcome, JobProgress, JobSubmission, SparkRuntime } from '../../../activities/ports';
import { outcomeOf, recordedOutcome, type ReadText } from './recorded-outcome';
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

export type LocalRuntimeOptions = ResidentSettings & {
  /** Reads reports and failures. Default: this machine's files. */
  readonly readText?: ReadText;
};

export type LocalRuntime = SparkRuntime & {
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
/** Id of a handle whose job ended before it was looked for. */
const recordedId = 'recorded';
const jobView = jobViewSchema.nullable();
const pingMs = 10_000;
const silenceLimitMs = 40_000;
const reconnectLimitMs = 30_000;
const stopLimitMs = 30_000;
const retryMs = 100;
const maxTries = 5;

export function createLocalRuntime(options: LocalRuntimeOptions): LocalRuntime {
  const { home, log } = options;
  const readText = options.readText ?? readFileText;
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
    const recorded: JobHandle = { ...submission, runtime: name, id: recordedId };
    if ((await recordedOutcome(submission, readText)) !== undefined) return recorded;
    const resident = await connected();
    const view = await resident?.client.request(jobView, message('find', submission)).catch(ignoreLostConnection);
    if (resident === undefined || view === undefined || view === null) return undefined;
    if (isOpen(view)) return handleOf(resident, view);
    // It ended since the first look. Without a record it may as well never have been: it can be submitted again.
    return (await recordedOutcome(submission, readText)) === undefined ? undefined : recorded;
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

  async function submit(submission: JobSubmission): Promise<JobHandle> {
    const found = await find(submission);
    if (found !== undefined) return found;
    // Whether a broken connection took the job with it is unknown: the step key makes asking again safe, and the job
    // itself looks for its report first.
    return askEnsured(async (resident) =>
      handleOf(resident, await resident.client.request(jobViewSchema, submitMessage(submission))),
    );
  }

  async function watch(
    handle: JobHandle,
    onProgress: (progress: JobProgress) => void,
    signal: AbortSignal,
  ): Promise<JobOutcome> {
    for (;;) {
      signal.throwIfAborted();
      const recorded = await recordedOutcome(handle, readText);
      if (recorded !== undefined) return recorded;
      const instance = instanceOf(handle);
      const client = await connectedTo(instance);
      if (client === undefined) {
        // The process may have written the record between the first look and its end.
        return (await recordedOutcome(handle, readText)) ?? { kind: 'lost', reason: await endReason(home, instance) };
      }
      const view = await follow(client, handle, onProgress, signal).catch(ignoreLostConnection);
      if (view === null) return { kind: 'lost', reason: 'the resident Spark process does not know the job' };
      if (view !== undefined) return outcomeOf(view, await recordedOutcome(handle, readText));
      await delay(retryMs);
    }
  }

  async function cancel(handle: JobHandle): Promise<void> {
    for (;;) {
      const client = handle.id === recordedId ? undefined : await connectedTo(instanceOf(handle));
      if (client === undefined) return;
      const view = await client.request(jobView, message('cancel', handle)).catch(ignoreLostConnection);
      if (view !== undefined) return;
      await delay(retryMs);
    }
  }

  return {
    name,
    find,
    submit,
    watch,
    cancel,
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

/** Follows a job until it is terminal; null when the process does not know it. */
async function follow(
  client: ResidentClient,
  handle: JobHandle,
  onProgress: (progress: JobProgress) => void,
  signal: AbortSignal,
): Promise<JobView | null> {
  let stopWatching = (): void => {};
  try {
    return await new Promise<JobView | null>((resolve, reject) => {
      const number = Number(handle.id.split('/')[1]);
      const unlisten = client.listen(({ event, job }) => {
        if (job.number !== number) return;
        if (event === 'done') resolve(job);
        else onProgress({ phase: job.phase, tasksDone: job.tasksDone, tasksTotal: job.tasksTotal });
      });
      const abort = (): void => reject(signal.reason);
      // It may have been aborted on the way here; the event does not come again.
      if (signal.aborted) abort();
      signal.addEventListener('abort', abort, { once: true });
      const pings = setInterval(() => ping(client), pingMs);
      stopWatching = () => {
        unlisten();
        signal.removeEventListener('abort', abort);
        clearInterval(pings);
      };
      void client.closed.then(() => reject(new ConnectionLostError('connection closed')));
      client.request(jobView, message('watch', handle)).then((view) => {
        if (view === null) resolve(null);
      }, reject);
    });
  } finally {
    stopWatching();
  }
}

/** A process that went silent is as good as gone: the connection is given up, and whoever follows it looks again. */
function ping(client: ResidentClient): void {
  if (client.silenceMs > silenceLimitMs) client.destroy();
  else client.request(helloSchema, { op: 'hello' }).catch(ignoreLostConnection);
}

const isOpen = (view: JobView): boolean => view.state === 'queued' || view.state === 'running';

const instanceOf = (handle: JobHandle): string => handle.id.split('/')[0] ?? '';

const message = (op: string, { stepKey, attempt }: JobSubmission) => ({ op, stepKey, attempt });

const isRefused = (error: unknown): boolean => error instanceof RequestRefusedError && error.type === 'Ending';

const isGoing = (error: unknown): boolean => error instanceof ConnectionLostError || isRefused(error);

function ignoreLostConnection(error: unknown): undefined {
  if (isGoing(error)) return undefined;
  throw error;
}

const submitMessage = (submission: JobSubmission) => ({ op: 'submit', submission });

async function readFileText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}
