// Turns what S3 and its client say into the failure table. What is not in it is a defect: loud, and not tried again.
import { HeadgateError } from '../../contracts/errors';
import { codeOf, nameOf, passed, type Verdict } from './errors';
import { bucketArn, locate, objectArn } from './s3-address';

/** What a store does, in the words of its messages, and what IAM must allow for it. */
const grants = {
  list: { object: [], bucket: ['s3:ListBucket'] },
  // Without ListBucket S3 does not tell a missing object from a forbidden one.
  'look at': { object: ['s3:GetObject'], bucket: ['s3:ListBucket'] },
  read: { object: ['s3:GetObject'], bucket: ['s3:ListBucket'] },
  write: { object: ['s3:PutObject', 's3:AbortMultipartUpload'], bucket: [] },
  create: { object: ['s3:PutObject', 's3:GetObject'], bucket: [] },
  copy: { object: ['s3:GetObject'], bucket: [] },
  remove: { object: ['s3:DeleteObject'], bucket: ['s3:ListBucket'] },
} as const satisfies Record<string, { readonly object: readonly string[]; readonly bucket: readonly string[] }>;

export type Operation = keyof typeof grants;

/** `to`: where a copy goes. */
export type S3Access = {
  readonly operation: Operation;
  readonly path: string;
  readonly to?: string;
  readonly region: string;
};

type Case = Omit<Verdict, 'remedy'> & {
  readonly names: readonly string[];
  readonly status: readonly number[];
  readonly remedy: (access: S3Access, error: unknown) => string;
};

const again = (): string => 'Nothing to do: it is tried again.';

const cases: readonly Case[] = [
  {
    names: ['ExpiredToken', 'ExpiredTokenException', 'RequestExpired', 'TokenRefreshRequired'],
    status: [],
    ...{ kind: 'permission', type: 'CredentialsExpired', cause: 'the AWS credentials have expired' },
    remedy: () => 'Get new ones (`aws sso login`, or a new session), start the worker again with them, and run again.',
  },
  {
    names: ['InvalidAccessKeyId', 'SignatureDoesNotMatch', 'InvalidToken', 'InvalidSecurity'],
    status: [401],
    ...{ kind: 'permission', type: 'CredentialsRefused', cause: 'S3 does not know the AWS credentials' },
    remedy: () => 'Correct the credentials of the worker: AWS_PROFILE, AWS_ACCESS_KEY_ID with its secret, or its role.',
  },
  {
    names: ['CredentialsProviderError', 'ConfigError', 'TokenProviderError'],
    status: [],
    ...{ kind: 'config', type: 'NoCredentials', cause: 'there are no usable AWS credentials' },
    remedy: () => 'Set AWS_PROFILE, sign in (`aws sso login`), or give the worker a role.',
  },
  {
    names: ['RequestTimeTooSkewed'],
    status: [],
    ...{ kind: 'config', type: 'ClockWrong', cause: 'the clock of this machine is wrong' },
    remedy: () => 'Set the clock: S3 refuses what is signed more than 15 minutes away from its own time.',
  },
  {
    names: ['InvalidObjectState'],
    status: [],
    ...{ kind: 'data', type: 'ObjectArchived', cause: 'the object is archived (Glacier)' },
    remedy: () => 'Restore it (`aws s3api restore-object`) or move it away, then run again.',
  },
  {
    names: ['PermanentRedirect', 'TemporaryRedirect', 'Redirect', 'IllegalLocationConstraintException'],
    status: [301, 307, 308],
    ...{ kind: 'config', type: 'WrongRegion', cause: 'the bucket is in another AWS region' },
    remedy: ({ region }, error) =>
      `Set AWS_REGION to the bucket's region${regionOf(error) ?? ''}; the worker uses ${region}.`,
  },
  {
    names: ['NoSuchBucket'],
    status: [],
    ...{ kind: 'config', type: 'NoSuchBucket', cause: 'the bucket does not exist' },
    remedy: () => 'Correct the bucket name, or create the bucket.',
  },
  {
    names: ['InvalidBucketName'],
    status: [],
    ...{ kind: 'config', type: 'BadS3Path', cause: 'no bucket can have this name' },
    remedy: () => 'Correct the bucket name.',
  },
  {
    names: ['KeyTooLongError'],
    status: [],
    ...{ kind: 'config', type: 'NameTooLong', cause: 'the key is longer than 1,024 bytes' },
    remedy: () => 'Use a shorter path.',
  },
  {
    names: ['AccessDenied', 'AllAccessDisabled', 'AccountProblem', 'Forbidden', 'KMS.AccessDeniedException'],
    status: [403],
    ...{ kind: 'permission', type: 'AccessDenied', cause: 'access is refused' },
    remedy: (access) => `${howToGrant(access)} A key of KMS on the bucket wants kms:Decrypt and kms:GenerateDataKey.`,
  },
  {
    names: ['KMS.DisabledException', 'KMS.NotFoundException', 'KMS.KMSInvalidStateException'],
    status: [],
    ...{ kind: 'config', type: 'KeyUnusable', cause: 'the KMS key of the bucket cannot be used' },
    remedy: () => 'Enable or restore the KMS key, or give the bucket another one.',
  },
  {
    names: ['ConditionalRequestConflict', 'OperationAborted'],
    status: [409],
    ...{ kind: 'throttle', type: 'WriteConflict', cause: 'others write the same key at the same time' },
    remedy: again,
  },
  {
    names: ['NotImplemented'],
    status: [501],
    ...{ kind: 'config', type: 'StoreLacks', cause: 'this S3 server does not know what is asked of it' },
    remedy: () => 'Hold the store against what Headgate needs: `headgate doctor --store <place>`.',
  },
  {
    names: ['SlowDown', 'ServiceUnavailable', 'Throttling', 'ThrottlingException', 'TooManyRequestsException'],
    status: [429, 503],
    ...{ kind: 'throttle', type: 'SlowDown', cause: 'S3 asks to slow down' },
    remedy: again,
  },
  {
    names: ['BadDigest', 'InvalidDigest', 'XAmzContentSHA256Mismatch', 'XAmzContentChecksumMismatch'],
    status: [],
    ...{ kind: 'infrastructure', type: 'ChecksumWrong', cause: 'what arrived is not what was sent' },
    remedy: again,
  },
];

