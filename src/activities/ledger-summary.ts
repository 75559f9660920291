// A summary of the ledger in one object: a head, then blocks of marks sorted by key, so that a reader fetches only the
// blocks that may hold what it asks for. The name proves the head, the head its blocks.
//   writeSummary(folder, { batches, marks }, store): Promise<string>     openSummary(path, store): Promise<Summary>
import { HeadgateError } from '../contracts/errors';
import type { CommittedBatch, SummaryHead, SummaryRow } from '../contracts/ledger';
import { parseSummaryHead, parseSummaryRows } from '../contracts/ledger-schema';
import type { LedgerMark } from '../domain/ledger';
import { callsAtOnce, mapBounded } from '../domain/map-bounded';
import type { ObjectStore } from './ports';
import { fingerprintOf } from './sha256';

export type Summary = {
  readonly path: string;
  readonly batches: readonly CommittedBatch[];
  /** Marks of these keys, and of their neighbours; without keys all marks. */
  readonly read: (keys?: Iterable<string>) => Promise<Map<string, LedgerMark>>;
};

const rowsOfBlock = 1024;

/** The count comes before the rest, padded, so that the fullest summary is the last by name. */
const namePattern = /\/summary-v3-\d{9}-(\d+)-([0-9a-f]{16})\.jsonl$/;

export const isSummary = (path: string): boolean => namePattern.test(path);

export async function writeSummary(
  folder: string,
  batches: readonly CommittedBatch[],
  marks: ReadonlyMap<string, LedgerMark>,
  store: ObjectStore,
): Promise<string> {
  const places = new Map(batches.map(({ digest }, place) => [digest, place]));
  const rows = [...marks]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, { batch, delivery, file }]): SummaryRow => {
      const place = places.get(batch.digest) ?? -1;
      if (file === undefined) return delivery === undefined ? [key, place] : [key, place, delivery];
      const { size, modifiedMs, etag, version = null, changedMs = null, inode = null } = file;
      return [key, place, file.delivery, size, modifiedMs, etag, version, changedMs, inode];
    });
  const lines: string[] = [];
  const blocks: SummaryHead['blocks'][number][] = [];
  for (let from = 0; from < rows.length; from += rowsOfBlock) {
    const line = `${JSON.stringify(rows.slice(from, from + rowsOfBlock))}\n`;
    lines.push(line);
    blocks.push({ first: rows[from]?.[0] ?? '', bytes: Buffer.byteLength(line), hash: fingerprintOf(line) });
  }
  const head = `${JSON.stringify({ protocol: 3, batches, blocks } satisfies SummaryHead)}\n`;
  const count = String(batches.length).padStart(9, '0');
  const path = `${folder}/summary-v3-${count}-${Buffer.byteLength(head)}-${fingerprintOf(head)}.jsonl`;
  await store.putIfAbsent(path, head + lines.join(''));
  return path;
}

export async function openSummary(path: string, store: ObjectStore): Promise<Summary> {
  const [, bytes = '0', hash] = namePattern.exec(path) ?? [];
  const start = Number(bytes);
  const { batches, blocks } = parseSummaryHead(await readProved(path, 0, start, hash, store), path);
  const ends: number[] = [];
  for (const block of blocks) ends.push((ends.at(-1) ?? start) + block.bytes);

  async function readBlock(index: number, marks: Map<string, LedgerMark>): Promise<void> {
    const [block, end] = [blocks[index], ends[index]];
    if (block === undefined || end === undefined) return;
    const text = await readProved(path, end - block.bytes, end, block.hash, store);
    for (const row of parseSummaryRows(text, path)) {
      const batch = batches[row[1]];
      if (batch === undefined) throw damaged(path);
      marks.set(row[0], { batch, ...markOf(row) });
    }
  }

  return {
    path,
    batches,
    async read(keys) {
      const wanted = keys === undefined ? blocks.keys() : new Set([...keys].map((key) => blockOf(key, blocks)));
      const marks = new Map<string, LedgerMark>();
      await mapBounded([...wanted], callsAtOnce, (index) => readBlock(index, marks));
      return marks;
    },
  };
}

function markOf(row: SummaryRow): Omit<LedgerMark, 'batch'> {
  if (row.length === 2) return {};
  const [, , delivery] = row;
  if (row.length === 3) return { delivery };
  const [, , , size, modifiedMs, etag, version, changedMs, inode] = row;
  const file = {
    ...{ size, modifiedMs, etag, delivery },
    ...(version === null ? {} : { version }),
    ...(changedMs === null ? {} : { changedMs }),
    ...(inode === null ? {} : { inode }),
  };
  return { file };
}

/** The last block that does not begin after the key; -1 when all do. */
function blockOf(key: string, blocks: SummaryHead['blocks']): number {
  let [low, high] = [0, blocks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((blocks[middle]?.first ?? '') <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

async function readProved(
  path: string,
  start: number,
  end: number,
  hash: string | undefined,
  store: ObjectStore,
): Promise<string> {
  const bytes = await store.readRange(path, start, end);
  if (fingerprintOf(bytes) !== hash) throw damaged(path);
  return Buffer.from(bytes).toString('utf8');
}

const damaged = (path: string): HeadgateError =>
  new HeadgateError({
    kind: 'config',
    type: 'InvalidLedgerSummary',
    message: `${path} is not what was written: it is damaged or was edited.`,
    remedy: 'Remove it: the ledger’s entries are the truth, and a new one is made of them. Then run again.',
    fields: { file: path },
  });
