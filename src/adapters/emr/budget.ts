// All calls of a worker to EMR in one region pass here: they are spaced, counted, and tried again where that is harmless.
import { setTimeout as delay } from 'node:timers/promises';
import { HeadgateError } from '../../contracts/errors';

export type EmrCall = {
  readonly operation: string;
  readonly cluster: string;
  readonly outcome: 'answered' | 'throttled' | 'failed';
};

export type BudgetOptions = {
  /** Calls a second in the long run. Default 4. EMR's own limits are per account and are not published for all calls. */
  readonly perSecond?: number;
  /** Calls that may come at once. Default 20. */
  readonly burst?: number;
  readonly random?: () => number;
  /** Hears of every request that was sent, for metrics and for the ledger of a run. */
  readonly onCall?: (call: EmrCall) => void;
};

/** Requests that were sent, by operation. */
export type CallCounts = Readonly<Record<string, number>>;

export type CallBudget = {
  /** Waits for its turn, sends once, and counts. `check` may still stop it when its turn has come. */
  readonly once: <T>(operation: string, cluster: string, send: () => Promise<T>, check?: () => void) => Promise<T>;
  /** The same again and again, as long as EMR throttles or breaks, for half a minute. Only for what is harmless to repeat. */
  readonly repeated: <T>(operation: string, cluster: string, send: () => Promise<T>) => Promise<T>;
  readonly counts: () => CallCounts;
};

const slowestIntervalMs = 8_000;
const retryLimitMs = 30_000;
const firstPauseMs = 500;
const longestPauseMs = 10_000;

export function createCallBudget(options: BudgetOptions = {}): CallBudget {
  const { perSecond = 4, burst = 20, random = Math.random, onCall = () => undefined } = options;
  const usualMs = 1000 / perSecond;
  let intervalMs = usualMs;
  /** When the next call is due if all came evenly; a burst runs ahead of it. */
  let dueMs = 0;
  const counts: Record<string, number> = {};

  let line = Promise.resolve();

  /** One after another: who waits is let go at the pace of that moment. */
  function turn(): Promise<void> {
    line = line.then(async () => {
      const now = Date.now();
      dueMs = Math.max(dueMs, now) + intervalMs;
      const waitMs = dueMs - burst * usualMs - now;
      if (waitMs > 0) await delay(waitMs);
    });
    return line;
  }

  function heard(operation: string, cluster: string, error?: unknown): void {
    const isThrottled = error instanceof HeadgateError && error.kind === 'throttle';
    if (isThrottled) {
      intervalMs = Math.min(intervalMs * 2, slowestIntervalMs);
      // No burst is left for those who come now.
      dueMs = Math.max(dueMs, Date.now() + burst * usualMs);
    } else {
      intervalMs = Math.max(intervalMs * 0.9, usualMs);
    }
    counts[operation] = (counts[operation] ?? 0) + 1;
    onCall({ operation, cluster, outcome: isThrottled ? 'throttled' : error === undefined ? 'answered' : 'failed' });
  }

  async function once<T>(operation: string, cluster: string, send: () => Promise<T>, check?: () => void) {
    await turn();
    check?.();
    try {
      const answer = await send();
      heard(operation, cluster);
      return answer;
    } catch (error) {
      heard(operation, cluster, error);
      throw error;
    }
  }

  async function repeated<T>(operation: string, cluster: string, send: () => Promise<T>): Promise<T> {
    const end = Date.now() + retryLimitMs;
    for (let tries = 0; ; tries += 1) {
      try {
        return await once(operation, cluster, send);
      } catch (error) {
        // Full jitter: those who were throttled together do not come back together.
        const pauseMs = random() * Math.min(firstPauseMs * 2 ** tries, longestPauseMs);
        if (!isPassing(error) || Date.now() + pauseMs > end) throw error;
        await delay(pauseMs);
      }
    }
  }

  return { once, repeated, counts: () => ({ ...counts }) };
}

/** Gone by itself, as a rule. */
export const isPassing = (error: unknown): boolean =>
  error instanceof HeadgateError && (error.kind === 'throttle' || error.kind === 'infrastructure');
