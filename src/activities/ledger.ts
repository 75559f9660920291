// The ledger in the pipeline's state folder: answers what a freeze asks, takes one entry per batch. It saves work and
// proves nothing: what it says counts as far as the table stands on it (reconcile.ts). Of its entries a summary repeats
// many; of it only what is asked for is read, and it may vanish at any time.
//   openLedger(state, { store }): Promise<Ledger>          addLedgerEntry(state, entry, { store }): Promise<void>
//   voidLedgerEntries(state, digests, why, { store }): Promise<void>     compactLedger(state, { store }): Promise<void>
import type { Interval } from '../contracts/batch';
import { HeadgateError } from '../contracts/errors';
import { ledgerEntry, ledgerFolder, voidEntry, voidFolder } from '../contracts/layout';
import type { CommittedBatch, LedgerEntry, LedgerFile, OldLedgerEntry } from '../contracts/ledger';
import { parseLedgerEntry } from '../contracts/ledger-schema';
import type { Source } from '../contracts/pipeline';
import { escapeGlob } from '../domain/glob';
import {
  addMarks,
  batchOf,
  isOf,
  ledgerKey,
  viewLedger,
  type LedgerMark,
  type LedgerView,
  type TableIdentity,
} from '../domain/ledger';
import { callsAtOnce, mapBounded } from '../domain/map-bounded';
import { isSummary, openSummary, writeSummary, type Summary } from './ledger-summary';
import type { ObjectStat, ObjectStore } from './ports';

type Deps = { readonly store: ObjectStore };

/** A source with what was found of it. */
type Found = { readonly source: Pick<Source, 'name' | 'arrives'>; readonly stats: readonly Pick<ObjectStat, 'path'>[] };

export type Content = Pick<LedgerFile, 'source' | 'etag'>;

export type Ledger = {
  readonly committed: readonly CommittedBatch[];
  /** Entries that a version of before 2026-12 wrote. */
  readonly old: readonly string[];
  readonly ask: (question: LedgerQuestion) => Promise<LedgerView>;
  /** When these contents came, under whatever name, in their order. */
  readonly deliveries: (
    question: Omit<LedgerQuestion, 'found' | 'interval'>,
    contents: readonly Content[],
  ) => Promise<readonly (string | undefined)[]>;
};

/** What is known of these files, and of the last batches of their sources? */
export type LedgerQuestion = {
  readonly table: TableIdentity;
  /** Batches that the table does not stand on: as if they had not been committed, but for their names. */
  readonly without: ReadonlySet<string>;
  readonly found: readonly Found[];
  readonly interval: Interval | undefined;
};

/** Entries outside the summary, or their share of its bytes, before a new one is worth writing. */
const compactAfter = 128;
const compactBytes = 1 << 20;
const compactShare = 1 / 8;

type Shelf = {
  /** Of all entries, void ones too. */
  readonly digests: ReadonlySet<string>;
  readonly summary?: Summary;
  readonly summaries: readonly ObjectStat[];
  /** Outside the summary. */
  readonly entries: readonly LedgerEntry[];
  readonly old: readonly string[];
  readonly entryBytes: number;
};

const noMarks = async (): Promise<Map<string, LedgerMark>> => new Map();

export async function openLedger(state: string, deps: Deps): Promise<Ledger> {
  const shelf = await readShelf(state, deps);
  const committed = [...(shelf.summary?.batches ?? []), ...shelf.entries.map(batchOf)];
  let whole: Promise<Shelf> | undefined;
  /** Under the marks of a summary older ones lie hidden: without some batches, entries are read one by one. */
  const shelfWithout = async (without: ReadonlySet<string>): Promise<Shelf> => {
    if (shelf.summary?.batches.some(({ digest }) => without.has(digest)) !== true) return shelf;
    return (whole ??= readShelf(state, deps, false));
  };
  const again = <T>(without: ReadonlySet<string>, work: (shelf: Shelf) => Promise<T>): Promise<T> =>
    unlessVanished(
      async () => work(await shelfWithout(without)),
      async () => work(await readShelf(state, deps, false)),
    );
  return {
    committed,
    old: shelf.old,
    ask: (question) =>
      again(question.without, async (from) => {
        const { table, without } = question;
        const here = committed.filter((batch) => isOf(batch, table) && !without.has(batch.digest));
        const ours = new Set<string>(here.map(({ digest }) => digest));
        const others = new Set([...from.digests].filter((digest) => !ours.has(digest)));
        return viewLedger({ ...(await askShelf(from, state, question, deps)), committed: ours, spent: others }, table);
      }),
    deliveries: ({ table, without }, contents) =>
      again(without, async (from) => {
        const keys = contents.map(({ source, etag }) => ledgerKey.content(table, source, etag));
        const marks = keys.length === 0 ? await noMarks() : await marksOf(from, without, keys);
        return keys.map((key) => marks.get(key)?.delivery);
      }),
  };
}

/** Once per batch: a second call leaves the first entry as it is. */
export async function addLedgerEntry(state: string, entry: LedgerEntry, { store }: Deps): Promise<void> {
  await store.putIfAbsent(ledgerEntry(state, entry.digest), `${JSON.stringify(entry, null, 2)}\n`);
}

