// Puts the parts of the emulator together. `startEmrEmulator` is what tests and the try-out use.
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Account } from './account';
import type { EmrCluster } from './cluster';
import { realClock, type Clock } from './clock';
import { control } from './control';
import { MemoryLogs, ScriptedExecutor, type LogStore, type StepExecutor } from './executor';
import { createApiServer, type Call } from './server';
import type { Timings } from './surroundings';
import { Switches } from './switches';

/** Quick, but in the order and with the states of the real thing. */
const quickTimings: Timings = {
  startMs: 1000,
  bootstrapMs: 500,
  terminateMs: 300,
  spotMinuteMs: 100,
  idleSecondMs: 1000,
  replaceMs: 1000,
  logMs: 500,
};

export type EmrEmulatorOptions = {
  readonly port?: number;
  /** Default: steps that do nothing and complete. */
  readonly executor?: StepExecutor;
  readonly logs?: LogStore;
  readonly timings?: Partial<Timings>;
  readonly clock?: Clock;
  /** Decides about rules with a rate. */
  readonly random?: () => number;
  readonly region?: string;
};

export type EmrEmulator = {
  readonly endpoint: string;
  /** What makes the AWS SDKs use it. The keys are those of the S3 server, or any. */
  readonly env: Readonly<Record<'AWS_ENDPOINT_URL_EMR', string>>;
  readonly switches: Switches;
  /** Every request that came, oldest first. */
  readonly calls: readonly Call[];
  readonly clusters: ReadonlyMap<string, EmrCluster>;
  /** Ends what runs. Resolves when no process of a step is left. */
  readonly stop: () => Promise<void>;
};

export async function startEmrEmulator(options: EmrEmulatorOptions = {}): Promise<EmrEmulator> {
  const clock = options.clock ?? realClock;
  const timers = new Set<() => void>();
  const switches = new Switches(options.random);
  const calls: Call[] = [];
  const account = new Account({
    clock: endable(clock, timers),
    timings: { ...quickTimings, ...options.timings },
    executor: options.executor ?? new ScriptedExecutor(),
    logs: options.logs ?? new MemoryLogs(),
    switches,
    region: options.region ?? 'us-east-1',
    account: '000000000000',
  });
  const server = createApiServer({ account, switches, clock, calls }, (request, response) =>
    control(request, response, { account, switches, calls }),
  );
  const endpoint = await listen(server, options.port ?? 0);
  return {
    endpoint,
    env: { AWS_ENDPOINT_URL_EMR: endpoint },
    switches,
    calls,
    clusters: account.clusters,
    stop: async () => {
      server.closeAllConnections();
      const closed = once(server, 'close');
      server.close();
      await Promise.all([closed, account.end()]);
      for (const cancel of timers) cancel();
    },
  };
}

async function listen(server: Server, port: number): Promise<string> {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** Keeps what was asked for and has not happened, so that nothing happens after the end. */
function endable(clock: Clock, timers: Set<() => void>): Clock {
  return {
    now: () => clock.now(),
    after: (ms, call) => {
      const cancel = clock.after(ms, () => {
        timers.delete(forget);
        call();
      });
      const forget = (): void => {
        timers.delete(forget);
        cancel();
      };
      timers.add(forget);
      return forget;
    },
  };
}
