// Turns what the SDK throws into EmrError. By name and status, never by text.
import { HeadgateError } from '../../contracts/errors';
import type { FailureKind } from '../../contracts/failure';

/** A call that EMR did not answer well. */
export class EmrError extends HeadgateError {
  readonly operation: string;
  /** The request may have been carried out all the same: the answer was lost, or says nothing. */
  readonly mayBeDone: boolean;

  constructor(input: {
    readonly operation: string;
    readonly kind: FailureKind;
    readonly type: string;
    /** Absent: none in particular. */
    readonly cluster?: string;
    readonly text: string;
    readonly remedy: string;
    readonly mayBeDone: boolean;
    readonly code?: string;
    readonly cause?: unknown;
  }) {
    const { operation, kind, type, cluster, text, remedy, mayBeDone, code = null, cause } = input;
    const about = cluster === undefined ? '' : ` for cluster ${cluster}`;
    const message = `EMR did not answer ${operation}${about}: ${text}.`;
    super({ kind, type, message, remedy, fields: { operation, cluster, code }, cause });
    this.operation = operation;
    this.mayBeDone = mayBeDone;
  }
}

/** EMR says no to what was asked: the cluster, the step or the request is not as it wants it. */
export const isRefusal = (error: unknown): error is EmrError =>
  error instanceof EmrError && error.type === emrErrorTypes.refused;

export const emrErrorTypes = {
  throttled: 'EmrThrottled',
  denied: 'EmrAccessDenied',
  refused: 'EmrRefused',
  failed: 'EmrFailed',
  credentials: 'NoCredentials',
} as const;

type Verdict = {
  readonly kind: FailureKind;
  readonly type: string;
  readonly remedy: string;
  readonly mayBeDone: boolean;
};

const throttled: Verdict = {
  kind: 'throttle',
  type: emrErrorTypes.throttled,
  remedy:
    'Nothing to do: it is tried again, more slowly. If it repeats, see which other programs of the account ask EMR.',
  mayBeDone: false,
};

const denied: Verdict = {
  kind: 'permission',
  type: emrErrorTypes.denied,
  remedy: 'Give the role of the worker the right to the action of the elasticmapreduce service that is named.',
  mayBeDone: false,
};

const refused: Verdict = {
  kind: 'config',
  type: emrErrorTypes.refused,
  remedy:
    'Check the id of the cluster and its region, and in the pipeline file what EMR names of `runtime: { emr: … }`.',
  mayBeDone: false,
};

const failed: Verdict = {
  kind: 'infrastructure',
  type: emrErrorTypes.failed,
  remedy: 'Nothing to do: it is tried again. If it repeats, check the network and the endpoint of EMR.',
  mayBeDone: true,
};

const names: Readonly<Record<string, Verdict>> = {
  ThrottlingException: throttled,
  Throttling: throttled,
  ThrottledException: throttled,
  TooManyRequestsException: throttled,
  RequestLimitExceeded: throttled,
  RequestThrottled: throttled,
  RequestThrottledException: throttled,
  AccessDeniedException: denied,
  AccessDenied: denied,
  UnauthorizedOperation: denied,
  UnrecognizedClientException: denied,
  InvalidClientTokenId: denied,
  InvalidSignatureException: denied,
  SignatureDoesNotMatch: denied,
  IncompleteSignature: denied,
  MissingAuthenticationToken: denied,
  MissingAuthenticationTokenException: denied,
  ExpiredToken: denied,
  ExpiredTokenException: denied,
  OptInRequired: denied,
  CredentialsProviderError: {
    kind: 'config',
    type: emrErrorTypes.credentials,
    remedy: 'Set AWS_PROFILE and AWS_REGION, or give the worker a role.',
    mayBeDone: false,
  },
  InvalidRequestException: refused,
  ValidationException: refused,
  ValidationError: refused,
  InternalServerException: failed,
  InternalServerError: failed,
  InternalFailure: failed,
  ServiceUnavailable: failed,
  ServiceUnavailableException: failed,
  // Our own limit for an answer.
  TimeoutError: failed,
};

type ErrorLike = { readonly name: string; readonly message: string };

/** Those of an aborted request are no `Error` everywhere. */
const isErrorLike = (error: unknown): error is ErrorLike =>
  typeof error === 'object' &&
  error !== null &&
  'name' in error &&
  typeof error.name === 'string' &&
  'message' in error &&
  typeof error.message === 'string';

/** The connection was never made, so nothing was asked. */
const unsent = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

function verdictOf(error: ErrorLike): Verdict | undefined {
  const known = Object.hasOwn(names, error.name) ? names[error.name] : undefined;
  if (known !== undefined) return known;
  const code = codeOf(error);
  if (code !== undefined) return { ...failed, mayBeDone: !unsent.has(code) };
  const status = statusOf(error);
  if (status === undefined) return undefined;
  if (status === 429) return throttled;
  if (status === 401 || status === 403) return denied;
  // An answer that cannot be read says nothing about what was done.
  return status >= 400 && status < 500 ? refused : failed;
}

/** What has no answer of EMR in it, and no broken connection, is a defect and passes unchanged. */
export function emrError(error: unknown, operation: string, cluster?: string): unknown {
  if (error instanceof EmrError || !isErrorLike(error)) return error;
  const verdict = verdictOf(error);
  if (verdict === undefined) return error;
  const code = codeOf(error) ?? error.name;
  return new EmrError({
    ...verdict,
    operation,
    ...(cluster === undefined ? {} : { cluster }),
    text: `${code}: ${error.message}`,
    code,
    cause: error,
  });
}

/** Of a broken connection, as Node tells it; connections in trouble of the SDK's own have no system call. */
const codeOf = (error: ErrorLike): string | undefined =>
  'code' in error && typeof error.code === 'string' && /^E[A-Z_]+$/.test(error.code) ? error.code : undefined;

function statusOf(error: ErrorLike): number | undefined {
  const holders = [
    '$metadata' in error ? error.$metadata : undefined,
    '$response' in error ? error.$response : undefined,
  ];
  for (const holder of holders) {
    if (typeof holder !== 'object' || holder === null) continue;
    if ('httpStatusCode' in holder && typeof holder.httpStatusCode === 'number') return holder.httpStatusCode;
    if ('statusCode' in holder && typeof holder.statusCode === 'number') return holder.statusCode;
  }
  return undefined;
}
