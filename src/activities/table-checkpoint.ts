// Checkpoints of a Delta log: where the last one is, and the table's id in it. Only where log entries do not tell it.
//   lastCheckpoint(folder, store): Promise<number | undefined>      idInCheckpoint(folder, hint, store): Promise<string | undefined>
import { escapeGlob } from '../domain/glob';
import { callsAtOnce, findBounded } from '../domain/map-bounded';
import type { ObjectStat, ObjectStore } from './ports';

type Deps = Pick<ObjectStore, 'readText' | 'readRange' | 'list'>;

/** `N.checkpoint.parquet`, `N.checkpoint.<part>.<parts>.parquet`, `N.checkpoint.<uuid>.parquet` or `.json`. */
const checkpointName = /\/(\d{20})\.checkpoint(\.[^/]+)?\.(parquet|json)$/;

/** A hint of Delta's, which it may fail to write: one that is damaged is none. */
export async function lastCheckpoint(
  folder: string,
  { readText }: Pick<Deps, 'readText'>,
): Promise<number | undefined> {
  const text = await readText(`${folder}/_last_checkpoint`);
  try {
    const hint: unknown = JSON.parse(text ?? 'null');
    if (typeof hint !== 'object' || hint === null || !('version' in hint)) return undefined;
    return typeof hint.version === 'number' && Number.isSafeInteger(hint.version) ? hint.version : undefined;
  } catch {
    return undefined;
  }
}

/** Of the checkpoint that the hint names, else of the newest; one of several parts has the id in one of them. */
export async function idInCheckpoint(
  folder: string,
  hint: number | undefined,
  store: Deps,
): Promise<string | undefined> {
  const found = (await store.list(escapeGlob(folder))).flatMap((stat) => {
    const [, at] = checkpointName.exec(stat.path) ?? [];
    return at === undefined ? [] : [{ stat, at: Number(at) }];
  });
  const newest = found.some(({ at }) => at === hint) ? hint : found.at(-1)?.at;
  const parts = found.filter(({ at }) => at === newest);
  return findBounded(parts, callsAtOnce, ({ stat }) =>
    stat.path.endsWith('.json') ? idInJson(stat, store) : idInParquet(stat, store),
  );
}

const idOf = (action: unknown): string | undefined => {
  const metaData = typeof action === 'object' && action !== null && 'metaData' in action ? action.metaData : undefined;
  const id = typeof metaData === 'object' && metaData !== null && 'id' in metaData ? metaData.id : undefined;
  return typeof id === 'string' ? id : undefined;
};

async function idInJson({ path }: ObjectStat, { readText }: Deps): Promise<string | undefined> {
  const lines = ((await readText(path)) ?? '').split('\n').filter((line) => line.includes('"metaData"'));
  return lines.map((line) => idOf(JSON.parse(line))).find((id) => id !== undefined);
}

/** Reads the one column, of a file that may hold all files of the table. */
async function idInParquet({ path, size }: ObjectStat, { readRange }: Deps): Promise<string | undefined> {
  const { parquetMetadataAsync, parquetReadObjects } = await import('hyparquet');
  const slice = async (start: number, end = size): Promise<ArrayBuffer> =>
    Uint8Array.from(await readRange(path, start, end)).buffer;
  const file = { byteLength: size, slice };
  const metadata = await parquetMetadataAsync(file, { geoparquet: false });
  const rows: readonly unknown[] = await parquetReadObjects({ file, metadata, columns: ['metaData'] });
  return rows.map(idOf).find((id) => id !== undefined);
}
