// The ledger in the pipeline's state folder: answers what a freeze asks, takes one entry per batch. Entries are the
// truth; a summary repeats many of them, and of it only what is asked for is read. It may vanish at any time.
//   openLedger(state, { store }): Promise<Ledger>
//   addLedgerEntry(state, entry, { store }): Promise<void>      compactLedger(state, { store }): Promise<void>
import type { Interval } from '../contracts/batch';
import { HeadgateError } from '../contracts/errors';
import { ledgerEntry, ledgerFolder } from '../contracts/layout';
import type { CommittedBatch, LedgerEntry, LedgerFile } from '../contracts/ledger';
import { parseLedgerEntry } from '../contracts/ledger-schema';
import type { Source } from '../contracts/pipeline';
import { escapeGlob } from '../domain/glob';
import { addMarks, batchOf, ledgerKey, viewLedger, type LedgerMark, type LedgerView } from '../domain/ledger';
import { mapBounded } from '../domain/map-bounded';
import { isSummary, openSummary, writeSummary, type Summary } from './ledger-summary';
import type { ObjectStat, ObjectStore } from './ports';

type Deps = { readonly store: ObjectStore };

/** A source with what was found of it. */
type Found = { readonly source: Pick<Source, 'name' | 'arrives'>; readonly stats: readonly Pick<ObjectStat, 'path'>[] };

export type Ledger = {
  readonly committed: readonly CommittedBatch[];
  readonly ask: (question: LedgerQuestion) => Promise<LedgerView>;
};

/** What is known of these files, and of the last batches of their sources? */
export type LedgerQuestion = {
  readonly table: string;
  readonly found: readonly Found[];
  readonly interval: Interval | undefined;
};

const readsAtOnce = 32;
/** Entries outside the summary, or their share of its bytes, before a new one is worth writing. */
const compactAfter = 128;
const compactBytes = 1 << 20;
const compactShare = 1 / 8;

type Shelf = {
  readonly digests: ReadonlySet<string>;
  readonly summary?: Summary;
  readonly summaries: readonly ObjectStat[];
  /** Outside the summary. */
  readonly entries: readonly LedgerEntry[];
  readonly entryBytes: number;
};

export async function openLedger(state: string, deps: Deps): Promise<Ledger> {
  const shelf = await readShelf(state, deps);
  return {
    committed: [...(shelf.summary?.batches ?? []), ...shelf.entries.map(batchOf)],
    ask: (question) =>
      unlessVanished(
        () => askShelf(shelf, state, question, deps),
        async () => askShelf(await readShelf(state, deps, false), state, question, deps),
      ),
  };
}

/** Once per batch: a second call leaves the first entry as it is. */
export async function addLedgerEntry(state: string, entry: LedgerEntry, { store }: Deps): Promise<void> {
  await store.putIfAbsent(ledgerEntry(state, entry.digest), `${JSON.stringify(entry, null, 2)}\n`);
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
  for (const { path } of summaries) if (path !== written && path !== summary?.path) await store.remove(path);
}

async function readShelf(state: string, { store }: Deps, useSummary = true): Promise<Shelf> {
  const listed = await store.list(escapeGlob(ledgerFolder(state)));
  const summaries = listed.filter(({ path }) => /\/summary-[^/]*$/.test(path));
  const present = listed.filter((stat) => !summaries.includes(stat));
  const digests = new Set(present.map(({ path }) => digestOf(path)));
  const summary = useSummary ? await newestSummary(summaries, digests, store) : undefined;
  const covered = new Set<string>(summary?.batches.map(({ digest }) => digest));
  const others = present.filter(({ path }) => !covered.has(digestOf(path)));
  const entries = await mapBounded(others, readsAtOnce, ({ path }) => readEntry(path, store));
  return {
    digests,
    ...(summary === undefined ? {} : { summary }),
    summaries,
    entries: entries.filter((entry) => entry !== undefined),
    entryBytes: others.reduce((sum, { size }) => sum + size, 0),
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

async function askShelf(
  shelf: Shelf,
  state: string,
  { table, found, interval }: LedgerQuestion,
  { store }: Deps,
): Promise<LedgerView> {
  const keyOf = ({ name, arrives }: Found['source']): string =>
    ledgerKey.source(table, name, arrives === 'interval' ? interval : undefined);
  const keys = [
    ledgerKey.table(table),
    ...found.flatMap(({ source, stats }) => [
      keyOf(source),
      ...stats.map(({ path }) => ledgerKey.file(table, source.name, path)),
    ]),
  ];
  const marks = (await shelf.summary?.read(keys)) ?? new Map<string, LedgerMark>();
  for (const entry of shelf.entries) addMarks(marks, entry);
  const files = new Map<string, readonly LedgerFile[]>();
  const comparedWhole = found.filter(({ source }) => source.arrives !== 'new-files');
  for (const { source } of comparedWhole) {
    const digest = marks.get(keyOf(source))?.batch.digest;
    if (digest === undefined || files.has(digest)) continue;
    const known = shelf.entries.find((entry) => entry.digest === digest);
    const entry = known ?? (await readEntry(ledgerEntry(state, digest), store));
    if (entry !== undefined) files.set(digest, entry.files);
  }
  return viewLedger({ digests: shelf.digests, marks, files }, table);
}

async function readEntry(path: string, store: ObjectStore): Promise<LedgerEntry | undefined> {
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
