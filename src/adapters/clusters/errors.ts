// What EMR, or the way to it, said no with: kinds of failures, and whether a request may have been taken all the same.
import { HeadgateError } from '../../contracts/errors';
import type { FailureKind } from '../../contracts/failure';

export const nameOf = (error: unknown): string => (error instanceof Error ? error.name : '');

function statusOf(error: unknown): number | undefined {
  if (typeof error !== 'object' || error === null || !('$metadata' in error)) return undefined;
  const { $metadata } = error;
  if (typeof $metadata !== 'object' || $metadata === null || !('httpStatusCode' in $metadata)) return undefined;
  return typeof $metadata.httpStatusCode === 'number' ? $metadata.httpStatusCode : undefined;
}

const isFault = (error: unknown): boolean => !(error instanceof Error) || error instanceof TypeError;

const isThrottle = (error: unknown): boolean =>
  /throttl|TooManyRequests|RequestLimit/i.test(nameOf(error)) || statusOf(error) === 429;

/** A 4xx says that nothing was made. All else, also what is no answer at all, leaves it open. */
export function isUnclear(error: unknown): boolean {
  const status = statusOf(error);
  if (isFault(error) || isThrottle(error)) return false;
  // Nothing is sent without credentials.
  if (nameOf(error) === 'CredentialsProviderError') return false;
  return status === undefined || status < 400 || status >= 500;
}

const refusals: Readonly<Record<string, FailureKind>> = {
  AccessDeniedException: 'permission',
  UnrecognizedClientException: 'permission',
  ExpiredTokenException: 'permission',
  InvalidSignatureException: 'permission',
  CredentialsProviderError: 'permission',
  InvalidRequestException: 'config',
  ValidationException: 'config',
};

const remedies = {
  permission: 'Give the worker credentials that allow this action (docs/runbook.md lists all), and run again.',
  config: 'Correct what it names in `runtime: { emr: … }` of the pipeline file, and run again.',
  throttle: 'Nothing to do: it is asked again, more slowly.',
  infrastructure: 'Nothing to do: it is asked again. If it repeats, look at the network and at the health of EMR.',
} as const;

/** A fault of our own stays what it is, and is loud. */
export function toHeadgateError(error: unknown, action: string): unknown {
  if (isFault(error) || error instanceof HeadgateError) return error;
  const name = nameOf(error);
  const status = statusOf(error);
  const known = refusals[name];
  const kind = isThrottle(error)
    ? 'throttle'
    : known === 'permission' || known === 'config'
      ? known
      : status !== undefined && status >= 400 && status < 500
        ? 'config'
        : 'infrastructure';
  return new HeadgateError({
    kind,
    type: name === '' ? 'EmrError' : name,
    message: `EMR refused elasticmapreduce:${action}: ${error instanceof Error ? error.message : String(error)}.`,
    remedy: remedies[kind],
    fields: { action, status },
    cause: error,
  });
}
