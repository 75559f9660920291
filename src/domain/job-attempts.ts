// What follows an attempt at a Spark job: a pure decision over its outcome and the attempts so far.
import type { FailureKind, failureKinds, FailureSummary } from '../contracts/failure';

type Budgets = {
  readonly [Kind in FailureKind]: (typeof failureKinds)[Kind]['terminal'] extends true ? 0 : number;
};

/** How often each kind of failure may be tried again within one run of a step; the compiler keeps terminal kinds at 0. */
export const retryBudget: Budgets = {
  data: 0,
  config: 0,
  permission: 0,
  'inputs-changed': 0,
  throttle: 8,
  infrastructure: 3,
  conflict: 5,
  memory: 1,
  cancelled: 0,
  unknown: 1,
};

/** Attempts that failed so far, by kind. A lost process counts as infrastructure. */
export type AttemptTally = Readonly<Partial<Record<FailureKind, number>>>;

export type AttemptDecision =
  | { readonly kind: 'retry'; readonly afterSeconds: number; readonly tally: AttemptTally }
  | { readonly kind: 'give-up'; readonly failure: FailureSummary };

/** Seconds before the next attempt: broken processes at once, conflicts soon, throttles with a doubling wait. */
function delaySeconds(kind: FailureKind, tries: number): number {
  if (kind === 'infrastructure' && tries === 0) return 0;
  const base = kind === 'throttle' ? 15 : 1;
  return Math.min(base * 2 ** tries, 300);
}

/** Retry while the budget of the failure's kind lasts; otherwise give up with what is known. */
export function decideAttempt(failure: FailureSummary, tally: AttemptTally): AttemptDecision {
  const tries = tally[failure.kind] ?? 0;
  const mayRetry = tries < retryBudget[failure.kind];
  if (!mayRetry) return { kind: 'give-up', failure };
  return {
    kind: 'retry',
    afterSeconds: delaySeconds(failure.kind, tries),
    tally: { ...tally, [failure.kind]: tries + 1 },
  };
}

/** The failure that stands for a process which vanished without report or failure file. */
export const lostProcess = (reason: string): FailureSummary => ({
  kind: 'infrastructure',
  type: 'ProcessLost',
  message: `The process that ran the job is gone: ${reason}.`,
  remedy:
    'Nothing to do: the job runs again under the same step key. If it repeats, look at the log of the Spark process.',
  fields: { reason },
});
