// Spark jobs as activities: submit once per attempt, find, watch and cancel. Knows runtimes only through their port.
import { activityInfo, cancellationSignal, Context } from '@temporalio/activity';
import { HeadgateError } from '../contracts/errors';
import { jobPaths } from '../contracts/layout';
import type { JobRequest } from '../contracts/job';
import type { CommitJob } from '../contracts/keeper';
import type { MaintenanceJob } from '../contracts/upkeep';
import type { PrepareJob } from '../domain/job-requests';
import { readDefinition } from './definitions';
import type { RuntimeName } from '../contracts/pipeline';
import { tellBeats } from './beats';
import { guarded } from './failures';
import { endJob, findAsked, followJob } from './follow-job';
import { clusterText, isReported, parsePlace, readHandle } from './job-records';
import type { JobEnd, JobHandle, JobOutcome, JobProgress, JobSubmission, ObjectStore, SparkRuntime } from './ports';
import { sha256 } from './sha256';

/** What a workflow knows of a job; the attempt, its places and the whole pipeline are filled in here. */
export type SubmitJobInput = {
  readonly runtime: RuntimeName;
  /** State folder of the pipeline. */
  readonly state: string;
  readonly request: PrepareJob['request'] | CommitJob['request'] | MaintenanceJob['request'];
  /** Attempts up to this one are over, whatever is still to be seen of them. Default none. */
  readonly after?: number;
  /** Default 1: as configured. */
  readonly size?: number;
  /** Where it runs, on runtimes that have clusters. */
  readonly cluster?: string;
};

/** This attempt was asked for on another host, which alone knows what became of it. */
export type Elsewhere = { readonly elsewhere: string; readonly attempt: number };

export type JobActivityDeps = {
  readonly runtimes: Partial<Record<RuntimeName, SparkRuntime>>;
  readonly store: ObjectStore;
  /** Task queue that only workers of this host and home serve. */
  readonly hostQueue: string;
};

type Sought =
  | { readonly kind: 'known'; readonly handle: JobHandle }
  | { readonly kind: 'asked' | 'new'; readonly runtime: SparkRuntime; readonly submission: JobSubmission }
  | ({ readonly kind: 'elsewhere' } & Elsewhere);

/** Id of a handle whose job left its report before it was looked for. */
const recordedId = 'recorded';

