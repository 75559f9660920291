// The one client of EMR of a worker. One request a call: the SDK would repeat a submit whose answer was lost, and hide calls from
// the budget.
import { EMRClient, type EMRClientConfig } from '@aws-sdk/client-emr';
import { regionFrom, requireRegion } from '../aws-region';
import { emrError } from './errors';

export type Limit = { readonly abortSignal: AbortSignal };

export type EmrConnection = {
  readonly client: Pick<EMRClient, 'send'>;
  /** Sends within the limit of an answer; throws `EmrError` for whatever EMR or the way to it answers. */
  readonly asked: <T>(operation: string, cluster: string | undefined, ask: (limit: Limit) => Promise<T>) => Promise<T>;
};

/** An answer that takes longer is lost. */
const usualLimitMs = 20_000;

/** Region and credentials from the worker's environment; the endpoint too, as the SDK reads it (AWS_ENDPOINT_URL_EMR). */
export async function connectEmr(
  config: Omit<EMRClientConfig, 'maxAttempts'> = {},
  answerLimitMs = usualLimitMs,
): Promise<EmrConnection> {
  const client = new EMRClient({ ...regionFrom(process.env), ...config, maxAttempts: 1 });
  await requireRegion(client, 'A pipeline has the runtime emr');
  return { client, asked: createAsking(answerLimitMs) };
}

export const createAsking =
  (answerLimitMs = usualLimitMs): EmrConnection['asked'] =>
  async (operation, cluster, ask) => {
    const abortSignal = AbortSignal.timeout(answerLimitMs);
    try {
      return await ask({ abortSignal });
    } catch (error) {
      throw emrError(abortSignal.aborted ? abortSignal.reason : error, operation, cluster);
    }
  };
