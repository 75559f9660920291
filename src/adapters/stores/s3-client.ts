// The one S3 client of workers and commands, from the standard AWS environment. Who asks for a store gets it from index.ts.
import { S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { regionFrom, requireRegion } from '../aws-region';
import { callsAtOnce } from '../../domain/map-bounded';

type Env = Readonly<Record<string, string | undefined>>;

/** A connection for everything that one activity asks at once, and for the next activity beside it. */
const sockets = { keepAlive: true, maxSockets: 2 * callsAtOnce };

/** About 10 seconds of pauses: a store that is busy for longer is the business of the activity's retries. */
const attempts = 6;

/** An endpoint of one's own is no AWS: its buckets are paths and no host names. */
function settings(env: Env): S3ClientConfig {
  const endpoint = env['AWS_ENDPOINT_URL_S3'] ?? env['AWS_ENDPOINT_URL'];
  return {
    ...(endpoint === undefined || env['AWS_IGNORE_CONFIGURED_ENDPOINT_URLS'] === 'true'
      ? {}
      : { endpoint, forcePathStyle: true }),
    ...regionFrom(env),
    ...(env['AWS_MAX_ATTEMPTS'] === undefined ? { maxAttempts: attempts } : {}),
    requestHandler: {
      httpAgent: sockets,
      httpsAgent: sockets,
      connectionTimeout: 5_000,
      // S3 copies a part of 512 MiB without a word.
      socketTimeout: 120_000,
    },
  };
}

/** `more` goes before what the environment says. */
export async function createS3Client(more: S3ClientConfig = {}): Promise<S3Client> {
  const client = new S3Client({ ...settings(process.env), ...more });
  await requireRegion(client, 'An S3 path was asked for');
  return client;
}
