// The store of a trial: the product's own, on a folder, that dies or is refused by the disk at the moments of the trial.
import type { ObjectStore } from '../../../src/activities/ports';
import { fileError } from '../../../src/adapters/stores/errors';
import { DiskSays, WorkerDies, type Moments } from '../moments';

/** What a file is for, by its place in the state folder; `input` for all others. */
function shelfOf(path: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const job = /^(prepare|commit|maintain)(?:\.g\d+)?\.(request|host|handle|report|failure)/.exec(name);
  if (job !== null) return `${job[1]}-${job[2]}`;
  const [, shelf] = /\/(definitions|ledger|runs|inputs|staging)(?:\/|$)/.exec(path) ?? [];
  return shelf ?? (name === 'manifest.json' ? 'manifest' : 'other');
}

const watched = ['writeText', 'putIfAbsent', 'remove', 'copy'] as const;

/** A dead worker has no more effects: `check` throws there. */
export type Life = { readonly check: () => void; readonly end: () => void };

export function createTrialStore(store: ObjectStore, moments: Moments, life: Life): ObjectStore {
  const wrapped: ObjectStore = { ...store };
  for (const operation of watched) {
    const work = store[operation] as (...args: readonly unknown[]) => Promise<unknown>;
    Object.assign(wrapped, {
      [operation]: async (...args: readonly unknown[]) => {
        const path = String(args[operation === 'copy' ? 1 : 0]);
        const verb = operation === 'remove' ? 'remove' : 'write';
        life.check();
        try {
          await moments.reach(`${verb} ${shelfOf(path)}:before`);
          const result = await work(...args);
          await moments.reach(`${verb} ${shelfOf(path)}:after`);
          return result;
        } catch (error) {
          if (error instanceof WorkerDies) life.end();
          if (error instanceof DiskSays) throw fileError(error, { operation: verb, path });
          throw error;
        }
      },
    });
  }
  return wrapped;
}
