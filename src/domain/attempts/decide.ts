// What follows an attempt at a Spark job: a pure decision over its failure and the attempts so far.
import type { FailureKind, failureKinds, FailureSummary } from '../../contracts/failure';

type Budgets = {
  readonly [Kind in FailureKind]: (typeof failureKinds)[Kind]['terminal'] extends true ? 0 : number;
};

/** How often each kind of failure may be tried again within one run of a step, at the same size; terminal kinds never. */
export const retryBudget: Budgets = {
  data: 0,
  config: 0,
  permission: 0,
  'inputs-changed': 0,
  throttle: 8,
  infrastructure: 3,
  conflict: 5,
  // The same size would end the same way.
  memory: 0,
  cancelled: 0,
  unknown: 1,
};

/** The attempts of one step so far. A lost process counts as infrastructure. */
export type Course = {
  readonly failed: Readonly<Partial<Record<FailureKind, number>>>;
  /** Of the next attempt. */
  readonly size: number;
};

export const newCourse: Course = { failed: {}, size: 1 };

export type AttemptDecision =
  | { readonly kind: 'retry'; readonly afterSeconds: number; readonly course: Course }
  | { readonly kind: 'give-up'; readonly failure: FailureSummary };

/** Seconds before the next attempt: broken processes at once, conflicts soon, throttles with a doubling wait. */
function delaySeconds(kind: FailureKind, tries: number): number {
  if (kind === 'infrastructure' && tries === 0) return 0;
  const base = kind === 'throttle' ? 15 : 1;
  return Math.min(base * 2 ** tries, 300);
}

/** Tries again while the budget of the kind lasts; memory, at each larger size that the runtime has. */
export function decideAttempt(failure: FailureSummary, course: Course, largestSize: number): AttemptDecision {
  const { kind } = failure;
  const tries = course.failed[kind] ?? 0;
  const failed = { ...course.failed, [kind]: tries + 1 };
  if (kind === 'memory' && course.size < largestSize) {
    return { kind: 'retry', afterSeconds: 0, course: { failed, size: course.size + 1 } };
  }
  const mayRetry = tries < retryBudget[kind];
  if (!mayRetry) return { kind: 'give-up', failure };
  return { kind: 'retry', afterSeconds: delaySeconds(kind, tries), course: { ...course, failed } };
}

/** The failure that stands for a job which ended without report and failure; `kind` as the runtime sees it. */
export const lostJob = (reason: string, kind: FailureKind = 'infrastructure', logs?: string): FailureSummary => ({
  kind,
  type: kind === 'unknown' ? 'FailureMissing' : 'ProcessLost',
  message: `The job ended and left neither report nor failure: ${reason}.`,
  remedy:
    retryBudget[kind] === 0
      ? 'Look at the log of the Spark process, and run again.'
      : 'Nothing to do: the job runs again under the same step key. If it repeats, look at the log of the Spark process.',
  fields: { reason, ...(logs === undefined ? {} : { logs }) },
});
