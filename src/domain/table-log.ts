// What a table's log says: one entry as parsed, and which versions the table still stands on after its RESTOREs. Pure.
//   parseLogEntry(version, text, commit): LogEntry     lineageOf(head, restores, readFrom): Lineage     restoredTo(...)
import type { StepKey } from '../contracts/ids';

export type LogEntry = {
  readonly version: number;
  /** Fingerprint of its bytes. */
  readonly commit: string;
  readonly operation: string;
  /** Of a RESTORE by version: that version. One by time names none. */
  readonly to?: number;
  /** Of a commit that Headgate made. */
  readonly stepKey?: StepKey | string;
  /** Where this version set it. */
  readonly tableId?: string;
  /** Rows came or went; false for compaction, VACUUM, settings. */
  readonly changesRows: boolean;
};

export const isRestore = ({ operation }: LogEntry): boolean => operation === 'RESTORE';

type Json = { readonly [key: string]: unknown };

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null;

const objectIn = (value: unknown, key: string): Json | undefined => {
  const found = isObject(value) ? value[key] : undefined;
  return isObject(found) ? found : undefined;
};

/** Spark writes a number, delta-rs a text. */
function versionIn(parameters: Json | undefined): number | undefined {
  const version = parameters?.['version'];
  const text = typeof version === 'number' ? String(version) : version;
  return typeof text === 'string' && /^\d+$/.test(text) ? Number(text) : undefined;
}

function stepKeyIn(userMetadata: unknown): string | undefined {
  if (typeof userMetadata !== 'string') return undefined;
  try {
    const metadata: unknown = JSON.parse(userMetadata);
    const stepKey = isObject(metadata) ? metadata['stepKey'] : undefined;
    return typeof stepKey === 'string' ? stepKey : undefined;
  } catch {
    return undefined;
  }
}

const lines = (text: string): readonly string[] => text.split('\n').filter((line) => line.trim() !== '');

/** Files are most of a log and little of what is asked of it: they are not parsed. */
const isFile = (line: string): boolean => /^\{"(add|remove|cdc)":/.test(line);

/** Throws where a line is no JSON. */
export function parseLogEntry(version: number, text: string, commit: string): LogEntry {
  const all = lines(text);
  const actions = all.filter((line) => !isFile(line)).map((line): unknown => JSON.parse(line));
  const info = actions.map((action) => objectIn(action, 'commitInfo')).find((found) => found !== undefined);
  const tableId = actions.map((action) => objectIn(action, 'metaData')?.['id']).find((id) => typeof id === 'string');
  const operation = info?.['operation'];
  const to = versionIn(objectIn(info, 'operationParameters'));
  const stepKey = stepKeyIn(info?.['userMetadata']);
  return {
    version,
    commit,
    operation: typeof operation === 'string' ? operation : 'unknown',
    ...(operation === 'RESTORE' && to !== undefined ? { to } : {}),
    ...(stepKey === undefined ? {} : { stepKey }),
    ...(typeof tableId === 'string' ? { tableId } : {}),
    changesRows: all.some((line) => /"dataChange":\s*true/.test(line)),
  };
}

export type FileChanges = { readonly added: readonly string[]; readonly removed: readonly string[] };

/** The files of one version, each with the deletion vector that takes rows of it away. */
export function parseFileChanges(text: string): FileChanges {
  const actions = lines(text).map((line): unknown => JSON.parse(line));
  const named = (kind: 'add' | 'remove'): readonly string[] =>
    actions
      .map((action) => objectIn(action, kind))
      .filter((file) => file !== undefined)
      .map((file) => {
        const vector = objectIn(file, 'deletionVector');
        return JSON.stringify([file['path'], vector?.['pathOrInlineDv'] ?? null, vector?.['offset'] ?? null]);
      });
  return { added: named('add'), removed: named('remove') };
}

/**
 * Where a RESTORE by time led: the text of the time says it only to who knows the zone of the session. The files say it:
 * undone step by step from the RESTORE down, the newest version with the files that the RESTORE left is that one.
 */
export function createUndoing({ added, removed }: FileChanges): {
  /** True when the version that was reached has the files of the RESTORE. */
  readonly isThere: () => boolean;
  /** Goes one version down, by what that version had changed. */
  readonly undo: (changes: FileChanges) => void;
} {
  // +1: only the RESTORE has the file; -1: only the version that was reached.
  const difference = new Map<string, number>();
  const change = (file: string, by: number): void => {
    const now = (difference.get(file) ?? 0) + by;
    if (now === 0) difference.delete(file);
    else difference.set(file, now);
  };
  for (const file of added) change(file, 1);
  for (const file of removed) change(file, -1);
  return {
    isThere: () => difference.size === 0,
    undo(changes) {
      for (const file of changes.added) change(file, 1);
      for (const file of changes.removed) change(file, -1);
    },
  };
}

export type Lineage = {
  /** The table stands on what this version wrote; told of versions from `readFrom` on. */
  readonly holds: (version: number) => boolean;
  /** The newest version before `readFrom` that it stands on; absent: none. */
  readonly below?: number;
};

/**
 * A table stands on its newest version and on each before it, but a RESTORE stands on the version it went back to: what
 * lies between them is void, until another RESTORE goes back to it. `restores`: version of each to where it went, from
 * `readFrom` on; nothing where that cannot be told, and then nothing before it counts.
 */
export function lineageOf(head: number, restores: ReadonlyMap<number, number | undefined>, readFrom: number): Lineage {
  const ranges: { readonly from: number; readonly to: number }[] = [];
  const newestFirst = [...restores.keys()].toSorted((a, b) => b - a);
  let at: number | undefined = head;
  while (at !== undefined && at >= readFrom) {
    const to: number = at;
    const restore = newestFirst.find((version) => version <= to);
    ranges.push({ from: restore ?? readFrom, to });
    const before = restore === undefined ? readFrom - 1 : restores.get(restore);
    // A RESTORE to itself or later is none that Delta makes: it would lead in a circle.
    at = before !== undefined && before >= 0 && before < (restore ?? readFrom) ? before : undefined;
  }
  return {
    holds: (version) => ranges.some(({ from, to }) => from <= version && version <= to),
    ...(at === undefined ? {} : { below: at }),
  };
}