export function createJobActivities({ runtimes, store, hostQueue }: JobActivityDeps) {
  const runtimeOf = (name: RuntimeName): SparkRuntime => {
    const runtime = runtimes[name];
    if (runtime !== undefined) return runtime;
    throw new HeadgateError({
      kind: 'config',
      type: 'UnknownRuntime',
      message: `This worker has no runtime '${name}'; it has: ${Object.keys(runtimes).join(', ')}.`,
      remedy: 'Set runtime in the pipeline file to one of these, or start a worker that is configured for it.',
      fields: { runtime: name },
    });
  };

  const wholeRequest = async (request: SubmitJobInput['request']) =>
    request.job === 'prepare' ? { ...request, pipeline: await readDefinition(request.pipeline, store) } : request;

  const pathsOf = ({ state, request: { job, digest, generation } }: SubmitJobInput) =>
    jobPaths(state, job, digest, generation);

  function submissionOf(input: SubmitJobInput, attempt: number): JobSubmission {
    const { stepKey, job, generation } = input.request;
    const paths = pathsOf(input);
    return {
      stepKey: generation === 1 ? stepKey : `${stepKey}#${generation}`,
      job,
      attempt,
      size: input.size ?? 1,
      state: input.state,
      ...(input.cluster === undefined ? {} : { cluster: input.cluster }),
      requestPath: paths.request(attempt),
      reportPath: paths.report,
      failurePath: paths.failure(attempt),
    };
  }

  /** The attempt at the step that counts. Those that ended are over; the report of any is the end of the step. */
  async function seek(input: SubmitJobInput, after = input.after ?? 0): Promise<Sought> {
    const runtime = runtimeOf(input.runtime);
    const paths = pathsOf(input);
    for (let attempt = after + 1; ; attempt += 1) {
      const { size: _, state: _state, cluster: _cluster, ...job } = submissionOf(input, attempt);
      if (await isReported(store, job))
        return { kind: 'known', handle: { ...job, runtime: runtime.name, id: recordedId } };
      if ((await store.stat(job.failurePath)) !== undefined) continue;
      const handle = await readHandle(store, paths.handle(attempt));
      if (handle !== undefined) {
        const isHere = handle.taskQueue === undefined || handle.taskQueue === hostQueue;
        // It may be a job of the runtime that the pipeline had before.
        const hasEnded = isHere && (await runtimeOf(handle.runtime).status(handle)).state === 'ended';
        if (!hasEnded || (await isReported(store, handle))) return { kind: 'known', handle };
        continue;
      }
      const asked = (await store.stat(job.requestPath)) !== undefined;
      const place = parsePlace(await store.readText(paths.host(attempt)));
      const submission = submissionOf(input, attempt);
      if (place === undefined) return { kind: asked ? 'asked' : 'new', runtime, submission };
      const isOurKind = (place.kind === 'host') === runtime.traits.hostBound;
      // A runtime that the pipeline had before was never asked.
      if (!isOurKind && !asked) continue;
      if (place.kind === 'host') {
        if (place.host !== hostQueue) return { kind: 'elsewhere', elsewhere: place.host, attempt };
        return { kind: asked ? 'asked' : 'new', runtime: isOurKind ? runtime : runtimeOf('local'), submission };
      }
      // The cluster that was asked may be another one than is asked for now.
      const { cluster } = place;
      return {
        kind: asked ? 'asked' : 'new',
        runtime: runtimeOf(place.runtime),
        submission: { ...submission, cluster },
      };
    }
  }

  /** Writes down who is asked, and for what, before anybody is. False when somebody was faster. */
  async function recordIntent(input: SubmitJobInput, runtime: SparkRuntime, job: JobSubmission): Promise<boolean> {
    const { attempt, reportPath, failurePath, cluster } = job;
    // Whoever looks for the job later must know where.
    const named = cluster === undefined ? undefined : clusterText(runtime.name, cluster);
    const place = runtime.traits.hostBound ? hostQueue : named;
    if (place !== undefined) {
      const path = pathsOf(input).host(attempt);
      if (!(await store.putIfAbsent(path, place)) && (await store.readText(path)) !== place) return false;
    }
    const request: JobRequest = { ...(await wholeRequest(input.request)), attempt, reportPath, failurePath };
    return store.putIfAbsent(job.requestPath, `${JSON.stringify(request, null, 2)}\n`);
  }

  async function recorded(input: SubmitJobInput, attempt: number, submitted: JobHandle): Promise<JobHandle> {
    const { hostBound } = runtimeOf(submitted.runtime).traits;
    const handle = hostBound ? { ...submitted, taskQueue: hostQueue } : submitted;
    await store.putIfAbsent(pathsOf(input).handle(attempt), `${JSON.stringify(handle, null, 2)}\n`);
    return handle;
  }

  /** A job whose submit was begun, and whose id nobody wrote down. */
  async function findJobAsked(runtime: SparkRuntime, job: JobSubmission): Promise<JobHandle | undefined> {
    const token = tokenOf(job);
    if (runtime.find === undefined) return runtime.submit(job, token);
    return findAsked(async () => runtime.find?.(job, token), runtime.traits, Context.current().cancellationSignal);
  }

  async function submit(input: SubmitJobInput): Promise<JobHandle | Elsewhere> {
    let { after } = input;
    for (;;) {
      const sought = await seek(input, after);
      if (sought.kind === 'known') return sought.handle;
      if (sought.kind === 'elsewhere') return { elsewhere: sought.elsewhere, attempt: sought.attempt };
      const { runtime, submission } = sought;
      const { attempt } = submission;
      if (sought.kind === 'asked') {
        const found = await findJobAsked(runtime, submission);
        if (found !== undefined) return recorded(input, attempt, found);
        after = attempt;
        continue;
      }
      await runtime.makeReady?.(submission);
      if (await recordIntent(input, runtime, submission)) {
        return recorded(input, attempt, await runtime.submit(submission, tokenOf(submission)));
      }
    }
  }

  return {
    /** Finds the job of the step, or submits it once. Safe to repeat: a job that runs or has succeeded is found. */
    submitJob: guarded(async (input: SubmitJobInput): Promise<JobHandle | Elsewhere> => {
      tellBeats(() => ({ step: input.request.stepKey }));
      return submit(input);
    }),

    /** The job that `submitJob` has asked for, as far as it is known and may not have ended. Submits nothing new. */
    findJob: guarded(async (input: SubmitJobInput): Promise<JobHandle | Elsewhere | undefined> => {
      tellBeats(() => ({ step: input.request.stepKey }));
      const sought = await seek(input);
      if (sought.kind === 'known') return sought.handle;
      if (sought.kind === 'elsewhere') return { elsewhere: sought.elsewhere, attempt: sought.attempt };
      return sought.kind === 'asked' ? findJobAsked(sought.runtime, sought.submission) : undefined;
    }),

    /** Follows a job to its end. Whatever stops the watch leaves the job running; the next attempt adopts it. */
    watchJob: guarded(async (handle: JobHandle): Promise<JobOutcome> => {
      const runtime = runtimeOf(handle.runtime);
      let progress: JobProgress = { phase: 'queued', tasksDone: 0, tasksTotal: 0 };
      const { attempt } = activityInfo();
      tellBeats(() => ({ job: handle.id, attempt, ...progress }));
      return followJob({
        runtime,
        store,
        handle,
        signal: cancellationSignal(),
        onStatus: (status) => {
          if (status.state === 'running') ({ progress } = status);
        },
      });
    }),

    /** Ends a job that is open; returns when it is terminal. */
    cancelJob: guarded(async (handle: JobHandle): Promise<JobEnd> => {
      const runtime = runtimeOf(handle.runtime);
      tellBeats(() => ({ job: handle.id }));
      return endJob({ runtime, handle, signal: cancellationSignal() });
    }),
  };
}

/** The same for every submit of one attempt, of a length that every service takes. */
const tokenOf = ({ stepKey, attempt }: JobSubmission): string => sha256(`${stepKey}#${attempt}`);

export type JobActivities = ReturnType<typeof createJobActivities>;
