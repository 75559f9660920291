// Connections to Temporal: the settings shared with the Temporal CLI (TEMPORAL_ADDRESS, profiles, TLS, API keys).
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { NativeConnection } from '@temporalio/worker';
import { HeadgateError } from '../contracts/errors';
import { searchAttributeTypes } from '../contracts/names';

export const defaultAddress = '127.0.0.1:7233';

export type TemporalTarget = { readonly address: string; readonly namespace: string };

/** Address and namespace from the environment and Temporal's own profiles; an explicit address wins. */
export function temporalTarget(address?: string): TemporalTarget {
  const { connectionOptions, namespace } = loadClientConnectConfig();
  return { address: address ?? connectionOptions.address ?? defaultAddress, namespace: namespace ?? 'default' };
}

const optionsFor = (target: TemporalTarget) => ({
  ...loadClientConnectConfig().connectionOptions,
  address: target.address,
});

const unreachable = (target: TemporalTarget, cause: unknown): HeadgateError =>
  new HeadgateError({
    kind: 'infrastructure',
    type: 'TemporalUnreachable',
    message: `No Temporal server answers at ${target.address}.`,
    remedy: 'Start one with `headgate dev`, or set TEMPORAL_ADDRESS to a running server.',
    fields: { address: target.address },
    cause,
  });

/** A client; throws `TemporalUnreachable` when nothing answers within the time. */
export async function connectClient(target: TemporalTarget, timeoutMs = 5000): Promise<Client> {
  try {
    const connection = await Connection.connect({ ...optionsFor(target), connectTimeout: timeoutMs });
    return new Client({ connection, namespace: target.namespace });
  } catch (error) {
    throw unreachable(target, error);
  }
}

export async function connectWorker(target: TemporalTarget): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(optionsFor(target));
  } catch (error) {
    throw unreachable(target, error);
  }
}

const indexedTypes = { KEYWORD: 2, DATETIME: 6 } as const;

/** Registers our search attributes in the namespace; those that exist stay as they are. */
export async function registerSearchAttributes(client: Client, namespace: string): Promise<void> {
  const { operatorService } = client.connection as Connection;
  const known = await operatorService.listSearchAttributes({ namespace });
  const missing = Object.entries(searchAttributeTypes).filter(([name]) => known.customAttributes?.[name] === undefined);
  if (missing.length === 0) return;
  await operatorService.addSearchAttributes({
    namespace,
    searchAttributes: Object.fromEntries(missing.map(([name, type]) => [name, indexedTypes[type]])),
  });
}
