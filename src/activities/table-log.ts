// Reads the log of a Delta table without Spark: entries by version, where it ends, whose table it is. Never writes.
//   openTableLog(table, store): TableLog
import { HeadgateError } from '../contracts/errors';
import type { TableUri } from '../contracts/ids';
import { escapeGlob } from '../domain/glob';
import { callsAtOnce, mapBounded } from '../domain/map-bounded';
import { createUndoing, isRestore, parseFileChanges, parseLogEntry, type LogEntry } from '../domain/table-log';
import type { ObjectStore } from './ports';
import { fingerprintOf } from './sha256';
import { idInCheckpoint, lastCheckpoint } from './table-checkpoint';

export type TableLog = {
  readonly table: TableUri;
  /** Nothing where the log does not hold this version: not made yet, or cleaned away. */
  readonly entry: (version: number) => Promise<LogEntry | undefined>;
  readonly entries: (versions: readonly number[]) => Promise<readonly (LogEntry | undefined)[]>;
  /** The last entry at or after one that is there. */
  readonly newestFrom: (version: number) => Promise<LogEntry>;
  /** The last entry; nothing where there is no table. */
  readonly newest: () => Promise<LogEntry | undefined>;
  /** Versions that the log holds, by a listing. */
  readonly versions: () => Promise<readonly number[]>;
  /** Delta's id of the table as of its newest version. */
  readonly id: (newest: LogEntry) => Promise<string>;
  /** Where a RESTORE led; nothing when the log no longer tells. */
  readonly restoredTo: (restore: LogEntry) => Promise<number | undefined>;
};

const entryName = /\/(\d{20})\.json$/;

export function openTableLog(table: TableUri, store: ObjectStore): TableLog {
  const folder = `${table}/_delta_log`;
  const known = new Map<number, Promise<LogEntry | undefined>>();
  const pathOf = (version: number): string => `${folder}/${String(version).padStart(20, '0')}.json`;
  let listed: Promise<readonly number[]> | undefined;
  let hint: Promise<number | undefined> | undefined;
  const checkpointHint = (): Promise<number | undefined> => (hint ??= lastCheckpoint(folder, store));

  async function read(version: number): Promise<LogEntry | undefined> {
    const path = pathOf(version);
    const text = await store.readText(path);
    if (text === undefined) return undefined;
    // Python makes the same of the same bytes.
    return readable(path, () => parseLogEntry(version, text, fingerprintOf(text)));
  }

  const log: TableLog = {
    table,
    entry(version) {
      const reading = known.get(version) ?? read(version);
      known.set(version, reading);
      return reading;
    },
    entries: (versions) => mapBounded(versions, callsAtOnce, (version) => log.entry(version)),
    async newestFrom(version) {
      let newest = await log.entry(version);
      // One look is the usual case; a long tail is read in ever wider strides.
      for (let stride = 1; newest !== undefined; stride = Math.min(2 * stride, callsAtOnce)) {
        const { version: at } = newest;
        const next = await log.entries(Array.from({ length: stride }, (_, index) => at + 1 + index));
        const end = next.indexOf(undefined);
        newest = (end < 0 ? next : next.slice(0, end)).at(-1) ?? newest;
        if (end >= 0) return newest;
      }
      throw unreadable(pathOf(version), 'is not there');
    },
    async newest() {
      const from = (await checkpointHint()) ?? 0;
      if ((await log.entry(from)) !== undefined) return log.newestFrom(from);
      const last = (await log.versions()).at(-1);
      return last === undefined ? undefined : log.newestFrom(last);
    },
    versions() {
      listed ??= store.list(escapeGlob(folder)).then((found) =>
        found.flatMap(({ path }) => {
          const [, version] = entryName.exec(path) ?? [];
          return version === undefined ? [] : [Number(version)];
        }),
      );
      return listed;
    },
    async id(newest) {
      const checkpoint = await checkpointHint();
      for (let at = newest.version; at >= 0 && at > (checkpoint ?? -1);) {
        const stride = Math.min(callsAtOnce, at - (checkpoint ?? -1));
        const down = await log.entries(Array.from({ length: stride }, (_, index) => at - index));
        const found = down.find((entry) => entry?.tableId !== undefined)?.tableId;
        if (found !== undefined) return found;
        if (down.includes(undefined)) break;
        at -= stride;
      }
      const id = await idInCheckpoint(folder, checkpoint, store);
      if (id !== undefined) return id;
      throw unreadable(folder, 'does not tell the id of the table');
    },
    async restoredTo(restore) {
      if (restore.to !== undefined || !isRestore(restore)) return restore.to;
      const changesOf = async (version: number) => {
        const text = await store.readText(pathOf(version));
        return text === undefined ? undefined : readable(pathOf(version), () => parseFileChanges(text));
      };
      const left = await changesOf(restore.version);
      if (left === undefined) return undefined;
      const undoing = createUndoing(left);
      let at = restore.version - 1;
      for (let stride = 1; at >= 0 && !undoing.isThere(); stride = Math.min(2 * stride, callsAtOnce)) {
        const down = Array.from({ length: Math.min(stride, at + 1) }, (_, index) => at - index);
        for (const changes of await mapBounded(down, callsAtOnce, changesOf)) {
          if (undoing.isThere()) break;
          if (changes === undefined) return undefined;
          undoing.undo(changes);
          at -= 1;
        }
      }
      return at >= 0 ? at : undefined;
    },
  };
  return log;
}

function readable<T>(path: string, parse: () => T): T {
  try {
    return parse();
  } catch (cause) {
    throw unreadable(path, 'is no log entry of Delta: it is damaged or was edited', cause);
  }
}

const unreadable = (path: string, what: string, cause?: unknown): HeadgateError =>
  new HeadgateError({
    kind: 'data',
    type: 'TableLogUnreadable',
    message: `${path} ${what}: what the table holds cannot be told.`,
    remedy: 'Restore the table’s _delta_log from a backup, or move the table away: then a new one is made.',
    fields: { file: path },
    cause,
  });
