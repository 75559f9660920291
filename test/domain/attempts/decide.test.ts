import { failureKinds, type FailureKind, type FailureSummary } from '../../../src/contracts/failure';
import { decideAttempt, lostJob, newCourse, retryBudget, type Course } from '../../../src/domain/attempts/decide';

const failure = (kind: FailureKind): FailureSummary => ({ kind, type: 'T', message: 'm', remedy: 'r', fields: {} });

/** Attempts until it gives up, counting the first. */
function attempts(kind: FailureKind, largestSize = 1): number {
  let course = newCourse;
  for (let made = 1; ; made += 1) {
    const decision = decideAttempt(failure(kind), course, largestSize);
    if (decision.kind === 'give-up') return made;
    ({ course } = decision);
  }
}

const after = (failed: Course['failed']): Course => ({ failed, size: 1 });
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
    const decision = decideAttempt(failure('conflict'), after({ infrastructure: 3 }), 1);
    expect(decision).toMatchObject({ kind: 'retry', course: { failed: { infrastructure: 3, conflict: 1 } } });
  });

  it('runs a job whose process was lost again at once, and slower when it is lost again', () => {
    const lost = lostJob('exit 137');
    const first = decideAttempt(lost, newCourse, 1);
    expect(first).toMatchObject({ kind: 'retry', afterSeconds: 0 });
    expect(decideAttempt(lost, after({ infrastructure: 1 }), 1)).toMatchObject({ kind: 'retry', afterSeconds: 2 });
  });

  it('waits ever longer for a throttling service, never over five minutes', () => {
    const delays = Array.from({ length: retryBudget.throttle }, (_, tries) => {
      const decision = decideAttempt(failure('throttle'), after({ throttle: tries }), 1);
      return decision.kind === 'retry' ? decision.afterSeconds : -1;
    });
    expect(delays).toEqual([15, 30, 60, 120, 240, 300, 300, 300]);
  });

  it('tries a job that ran out of memory at each larger size once, and gives up where there is none', () => {
    expect(attempts('memory')).toBe(1);
    expect(attempts('memory', 3)).toBe(3);
    expect(decideAttempt(failure('memory'), newCourse, 3)).toMatchObject({ kind: 'retry', course: { size: 2 } });
  });

  it('keeps the larger size when something else fails after it', () => {
    const decision = decideAttempt(failure('infrastructure'), { failed: { memory: 1 }, size: 2 }, 3);
    expect(decision).toMatchObject({ kind: 'retry', course: { size: 2 } });
  });

  it('takes the cause of the runtime for a lost job: one that was out of memory is not run again as it was', () => {
    expect(decideAttempt(lostJob('exit 137', 'memory'), newCourse, 1)).toMatchObject({ kind: 'give-up' });
    expect(lostJob('boom', 'unknown').type).toBe('FailureMissing');
  });
});
