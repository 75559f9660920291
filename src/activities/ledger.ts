// The ledger in the pipeline's state folder: reads it fast, adds to it once per batch. Entries are the truth; a summary
// repeats many of them in one file, so that a freeze reads a few files instead of thousands. It may vanish at any time.
//   readLedger(state, { store }): Promise<readonly LedgerEntry[]>
//   addLedgerEntry(state, entry, { store }): Promise<void>      compactLedger(state, { store }): Promise<void>
import { createHash } from 'node:crypto';
import { ledgerProtocol, type LedgerEntry } from '../contracts/ledger';
import { parseLedgerEntry, parseLedgerSummary } from '../contracts/ledger-schema';
import { ledgerEntry, ledgerFolder } from '../contracts/layout';
import { HeadgateError } from '../contracts/errors';
import type { ObjectStore } from './ports';
import { mapBounded } from '../domain/map-bounded';
import { escapeGlob } from '../domain/glob';

type Deps = { readonly store: ObjectStore };

const readsAtOnce = 32;
/** Entries outside the summary before a new one is worth writing. */
const compactAfter = 128;

type Shelf = {
  readonly entries: ReadonlyMap<string, LedgerEntry>;
  readonly summaries: readonly string[];
  readonly outsideSummary: number;
};

export const readLedger = async (state: string, deps: Deps): Promise<readonly LedgerEntry[]> => [
  ...(await readShelf(state, deps)).entries.values(),
];

/** Once per batch: a second call leaves the first entry as it is. */
export async function addLedgerEntry(state: string, entry: LedgerEntry, { store }: Deps): Promise<void> {
  await store.putIfAbsent(ledgerEntry(state, entry.digest), `${JSON.stringify(entry, null, 2)}\n`);
}

/** Safe at any moment, beside readers and other compactions: it only adds a copy, then removes older copies. */
export async function compactLedger(state: string, { store }: Deps): Promise<void> {
  const { entries, summaries, outsideSummary } = await readShelf(state, { store });
  if (outsideSummary < compactAfter) return;
  const text = JSON.stringify({ protocol: ledgerProtocol, entries: [...entries.values()] });
  // The count comes first, padded, so that the fullest summary is the last by name.
  const count = String(entries.size).padStart(9, '0');
  const hash = createHash('sha256').update(text).digest('hex').slice(0, 8);
  await store.putIfAbsent(`${ledgerFolder(state)}/summary-${count}-${hash}.json`, text);
  // The newest of the old ones stays for a reader that has just listed it.
  for (const old of summaries.slice(0, -1)) await store.remove(old);
}

async function readShelf(state: string, { store }: Deps): Promise<Shelf> {
  const names = (await store.list(escapeGlob(ledgerFolder(state)))).map(({ path }) => path);
  const summaries = names.filter((path) => /\/summary-\d+-[0-9a-f]+\.json$/.test(path));
  const newest = summaries.at(-1);
  const summary = newest === undefined ? undefined : await store.readText(newest);
  const known = newest === undefined || summary === undefined ? [] : parseLedgerSummary(summary, newest);
  const present = new Set(names.map(digestOf));
  const entries = new Map(known.filter(({ digest }) => present.has(digest)).map((entry) => [entry.digest, entry]));
  const others = names.filter((path) => !summaries.includes(path) && !entries.has(digestOf(path)));
  await mapBounded(others, readsAtOnce, async (path) => {
    const text = await store.readText(path);
    if (text === undefined) return;
    const entry = parseLedgerEntry(text, path);
    if (entry.digest !== digestOf(path)) throw foreign(path, entry.digest);
    entries.set(entry.digest, entry);
  });
  return { entries, summaries, outsideSummary: others.length };
}

const digestOf = (path: string): string => path.slice(path.lastIndexOf('/') + 1).replace(/\.json$/, '');

const foreign = (path: string, digest: string): HeadgateError =>
  new HeadgateError({
    kind: 'config',
    type: 'ForeignLedgerEntry',
    message: `${path} says that it is the entry of batch ${digest}, which is not its name.`,
    remedy: 'Move it away, or give it back its name; then run again.',
    fields: { file: path, digest },
  });
