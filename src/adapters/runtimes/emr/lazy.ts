// The EMR runtime of a worker: its client is loaded at the first job that asks for it, because most workers have none.
import { runtimeTraits } from '../../../contracts/runtimes';
import type { OpenEmr } from '../../emr/lazy';
import { createOnce } from '../../once';
import type { EmrApi } from './api';
import { createEmrRuntime, type EmrRuntime, type EmrRuntimeOptions } from './runtime';
import { createShipping, type ShipOptions } from './ship-code';

export type LazyEmrOptions = Omit<EmrRuntimeOptions, 'api' | 'ship'> &
  ShipOptions & {
    readonly open: () => Promise<EmrApi>;
  };

export function createLazyEmrRuntime({ open, ...options }: LazyEmrOptions): EmrRuntime {
  let opened: EmrRuntime | undefined;
  const runtime = createOnce(async () => {
    opened = createEmrRuntime({ ...options, api: await open(), ship: createShipping(options) });
    return opened;
  });

  return {
    name: 'emr',
    traits: runtimeTraits.emr,
    makeReady: async (job) => (await runtime()).makeReady(job),
    submit: async (...job) => (await runtime()).submit(...job),
    find: async (...job) => (await runtime()).find(...job),
    status: async (...asked) => (await runtime()).status(...asked),
    cancel: async (handle) => (await runtime()).cancel(handle),
    // Nobody watches before the client is there.
    hint: (cluster) => opened?.hint(cluster),
  };
}

/** The calls of jobs over the connection of the worker. */
export const openSteps = (connect: OpenEmr) => async (): Promise<EmrApi> => {
  const [connection, { createSdkApi }] = await Promise.all([connect(), import('./sdk.js')]);
  return createSdkApi(connection);
};
