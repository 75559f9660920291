// Puts a job on a cluster once. EMR has no token: what is there is looked up, one request is sent, and after an answer that says
// nothing it is looked up again. Whoever calls has written down that it asks, and looks for the settling time before it asks again.
import { setTimeout as delay } from 'node:timers/promises';
import { HeadgateError } from '../../../contracts/errors';
import type { JobAttempt, JobHandle, JobSubmission } from '../../../activities/ports';
import { EmrError, emrErrorTypes, isRefusal } from '../../emr/errors';
import type { ClusterView, EmrApi, NewStep, StepView } from './api';
import type { CallBudget } from '../../emr/budget';
import { clusterPhaseOf, isOpen, openStates } from './states';
import { attemptOf, handleOf, newHandle, noStep, stepName, stepOf, type ShippedCode, type StepSettings } from './step';

export type SubmitDeps = {
  /** Sends once what it is told; for the submit alone. */
  readonly api: EmrApi;
  /** The same under the budget. */
  readonly asking: EmrApi;
  readonly budget: CallBudget;
  readonly ship: (state: string) => Promise<ShippedCode>;
  readonly settings: StepSettings;
  readonly onSubmitted: (cluster: string, step: StepView) => void;
};

/**
 * A request that leaves later, or is answered later, could meet the next attempt of somebody who has stopped looking. With the
 * limit of an answer (20 s) and what EMR tells late, it stays within the settling time of `runtimeTraits`.
 */
const sendWithinMs = 60_000;

/** Pending and running ones together; EMR takes no more. */
const longestQueue = 256;
const queuePauseMs = 5_000;
const throttlePauseMs = 3_000;

/** An answer that was lost is looked for here so long; then the caller looks for the rest of the settling time. */
const lookForMs = 20_000;
const lookPauseMs = 4_000;
/** Clocks of EMR and of the worker. */
const skewMs = 300_000;

