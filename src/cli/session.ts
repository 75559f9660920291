// Finds the Temporal server that a command talks to, or starts the embedded stack for the command's own duration.
import type { Client } from '@temporalio/client';
import { ensureTools } from '../setup/tools';
import type { Config } from '../workers/config';
import { connectClient, defaultAddress, temporalTarget, type TemporalTarget } from '../workers/connection';
import { note } from './output';
import { readStackRecord, startStack, startWorkerProcess, type StackTools } from './stack/stack';

export type Session = {
  readonly client: Client;
  readonly target: TemporalTarget;
  /** Ends the processes that the session started; the connection is left to the end of this process. */
  readonly stop: () => Promise<void>;
  /** The worker ends with the session: what it has begun should be finished before. */
  readonly ownsWorker: boolean;
  /** Address of the Temporal UI when we started the server. */
  readonly ui?: string;
  close(): Promise<void>;
};

/** Clients of servers that answer: the configured address first, then a `headgate dev` of this home folder. */
async function findServer(
  config: Config,
  address?: string,
): Promise<{ client: Client; target: TemporalTarget } | undefined> {
  const configured = temporalTarget(address);
  const record = readStackRecord(config.home);
  const addresses = new Set([
    ...(address === undefined && configured.address === defaultAddress && record !== undefined ? [record.address] : []),
    configured.address,
  ]);
  for (const candidate of addresses) {
    const target = { ...configured, address: candidate };
    try {
      return { client: await connectClient(target, 1500), target };
    } catch {
      continue;
    }
  }
  return undefined;
}

/** A server and a worker that others own. */
const borrowed = (client: Client, target: TemporalTarget): Session => ({
  client,
  target,
  ownsWorker: false,
  stop: async () => undefined,
  close: () => client.connection.close(),
});

/** Connects to a server that runs. Throws `TemporalUnreachable` when there is none. */
export async function connect(config: Config, address?: string): Promise<Session> {
  const found = await findServer(config, address);
  const target = found?.target ?? temporalTarget(address);
  const client = found?.client ?? (await connectClient(target, 1500));
  return borrowed(client, target);
}

const isLoopback = (address: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|$)/.test(address);

async function hasWorker(client: Client, target: TemporalTarget, config: Config): Promise<boolean> {
  const answer = await client.workflowService.describeTaskQueue({
    namespace: target.namespace,
    taskQueue: { name: config.taskQueue },
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum is in a package that only the SDK depends on
    taskQueueType: 1,
  });
  const recent = Date.now() - 60_000;
  return (answer.pollers ?? []).some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > recent);
}

export const stackTools = async (): Promise<StackTools> => {
  const { python, jars, temporal } = await ensureTools('runtime');
  return { python, jars, temporal };
};

/** Ctrl-C and SIGTERM end what we started before they end us. The run itself stays open and goes on with the next worker. */
export async function withSession<Result>(session: Session, body: () => Promise<Result>): Promise<Result> {
  const onSignal = (signal: NodeJS.Signals): void => {
    note(`${signal}: stopping; an open run is kept and goes on with the next worker`);
    void session.stop().finally(() => process.exit(signal === 'SIGINT' ? 130 : 143));
  };
  process.once('SIGINT', onSignal);
  process.once('SIGTERM', onSignal);
  try {
    return await body();
  } finally {
    await session.close();
    process.off('SIGINT', onSignal);
    process.off('SIGTERM', onSignal);
  }
}

/** A server with a worker: one that runs, or an embedded one that ends with the session. Says what it starts. */
export async function openSession(config: Config, options: { readonly address?: string }): Promise<Session> {
  const found = await findServer(config, options.address);
  if (found === undefined) {
    const { address } = temporalTarget(options.address);
    // A server elsewhere that does not answer is an error: running on another one would hide the run from its owners.
    if (!isLoopback(address)) await connectClient(temporalTarget(options.address), 1500);
    note(`No Temporal server answers at ${address}: starting an embedded one with a worker, for this command only.`);
    const port = Number(address.split(':').at(-1)) || 7233;
    const stack = await startStack({ config, tools: await stackTools(), port, onEvent: note });
    const client = await connectClient(stack.target);
    const close = async (): Promise<void> => {
      await stack.stop();
      await client.connection.close();
    };
    return {
      client,
      target: stack.target,
      ownsWorker: true,
      ui: stack.ui,
      stop: stack.stop,
      close,
    };
  }
  const { client, target } = found;
  if (await hasWorker(client, target, config)) return borrowed(client, target);
  note(`No worker serves task queue '${config.taskQueue}' at ${target.address}: starting one, for this command only.`);
  const worker = await startWorkerProcess({ config, tools: await stackTools(), port: 0, onEvent: note }, target);
  const close = async (): Promise<void> => {
    await worker.stop();
    await client.connection.close();
  };
  return { client, target, ownsWorker: true, stop: () => worker.stop(), close };
}
