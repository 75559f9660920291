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

export async function connectPlain(target: TemporalTarget, timeoutMs = 5000): Promise<Connection> {
  try {
    return await Connection.connect({ ...optionsFor(target), connectTimeout: timeoutMs });
  } catch (error) {
    throw unreachable(target, error);
  }
}

/** A client; throws `TemporalUnreachable` when nothing answers within the time. */
export const connectClient = async (target: TemporalTarget, timeoutMs?: number): Promise<Client> =>
  new Client({ connection: await connectPlain(target, timeoutMs), namespace: target.namespace });

export async function connectWorker(target: TemporalTarget): Promise<NativeConnection> {
  try {
    return await NativeConnection.connect(optionsFor(target));
  } catch (error) {
    throw unreachable(target, error);
  }
}

const indexedTypes = { KEYWORD: 2, DATETIME: 6 } as const;

export async function addSearchAttributes(
  connection: Connection,
  namespace: string,
  attributes: readonly (readonly [name: string, type: keyof typeof indexedTypes])[],
): Promise<void> {
  const searchAttributes = Object.fromEntries(attributes.map(([name, type]) => [name, indexedTypes[type]]));
  await connection.operatorService.addSearchAttributes({ namespace, searchAttributes });
}

export const ourSearchAttributes = Object.entries(searchAttributeTypes);

/** Registers our search attributes in the namespace; those that exist stay as they are. */
export async function registerSearchAttributes(connection: Connection, namespace: string): Promise<void> {
  const known = await connection.operatorService.listSearchAttributes({ namespace });
  const missing = ourSearchAttributes.filter(([name]) => known.customAttributes?.[name] === undefined);
  if (missing.length > 0) await addSearchAttributes(connection, namespace, missing);
}

/** Asked once: no two installations have a namespace of one id, whatever they call it. */
export function namespaceIdOf(connection: Connection, namespace: string): () => Promise<string> {
  let known: string | undefined;
  return async () => {
    known ??= (await connection.workflowService.describeNamespace({ namespace })).namespaceInfo?.id ?? '';
    if (known === '') throw new TypeError(`the server tells no id of the namespace ${namespace}`);
    return known;
  };
}