/** The network, and S3's own failures. */
const outages = new Set([
  ...['ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH'],
  ...[
    'ENETUNREACH',
    'ERR_STREAM_PREMATURE_CLOSE',
    'TimeoutError',
    'NetworkingError',
    'RequestTimeout',
    'IncompleteBody',
  ],
]);

export const isOutage = (error: unknown): boolean =>
  outages.has(codeOf(error) ?? '') || outages.has(nameOf(error)) || (httpStatus(error) ?? 0) >= 500;

function howToGrant({ operation, path, to, region }: S3Access): string {
  const { object, bucket } = grants[operation];
  const at = locate(path);
  const parts = [
    object.length === 0 ? undefined : `${object.join(', ')} on ${objectArn(at, region)}`,
    to === undefined ? undefined : `s3:PutObject, s3:AbortMultipartUpload on ${objectArn(locate(to), region)}`,
    bucket.length === 0 ? undefined : `${bucket.join(', ')} on ${bucketArn(at, region)}`,
  ];
  return `Allow the worker's identity ${parts.filter((part) => part !== undefined).join(', and ')} (or a prefix of it).`;
}

/** S3 names the region in a header, and in the text of some errors. */
function regionOf(error: unknown): string | undefined {
  const headers = responseOf(error)?.headers;
  const named =
    typeof headers === 'object' && headers !== null && 'x-amz-bucket-region' in headers
      ? headers['x-amz-bucket-region']
      : typeof error === 'object' && error !== null && 'Region' in error
        ? error.Region
        : undefined;
  return typeof named === 'string' ? `, ${named}` : undefined;
}

function responseOf(error: unknown): { readonly headers?: unknown } | undefined {
  const response = typeof error === 'object' && error !== null && '$response' in error ? error.$response : undefined;
  return typeof response === 'object' && response !== null ? response : undefined;
}

/** A signature for a wrong region is refused as malformed. */
const isWrongRegion = (error: unknown): boolean =>
  nameOf(error) === 'AuthorizationHeaderMalformed' && regionOf(error) !== undefined;

function caseOf(error: unknown): Case | undefined {
  const name = isWrongRegion(error) ? 'PermanentRedirect' : nameOf(error);
  const status = httpStatus(error) ?? 0;
  return (
    cases.find(({ names }) => names.includes(name)) ?? cases.find((candidate) => candidate.status.includes(status))
  );
}

/** For errors of the S3 client. A cancellation, a HeadgateError and what only wrong code throws pass unchanged. */
export function s3Error(error: unknown, access: S3Access): unknown {
  // An answer that cannot be parsed is the server's, whatever class of error it makes.
  const isOurs = passed.has(nameOf(error)) && httpStatus(error) === undefined;
  if (error instanceof HeadgateError || isOurs) return error;
  const { operation, path, to } = access;
  const found = caseOf(error);
  const where = `Cannot ${operation} ${path}${to === undefined ? '' : ` to ${to}`}`;
  const text = error instanceof Error ? error.message : String(error);
  if (found === undefined && !isOutage(error)) {
    return Object.assign(new Error(`${where}: ${text}`, { cause: error }), { name: nameOf(error) });
  }
  const said = text === '' || text === nameOf(error) ? '' : ` (${text.replace(/\.$/, '')})`;
  return new HeadgateError({
    kind: found?.kind ?? 'infrastructure',
    type: found?.type ?? 'StoreFailed',
    message: found === undefined ? `${where}: ${text}.` : `${where}: ${found.cause}${said}.`,
    remedy: found?.remedy(access, error) ?? 'Check the network and the endpoint; the operation is tried again.',
    fields: { path, operation, code: codeOf(error) ?? (nameOf(error) || null), status: httpStatus(error) ?? null },
    cause: error,
  });
}

type Metadata = { readonly httpStatusCode?: unknown; readonly attempts?: unknown };

function metadataOf(error: unknown): Metadata {
  const found = typeof error === 'object' && error !== null && '$metadata' in error ? error.$metadata : undefined;
  return typeof found === 'object' && found !== null ? found : {};
}

export function httpStatus(error: unknown): number | undefined {
  const { httpStatusCode } = metadataOf(error);
  return typeof httpStatusCode === 'number' ? httpStatusCode : undefined;
}

/** How often the client asked before it gave up or got this answer. */
export function attemptsOf(error: unknown): number {
  const { attempts } = metadataOf(error);
  return typeof attempts === 'number' ? attempts : 1;
}
