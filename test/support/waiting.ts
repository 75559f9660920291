// Waiting for something that another process does: polls with a deadline, and says what did not come.
import { setTimeout as delay } from 'node:timers/promises';

/** The first defined, non-false answer. Throws after the deadline, naming `what` and the last error. */
export async function until<T>(
  what: string,
  look: () => T | undefined | false | Promise<T | undefined | false>,
  deadlineMs = 60_000,
): Promise<T> {
  const end = Date.now() + deadlineMs;
  let lastError: unknown;
  for (;;) {
    try {
      const answer = await look();
      if (answer !== undefined && answer !== false) return answer;
    } catch (error) {
      lastError = error;
    }
    if (Date.now() > end) {
      throw new Error(
        `waited ${deadlineMs / 1000} s in vain: ${what}`,
        lastError === undefined ? {} : { cause: lastError },
      );
    }
    await delay(25);
  }
}
