// Finds the Temporal server that a command talks to, or starts the embedded stack. A stack that others had brought may end
// before the command: then it brings its own on the same home and goes on, for the open run is in the database.
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import { ensureTools } from '../setup/tools';
import type { Config } from '../workers/config';
import { connectClient, defaultAddress, temporalTarget, type TemporalTarget } from '../workers/connection';
import { note } from './output';
import { asking, temporalLost } from './outages';
import { homeInUse, isHomeInUse, supervisorOf } from './stack/home-lock';
import { readStackRecord, startStack, startWorkerProcess, type Stack, type StackTools } from './stack/stack';

export type Session = {
  /** Of now: it is another one when the stack of before has ended. */
  readonly client: Client;
  /** The worker ends with the session: what it has begun should be finished before. */
  readonly ownsWorker: boolean;
  /** Asks as often as the server does not answer, up to a limit; what it says is given on as it is. */
  ask<Result>(question: (client: Client) => Promise<Result>): Promise<Result>;
  /** Ends the processes that the session started; the connection is left to the end of this process. */
  stop(): Promise<void>;
  close(): Promise<void>;
};

/** What a session talks to at a time, and what of it is its own to end. */
type Link = {
  readonly client: Client;
  readonly target: TemporalTarget;
  readonly stop: () => Promise<void>;
  readonly ownsServer: boolean;
  readonly ownsWorker: boolean;
};

type OpenOptions = { readonly address?: string };

const retryMs = 400;
const guardMs = 1000;
/** A worker that waits for work asks once a minute. */
const workerSilenceMs = 70_000;
const attachLimitMs = 60_000;

const isSameAddress = (one: string, other: string): boolean =>
  one.replace('localhost', '127.0.0.1') === other.replace('localhost', '127.0.0.1');

/** Named by a flag, by the environment or by a profile: nobody else's server may stand in for it. */
const isNamed = (address?: string): boolean =>
  address !== undefined || !isSameAddress(temporalTarget().address, defaultAddress);

