// The connection of a worker to EMR, made at the first call that needs it, because most workers have none.
import type { EmrConnection } from './client';

export type OpenEmr = () => Promise<EmrConnection>;

/** One for all that ask; after a failure the next one tries again. */
export function createLazyEmr(open: OpenEmr = fromEnvironment): OpenEmr {
  let opened: Promise<EmrConnection> | undefined;
  return () =>
    (opened ??= open().catch((error: unknown) => {
      opened = undefined;
      throw error;
    }));
}

const fromEnvironment: OpenEmr = async () => (await import('./client.js')).connectEmr();
