import { failureKinds, type FailureKind, type FailureSummary } from '../../src/contracts/failure';
import { decideAttempt, lostProcess, retryBudget, type AttemptTally } from '../../src/domain/job-attempts';

const failure = (kind: FailureKind): FailureSummary => ({ kind, type: 'T', message: 'm', remedy: 'r', fields: {} });

/** Attempts until it gives up, counting the first. */
function attempts(kind: FailureKind): number {
  let tally: AttemptTally = {};
  for (let made = 1; ; made += 1) {
    const decision = decideAttempt(failure(kind), tally);
    if (decision.kind === 'give-up') return made;
    tally = decision.tally;
  }
}

const kinds = Object.keys(failureKinds) as FailureKind[];

describe('decideAttempt', () => {
  it.each(kinds.filter((kind) => failureKinds[kind].terminal))('never retries %s', (kind) => {
    expect(attempts(kind)).toBe(1);
  });

  it.each(Object.entries(retryBudget))('retries %s exactly its budget', (kind, budget) => {
    expect(attempts(kind as FailureKind)).toBe(budget + 1);
  });

  it('ends for every kind: no failure is retried without bound', () => {
    for (const kind of kinds) expect(attempts(kind)).toBeLessThan(20);
  });

  it('counts kinds apart: a lost process does not use up the budget of conflicts', () => {
    const decision = decideAttempt(failure('conflict'), { infrastructure: 3 });
    expect(decision).toMatchObject({ kind: 'retry', tally: { infrastructure: 3, conflict: 1 } });
  });

  it('runs a job whose process was lost again at once, and slower when it is lost again', () => {
    const lost = lostProcess('exit 137');
    const first = decideAttempt(lost, {});
    expect(first).toMatchObject({ kind: 'retry', afterSeconds: 0 });
    expect(decideAttempt(lost, { infrastructure: 1 })).toMatchObject({ kind: 'retry', afterSeconds: 2 });
  });

  it('waits ever longer for a throttling service, never over five minutes', () => {
    const delays = Array.from({ length: retryBudget.throttle }, (_, tries) => {
      const decision = decideAttempt(failure('throttle'), { throttle: tries });
      return decision.kind === 'retry' ? decision.afterSeconds : -1;
    });
    expect(delays).toEqual([15, 30, 60, 120, 240, 300, 300, 300]);
  });
});