/** A client of a server that answers: the one named, else that of this home, else the one at the usual address. */
async function findServer(
  config: Config,
  address?: string,
): Promise<{ client: Client; target: TemporalTarget } | undefined> {
  const configured = temporalTarget(address);
  const record = isNamed(address) ? undefined : readStackRecord(config.home);
  const addresses = new Set([...(record === undefined ? [] : [record.address]), configured.address]);
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

const isLoopback = (address: string): boolean => /^(localhost|127\.\d+\.\d+\.\d+|\[::1\])(:|$)/.test(address);

async function hasWorker({ client, target }: Pick<Link, 'client' | 'target'>, config: Config): Promise<boolean> {
  const answer = await client.workflowService.describeTaskQueue({
    namespace: target.namespace,
    taskQueue: { name: config.taskQueue },
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- the enum is in a package that only the SDK depends on
    taskQueueType: 1,
  });
  const recent = Date.now() - workerSilenceMs;
  return (answer.pollers ?? []).some(({ lastAccessTime }) => Number(lastAccessTime?.seconds ?? 0) * 1000 > recent);
}

export const stackTools = async (): Promise<StackTools> => {
  const { python, jars, temporal } = await ensureTools('runtime');
  return { python, jars, temporal };
};

const borrowed = (found: { client: Client; target: TemporalTarget }): Link => ({
  ...found,
  stop: async () => undefined,
  ownsServer: false,
  ownsWorker: false,
});

async function withOwnWorker(link: Link, config: Config): Promise<Link> {
  const { target } = link;
  note(`No worker serves task queue '${config.taskQueue}' at ${target.address}: starting one, for this command only.`);
  const worker = await startWorkerProcess({ config, tools: await stackTools(), port: 0, onEvent: note }, target);
  return { ...link, ownsWorker: true, stop: () => worker.stop() };
}

/** Connects to the stack of this home that somebody else brings right now; undefined when it ended instead. */
async function attach(config: Config, address?: string): Promise<Link | undefined> {
  for (const end = Date.now() + attachLimitMs; Date.now() < end; await delay(retryMs)) {
    if ((await supervisorOf(config.home)) === undefined) return undefined;
    const found = await findServer(config, address);
    if (found !== undefined && readStackRecord(config.home) !== undefined) return borrowed(found);
  }
  throw temporalLost(readStackRecord(config.home)?.address ?? config.home, attachLimitMs);
}

async function startOwn(config: Config, address?: string): Promise<Link> {
  const named = temporalTarget(address).address;
  // A server elsewhere that does not answer is an error: running on another one would hide the run from its owners.
  if (!isLoopback(named)) await connectClient(temporalTarget(address), 1500);
  const supervisor = await supervisorOf(config.home);
  const record = readStackRecord(config.home);
  if (supervisor !== undefined && isNamed(address) && record !== undefined && !isSameAddress(record.address, named))
    throw homeInUse(config.home, supervisor, record.address);
  note(`No Temporal server answers at ${named}: starting an embedded one with a worker, for this command only.`);
  const port = Number(named.split(':').at(-1)) || 7233;
  const stack = await startStack({ config, tools: await stackTools(), port, onEvent: note });
  return linkOf(stack);
}

const linkOf = async (stack: Stack): Promise<Link> => ({
  client: await connectClient(stack.target),
  target: stack.target,
  stop: stack.stop,
  ownsServer: true,
  ownsWorker: true,
});

async function openLink(config: Config, address?: string): Promise<Link> {
  for (;;) {
    const found = await findServer(config, address);
    if (found !== undefined) {
      const link = borrowed(found);
      return (await hasWorker(link, config)) ? link : withOwnWorker(link, config);
    }
    try {
      return await startOwn(config, address);
    } catch (error) {
      if (!isHomeInUse(error)) throw error;
      const record = readStackRecord(config.home);
      const isElsewhere = record !== undefined && !isSameAddress(record.address, temporalTarget(address).address);
      if (isNamed(address) && isElsewhere) throw error;
      const link = await attach(config, address);
      if (link !== undefined) return link;
    }
  }
}

class StackEndedError extends Error {}

/** Watches over what others have brought: rejects when the stack of this home has ended, brings a worker when none is left. */
function guard(first: Link, config: Config, isHomes: boolean, onWorker: (link: Link) => void) {
  const over = new AbortController();
  const ended = (async (): Promise<never> => {
    let { ownsWorker } = first;
    for (let looks = 1; !over.signal.aborted; looks += 1) {
      await delay(guardMs, undefined, { ref: false });
      if (isHomes && (await supervisorOf(config.home)) === undefined) throw new StackEndedError();
      if (ownsWorker || looks % 10 !== 0 || (await hasWorker(first, config).catch(() => true))) continue;
      ownsWorker = true;
      if (!over.signal.aborted) onWorker(await withOwnWorker(first, config));
    }
    return new Promise<never>(() => undefined);
  })();
  ended.catch(() => undefined);
  return { ended, end: () => over.abort() };
}

function createSession(first: Link, config: Config, options: OpenOptions): Session {
  let link = first;
  let moving: Promise<void> | undefined;
  let watch = watchOver();

  function watchOver() {
    if (link.ownsServer) return { ended: new Promise<never>(() => undefined), end: () => undefined };
    const address = readStackRecord(config.home)?.address;
    const isHomes = address !== undefined && isSameAddress(address, link.target.address);
    return guard(link, config, isHomes, (next) => {
      link = next;
    });
  }

  async function move(): Promise<void> {
    note('The stack that this command used has ended.');
    // Its connection stays as it is: a call that is still tried again would throw from its timer when it is closed.
    await link.stop();
    link = await openLink(config, options.address);
    watch = watchOver();
  }

  async function ask<Result>(question: (client: Client) => Promise<Result>): Promise<Result> {
    for (;;) {
      const watched = watch;
      try {
        return await asking(
          () => Promise.race([question(link.client), watched.ended]),
          () => link.target.address,
        );
      } catch (error) {
        if (!(error instanceof StackEndedError)) throw error;
        if (watched === watch) {
          moving ??= move().finally(() => {
            moving = undefined;
          });
        }
        await moving;
      }
    }
  }

  return {
    get client() {
      return link.client;
    },
    get ownsWorker() {
      return link.ownsWorker;
    },
    ask,
    stop: async () => {
      watch.end();
      await link.stop();
    },
    close: async () => {
      watch.end();
      // The connection is left to the end of this process, for the same reason.
      await link.stop();
    },
  };
}

/** A server with a worker: one that runs, or an embedded one that ends with the session. Says what it starts. */
export const openSession = async (config: Config, options: OpenOptions): Promise<Session> =>
  createSession(await openLink(config, options.address), config, options);

/** A session on a stack that the command has started itself. */
export const sessionOn = async (stack: Stack, config: Config): Promise<Session> =>
  createSession(await linkOf(stack), config, {});

/** Connects to a server that runs, with a worker or without. Throws `TemporalUnreachable` when there is none. */
export async function connect(config: Config, address?: string): Promise<{ client: Client; close(): Promise<void> }> {
  const client = (await findServer(config, address))?.client ?? (await connectClient(temporalTarget(address), 1500));
  return { client, close: () => client.connection.close() };
}

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
