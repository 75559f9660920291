// Which errors say that the Temporal server did not answer, how long a command waits for it, and what it says then.
import { setTimeout as delay } from 'node:timers/promises';
import { isGrpcServiceError, ServiceError } from '@temporalio/client';
import { HeadgateError } from '../contracts/errors';

/** gRPC's numbers of "cancelled", "deadline exceeded" and "unavailable"; its enum is in a package that only the SDK depends on. */
const unanswered: ReadonlySet<number> = new Set([1, 4, 14]);

function codeOf(error: unknown): number | undefined {
  for (let cause = error; cause instanceof Error; cause = cause.cause) {
    if (isGrpcServiceError(cause)) return cause.code;
  }
  return undefined;
}

/** The server may be ending, ended or being started again. Whatever it answered is no outage. */
export function isUnreachable(error: unknown): boolean {
  const code = codeOf(error);
  return code === undefined ? error instanceof ServiceError : unanswered.has(code);
}

export const temporalLost = (address: string, ms: number, cause?: unknown): HeadgateError =>
  new HeadgateError({
    kind: 'infrastructure',
    type: 'TemporalLost',
    message: `The Temporal server at ${address} has not answered for ${ms / 1000} seconds.`,
    remedy:
      'Look whether it runs. What was open stays open there: `headgate status` tells, and the same command again goes on.',
    fields: { address, seconds: ms / 1000 },
    cause,
  });

/** A server that is started again is back within seconds; one that says nothing so long is told of. */
const outageLimitMs = 120_000;
const retryMs = 400;

/** Asks as often as the server does not answer, up to a limit; what it says is given on as it is. */
export async function asking<Result>(
  ask: () => Promise<Result>,
  addressOf: () => string,
  limitMs = outageLimitMs,
): Promise<Result> {
  let since: number | undefined;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (!isUnreachable(error)) throw error;
      since ??= Date.now();
      if (Date.now() - since >= limitMs) throw temporalLost(addressOf(), limitMs, error);
      await delay(Math.min(retryMs, limitMs / 4));
    }
  }
}