/** They stay for people, and their names stay known. Stopped in between, an entry lies in both places and counts. */
export async function voidLedgerEntries(
  state: string,
  digests: readonly string[],
  why: string,
  { store }: Deps,
): Promise<void> {
  await mapBounded(digests, callsAtOnce, async (digest) => {
    const path = `${ledgerFolder(state)}/${digest}.json`;
    const text = await store.readText(path);
    if (text === undefined) return;
    await store.writeText(voidEntry(state, digest), `${JSON.stringify({ why, entry: JSON.parse(text) }, null, 2)}\n`);
    await store.remove(path);
  });
}

/** Safe at any moment, beside readers and other compactions: it only adds a copy, then removes older copies. */
export async function compactLedger(state: string, { store }: Deps): Promise<void> {
  const { summary, summaries, entries, entryBytes } = await readShelf(state, { store });
  const size = summaries.find(({ path }) => path === summary?.path)?.size ?? 0;
  if (entries.length < compactAfter && entryBytes < Math.max(compactBytes, size * compactShare)) return;
  const marks = (await summary?.read()) ?? new Map<string, LedgerMark>();
  for (const entry of entries) addMarks(marks, entry);
  const batches = [...(summary?.batches ?? []), ...entries.map(batchOf)];
  const written = await writeSummary(ledgerFolder(state), batches, marks, store);
  // The one before stays for a reader that has just listed it.
  const former = summaries.filter(({ path }) => path !== written && path !== summary?.path);
  await mapBounded(former, callsAtOnce, ({ path }) => store.remove(path));
}

async function readShelf(state: string, { store }: Deps, useSummary = true): Promise<Shelf> {
  const listed = await store.list(escapeGlob(ledgerFolder(state)));
  const summaries = listed.filter(({ path }) => /\/summary-[^/]*$/.test(path));
  const others = listed.filter((stat) => !summaries.includes(stat));
  const digests = new Set(others.map(({ path }) => digestOf(path)));
  const present = others.filter(({ path }) => !path.startsWith(`${voidFolder(state)}/`));
  const counted = new Set(present.map(({ path }) => digestOf(path)));
  const summary = useSummary ? await newestSummary(summaries, counted, store) : undefined;
  const covered = new Set<string>(summary?.batches.map(({ digest }) => digest));
  const uncovered = present.filter(({ path }) => !covered.has(digestOf(path)));
  const read = await mapBounded(uncovered, callsAtOnce, ({ path }) => readEntry(path, store));
  const entries = read.filter((entry) => entry !== undefined);
  return {
    digests,
    ...(summary === undefined ? {} : { summary }),
    summaries,
    entries: entries.filter((entry) => entry.protocol !== 1),
    old: entries.filter((entry) => entry.protocol === 1).map(({ digest }) => digest),
    entryBytes: uncovered.reduce((sum, { size }) => sum + size, 0),
  };
}

/** One that repeats an entry which somebody took away does not count: under its marks others may lie. */
async function newestSummary(
  summaries: readonly ObjectStat[],
  digests: ReadonlySet<string>,
  store: ObjectStore,
): Promise<Summary | undefined> {
  for (const { path } of summaries.filter((stat) => isSummary(stat.path)).toReversed()) {
    const summary = await unlessVanished(
      () => openSummary(path, store),
      async () => undefined,
    );
    if (summary?.batches.every(({ digest }) => digests.has(digest)) === true) return summary;
  }
  return undefined;
}

async function marksOf(shelf: Shelf, without: ReadonlySet<string>, keys: readonly string[]) {
  const marks = (await shelf.summary?.read(keys)) ?? new Map<string, LedgerMark>();
  for (const entry of shelf.entries) if (!without.has(entry.digest)) addMarks(marks, entry);
  return marks;
}

async function askShelf(
  shelf: Shelf,
  state: string,
  { table, without, found, interval }: LedgerQuestion,
  { store }: Deps,
) {
  const keyOf = ({ name, arrives }: Found['source']): string =>
    ledgerKey.source(table, name, arrives === 'interval' ? interval : undefined);
  const marks = await marksOf(
    shelf,
    without,
    found.flatMap(({ source, stats }) => [
      keyOf(source),
      ...stats.map(({ path }) => ledgerKey.file(table, source.name, path)),
    ]),
  );
  const files = new Map<string, readonly LedgerFile[]>();
  const comparedWhole = found.filter(({ source }) => source.arrives !== 'new-files');
  for (const { source } of comparedWhole) {
    const digest = marks.get(keyOf(source))?.batch.digest;
    if (digest === undefined || files.has(digest)) continue;
    const known = shelf.entries.find((entry) => entry.digest === digest);
    const entry = known ?? (await readEntry(ledgerEntry(state, digest), store));
    if (entry?.protocol === 2) files.set(digest, entry.files);
  }
  return { marks, files };
}

async function readEntry(path: string, store: ObjectStore): Promise<LedgerEntry | OldLedgerEntry | undefined> {
  const text = await store.readText(path);
  if (text === undefined) return undefined;
  const entry = parseLedgerEntry(text, path);
  if (entry.digest !== digestOf(path)) throw foreign(path, entry.digest);
  return entry;
}

const digestOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/\.json$/, '');

async function unlessVanished<T>(work: () => Promise<T>, otherwise: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof HeadgateError && error.type === 'InputVanished') return otherwise();
    throw error;
  }
}

const foreign = (path: string, digest: string): HeadgateError =>
  new HeadgateError({
    kind: 'config',
    type: 'ForeignLedgerEntry',
    message: `${path} says that it is the entry of batch ${digest}, which is not its name.`,
    remedy: 'Move it away, or give it back its name; then run again.',
    fields: { file: path, digest },
  });