export function createSubmit(deps: SubmitDeps) {
  const { api, asking, budget, settings, onSubmitted } = deps;
  const listings = new Map<string, { current: Promise<readonly StepView[]>; next?: Promise<readonly StepView[]> }>();
  const clusters = new Map<string, Promise<ClusterView>>();

  async function list(cluster: string): Promise<readonly StepView[]> {
    const found: StepView[] = [];
    let marker: string | undefined;
    do {
      const page = await asking.listSteps(cluster, { states: openStates }, marker);
      found.push(...page.steps);
      ({ marker } = page);
    } while (marker !== undefined);
    return found;
  }

  /** All that are open, by a listing that begins after the question. Those who ask meanwhile share the next one. */
  async function openSteps(cluster: string): Promise<readonly StepView[]> {
    const running = listings.get(cluster);
    if (running !== undefined) {
      running.next ??= running.current.catch(() => undefined).then(() => begin(cluster));
      return running.next;
    }
    return begin(cluster);
  }

  async function begin(cluster: string): Promise<readonly StepView[]> {
    const current = list(cluster).finally(() => {
      const listing = listings.get(cluster);
      if (listing?.current === current && listing.next === undefined) listings.delete(cluster);
    });
    listings.set(cluster, { current });
    return current;
  }

  /** Release, log place and Spark's settings of a cluster never change. */
  async function describe(cluster: string): Promise<ClusterView> {
    const known = clusters.get(cluster) ?? asking.describeCluster(cluster);
    clusters.set(cluster, known);
    return known.catch((error: unknown) => {
      clusters.delete(cluster);
      throw error;
    });
  }

  /** The newest steps of any state, as far back as the request may lie: the job may have ended before its id is known. */
  async function sentSince(cluster: string, job: JobAttempt, sinceMs: number): Promise<StepView | undefined> {
    let marker: string | undefined;
    do {
      const { steps, marker: next } = await asking.listSteps(cluster, {}, marker);
      const found = steps.find((step) => step.name === stepName(job) && isSince(step, sinceMs));
      if (found !== undefined) return found;
      marker = steps.every((step) => isSince(step, sinceMs)) ? next : undefined;
    } while (marker !== undefined);
    return undefined;
  }

  async function lookFor(cluster: string, job: JobAttempt, sentMs: number): Promise<StepView | undefined> {
    const end = Date.now() + lookForMs;
    for (;;) {
      const found = await sentSince(cluster, job, sentMs - skewMs);
      if (found !== undefined || Date.now() >= end) return found;
      await delay(lookPauseMs);
    }
  }

  async function find(cluster: string, job: JobAttempt): Promise<JobHandle | undefined> {
    const step = (await openSteps(cluster)).find((open) => attemptOf(open, job) !== undefined);
    return step === undefined ? undefined : handleOf(cluster, step, job);
  }

  /** A cluster that takes no more steps: the job has ended before it began, and the next attempt may have another cluster. */
  async function refusal(cluster: string, job: JobAttempt, error: EmrError): Promise<JobHandle> {
    const view = await asking.describeCluster(cluster).catch((refused: unknown) => {
      if (isRefusal(refused)) throw error;
      throw refused;
    });
    if (clusterPhaseOf(view) === 'up') throw error;
    return newHandle(cluster, noStep, job);
  }

  /** Undefined: it was not taken, and may be sent again. */
  async function send(cluster: string, job: JobAttempt, step: NewStep, endMs: number): Promise<JobHandle | undefined> {
    let sentMs = Date.now();
    const check = (): void => {
      sentMs = Date.now();
      if (sentMs > endMs) throw tooLate(job, cluster, 'EMR is asked too often');
    };
    try {
      const id = await budget.once('addStep', cluster, () => api.addStep(cluster, step), check);
      onSubmitted(cluster, { id, name: step.name, args: step.args, state: 'PENDING', createdMs: Date.now() });
      return newHandle(cluster, id, job);
    } catch (error) {
      if (!(error instanceof EmrError)) throw error;
      if (error.kind === 'throttle') return undefined;
      if (error.type === emrErrorTypes.refused) return refusal(cluster, job, error);
      if (!error.mayBeDone) {
        if (error.kind === 'infrastructure') return undefined;
        throw error;
      }
      const found = await lookFor(cluster, job, sentMs);
      if (found === undefined) throw unanswered(job, cluster, error);
      return handleOf(cluster, found, job);
    }
  }

  /** Undefined for a cluster that has ended. */
  async function readyStep(cluster: string, job: JobSubmission): Promise<NewStep | undefined> {
    const view = await describe(cluster);
    if (clusterPhaseOf(view) === 'ended') return undefined;
    return stepOf(job, view, await deps.ship(job.state), settings);
  }

  async function submit(cluster: string, job: JobSubmission): Promise<JobHandle> {
    const endMs = Date.now() + sendWithinMs;
    const step = await readyStep(cluster, job);
    if (step === undefined) return newHandle(cluster, noStep, job);
    for (;;) {
      const open = await openSteps(cluster);
      const known = open.find((other) => attemptOf(other, job) !== undefined);
      if (known !== undefined) return handleOf(cluster, known, job);
      const isFull = open.filter(isOpen).length >= longestQueue;
      const handle = isFull ? undefined : await send(cluster, job, step, endMs);
      if (handle !== undefined) return handle;
      const pauseMs = isFull ? queuePauseMs : throttlePauseMs;
      if (Date.now() + pauseMs > endMs)
        throw tooLate(job, cluster, isFull ? 'its queue of 256 steps is full' : 'EMR throttles');
      await delay(pauseMs);
    }
  }

  return { readyStep, submit, find };
}

/** One that EMR gives no time for may be the one. */
const isSince = ({ createdMs }: StepView, sinceMs: number): boolean => createdMs === undefined || createdMs >= sinceMs;

const tooLate = ({ stepKey }: JobAttempt, cluster: string, why: string): HeadgateError =>
  new HeadgateError({
    kind: 'throttle',
    type: 'StepNotSent',
    message: `${stepKey} was not put on cluster ${cluster} within ${sendWithinMs / 1000} s: ${why}.`,
    remedy: 'Nothing to do: it is tried again. If it repeats, use a larger cluster, or more of them.',
    fields: { stepKey, cluster },
  });

const unanswered = ({ stepKey }: JobAttempt, cluster: string, cause: EmrError): HeadgateError =>
  new HeadgateError({
    kind: 'infrastructure',
    type: 'StepUnanswered',
    message: `${stepKey} was sent to cluster ${cluster}, and EMR did not say whether it took it: ${cause.message}`,
    remedy: 'Nothing to do: the step is looked for before it is sent again.',
    fields: { stepKey, cluster },
    cause,
  });
