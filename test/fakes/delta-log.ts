// The log of a Delta table as Delta writes it, by hand: small entries, one after another, on any store.
import { randomUUID } from 'node:crypto';
import type { ObjectStore } from '../../src/activities/ports';

export type FakeCommit = {
  readonly operation?: string;
  readonly parameters?: object;
  /** Of ours: who made it. */
  readonly stepKey?: string;
  readonly actions?: readonly object[];
};

export function createDeltaLog(store: Pick<ObjectStore, 'writeText' | 'remove' | 'readText'>, table: string) {
  const folder = `${table}/_delta_log`;
  const pathOf = (version: number): string => `${folder}/${String(version).padStart(20, '0')}.json`;
  let id: string | undefined;
  let next = 0;

  async function write(version: number, actions: readonly object[]): Promise<void> {
    await store.writeText(pathOf(version), actions.map((action) => `${JSON.stringify(action)}\n`).join(''));
  }

  const log = {
    pathOf,
    get id(): string {
      return id ?? 'none';
    },
    get next(): number {
      return next;
    },
    /** One more version, with a file of rows unless it says something else; the first one makes the table. Returns it. */
    async commit({ operation = 'WRITE', parameters = {}, stepKey, actions }: FakeCommit = {}): Promise<number> {
      const version = next;
      const userMetadata = stepKey === undefined ? {} : { userMetadata: JSON.stringify({ stepKey, generation: 1 }) };
      const commitInfo = {
        timestamp: version,
        operation,
        operationParameters: parameters,
        ...userMetadata,
        txnId: randomUUID(),
      };
      const first = id === undefined ? [{ metaData: { id: (id = randomUUID()), configuration: {} } }] : [];
      const rows = actions ?? [{ add: { path: `part-${version}.parquet`, size: 1, dataChange: true } }];
      await write(version, [{ commitInfo }, ...first, ...rows]);
      next += 1;
      return version;
    },
    restore: (version: number): Promise<number> =>
      log.commit({ operation: 'RESTORE', parameters: { version, timestamp: null }, actions: [] }),
    /** As if the folder was put back from a copy that was made after this version. */
    async setBackTo(version: number): Promise<void> {
      while (next > version + 1) await store.remove(pathOf((next -= 1)));
    },
    /** Moved away: the next commit makes another table. */
    async moveAway(): Promise<void> {
      await store.remove(table);
      id = undefined;
      next = 0;
    },
    /** Entries before this version are cleaned away. */
    async clean(version: number): Promise<void> {
      for (let at = 0; at < version; at += 1) await store.remove(pathOf(at));
    },
  };
  return log;
}
