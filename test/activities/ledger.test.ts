import * as fc from 'fast-check';
import { addLedgerEntry, compactLedger, openLedger } from '../../src/activities/ledger';
import { parseTableUri } from '../../src/contracts/ids';
import type { LedgerEntry, LedgerFile } from '../../src/contracts/ledger';
import type { LedgerView } from '../../src/domain/ledger';
import { digestOf } from '../fakes/ids';
import { viewOf } from '../fakes/ledger';
import { createFakeObjectStore, type FakeObjectStore } from '../fakes/object-store';

const state = '/lake/_headgate/p';
const pathOf = (index: number): string => `/raw/${index}.csv`;

const file = (path: string, etag = 'e', source = 's'): LedgerFile => ({
  ...{ source, path, size: 1, modifiedMs: 1, etag, delivery: 'd', changedMs: 1.5, inode: 7 },
});
const table = { table: parseTableUri('/lake/t'), tableId: 'one' };
const none = new Set<string>();

const entry = (index: number, changes: Partial<LedgerEntry> = {}): LedgerEntry => ({
  protocol: 2,
  digest: digestOf(`${index}`),
  ...table,
  definitionDigest: 'd',
  frozenAt: '2026-01-01T00:00:00.000Z',
  committedAt: '2026-01-01T00:00:00.000Z',
  tableVersion: index,
  commit: `c${index}`,
  files: [file(pathOf(index))],
  ...changes,
});

async function add(store: FakeObjectStore, from: number, to: number): Promise<void> {
  for (let index = from; index < to; index += 1) await addLedgerEntry(state, entry(index), { store });
}

async function write(entries: number) {
  const store = createFakeObjectStore();
  await add(store, 0, entries);
  await compactLedger(state, { store });
  store.calls.length = 0;
  return store;
}

const source = { name: 's', arrives: 'new-files' } as const;
const ask = async (store: FakeObjectStore, indexes: readonly number[]): Promise<LedgerView> => {
  const stats = indexes.map((index) => ({ path: pathOf(index) }));
  return (await openLedger(state, { store })).ask({
    table,
    without: none,
    found: [{ source, stats }],
    interval: undefined,
  });
};
const count = (calls: readonly string[], operation: string): number =>
  calls.filter((call) => call.startsWith(`${operation} `)).length;
const summaries = (store: FakeObjectStore): readonly string[] =>
  store.paths().filter((path) => path.includes('summary-'));
const numbers = (upTo: number): readonly number[] => Array.from({ length: upTo }, (_, index) => index);

test('what a summary repeats is not read entry by entry, and of the summary only what is asked for', async () => {
  const store = await write(5000);
  await add(store, 5000, 5003);
  store.calls.length = 0;
  const view = await ask(store, [7, 5001, 9999]);
  expect(view.newestOf('s', pathOf(7))).toEqual({ ...file(pathOf(7)), frozenAt: entry(7).frozenAt });
  expect(view.newestOf('s', pathOf(5001))?.etag).toBe('e');
  expect(view.newestOf('s', pathOf(9999))).toBeUndefined();
  expect(view.lastOf('s')?.digest).toBe(digestOf('5002'));
  expect([7, 5002, 5003].map((index) => view.stateOf(digestOf(`${index}`)))).toEqual([
    'committed',
    'committed',
    undefined,
  ]);
  expect(count(store.calls, 'readText')).toBe(3);
  // The head, and the blocks of the table and the source, of file 7, of file 9999.
  expect(count(store.calls, 'readRange')).toBeLessThanOrEqual(4);
});

test('the end of a run looks at the head of the summary only', async () => {
  const store = await write(300);
  await compactLedger(state, { store });
  expect([count(store.calls, 'readText'), count(store.calls, 'readRange')]).toEqual([0, 1]);
});

test('a summary is written only when it is worth it, and old ones go, all but one', async () => {
  const store = await write(127);
  expect(summaries(store)).toEqual([]);
  for (const [from, to] of [
    [127, 600],
    [600, 900],
    [900, 1200],
  ] as const) {
    await add(store, from, to);
    await compactLedger(state, { store });
  }
  expect(summaries(store)).toEqual(
    ['000000900', '000001200'].map((size) => expect.stringContaining(`/summary-v3-${size}-`)),
  );
  expect((await openLedger(state, { store })).committed).toHaveLength(1200);
});

test('one batch of many files is worth a summary', async () => {
  const store = createFakeObjectStore();
  const files = numbers(10_000).map((index) => file(pathOf(index)));
  await addLedgerEntry(state, entry(0, { files }), { store });
  await compactLedger(state, { store });
  store.calls.length = 0;
  expect((await ask(store, [9999])).newestOf('s', pathOf(9999))?.etag).toBe('e');
  expect(count(store.calls, 'readText')).toBe(0);
});

test.each(['head', 'block'])(
  'a summary that a compaction removes before its %s is read costs only time',
  async (part) => {
    const store = await write(300);
    let reads = part === 'head' ? 1 : 2;
    store.before = async (operation, path) => {
      if (operation !== 'readRange' || (reads -= 1) > 0) return;
      store.before = () => undefined;
      await store.remove(path);
    };
    const view = await ask(store, numbers(300));
    expect(numbers(300).filter((index) => view.newestOf('s', pathOf(index)) === undefined)).toEqual([]);
  },
);

test('an entry that someone took away is not in the ledger any more, and what it hid is', async () => {
  const store = createFakeObjectStore();
  await addLedgerEntry(state, entry(1000, { files: [file(pathOf(7), 'later')] }), { store });
  await add(store, 0, 300);
  await compactLedger(state, { store });
  expect((await ask(store, [7])).newestOf('s', pathOf(7))?.etag).toBe('later');
  await store.remove(`${state}/ledger/${digestOf('1000')}.json`);
  expect((await ask(store, [7])).newestOf('s', pathOf(7))?.etag).toBe('e');
  expect((await ask(store, [7])).stateOf(digestOf('1000'))).toBeUndefined();
  await compactLedger(state, { store });
  store.calls.length = 0;
  expect((await ask(store, [7])).newestOf('s', pathOf(7))?.etag).toBe('e');
  expect(count(store.calls, 'readText')).toBe(0);
});

test('without a batch that the table does not stand on, what its marks hid in a summary is seen', async () => {
  const store = createFakeObjectStore();
  await addLedgerEntry(state, entry(1000, { files: [file(pathOf(7), 'later')] }), { store });
  await add(store, 0, 300);
  await compactLedger(state, { store });
  const found = [{ source, stats: [{ path: pathOf(7) }] }];
  const without = new Set<string>([digestOf('1000')]);
  const view = await (await openLedger(state, { store })).ask({ table, without, found, interval: undefined });
  expect(view.newestOf('s', pathOf(7))?.etag).toBe('e');
  expect(view.stateOf(digestOf('1000'))).toBe('spent');
});

test.each([
  ['in its head', (text: string) => text.replace('/lake/t', '/lake/u')],
  ['in a block', (text: string) => text.replace('"e"', '"f"')],
  ['cut off', (text: string) => text.slice(0, -9)],
])('a summary that is damaged %s is an error that names it', async (_, spoil) => {
  const store = await write(300);
  const [path = ''] = summaries(store);
  store.place(path, spoil((await store.readText(path)) ?? ''));
  await expect(ask(store, numbers(300))).rejects.toMatchObject({
    type: 'InvalidLedgerSummary',
    fields: { file: path },
  });
});

test('a summary of an earlier version is left alone, then removed', async () => {
  const store = await write(0);
  await add(store, 0, 300);
  store.place(`${state}/ledger/summary-000000300-0123abcd.json`, '{"protocol": 1}');
  store.place(`${state}/ledger/summary-000000300-15-0123456789abcdef.jsonl`, '{"protocol": 2}');
  expect((await ask(store, [7])).newestOf('s', pathOf(7))).toBeDefined();
  await compactLedger(state, { store });
  expect(summaries(store)).toEqual([expect.stringMatching(/summary-v3-000000300-\d+-[0-9a-f]{16}\.jsonl$/)]);
});

test('with and without a summary the answers are those of all entries', async () => {
  const days = ['2026-01-01', '2026-01-02'].map((day) => ({
    start: `${day}T00:00:00.000Z`,
    end: `${day}T23:00:00.000Z`,
  }));
  const arbitraryEntry = fc.record({
    tableId: fc.constantFrom('one', 'two'),
    tableVersion: fc.nat(40),
    committedAt: fc.constantFrom('2026-01-01T00:00:00.000Z', '2026-01-02T00:00:00.000Z'),
    interval: fc.option(fc.constantFrom(...days), { nil: undefined }),
    files: fc.array(fc.tuple(fc.constantFrom('s', 'i', 'whole'), fc.nat(30), fc.constantFrom('a', 'b')), {
      maxLength: 4,
    }),
  });
  const [day] = days;
  const found = [
    { source: { name: 's', arrives: 'new-files' as const }, stats: numbers(31).map((n) => ({ path: pathOf(n) })) },
    { source: { name: 'i', arrives: 'interval' as const }, stats: numbers(5).map((n) => ({ path: pathOf(n) })) },
    { source: { name: 'whole', arrives: 'snapshot' as const }, stats: [] },
  ];
  const told = (view: LedgerView): unknown => ({
    newest: found.flatMap(({ source: { name }, stats }) => stats.map(({ path }) => view.newestOf(name, path))),
    last: [view.lastOf('s'), view.lastOf('i', day), view.lastOf('whole')],
    files: [view.lastOf('i', day), view.lastOf('whole')].map((last) => last && view.filesOf(last.digest)),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(arbitraryEntry, { maxLength: 30 }), fc.nat(30), async (made, summarized) => {
      const entries = made.map(({ interval, files, ...rest }, index) =>
        entry(index, {
          ...rest,
          ...(interval === undefined ? {} : { interval }),
          files: files.map(([name, path, etag]) => file(pathOf(path), etag, name)),
        }),
      );
      const store = createFakeObjectStore();
      for (const each of entries.slice(0, summarized)) await addLedgerEntry(state, each, { store });
      // Entries that only make a summary worth writing.
      for (let index = 0; index < 128; index += 1)
        await addLedgerEntry(state, entry(1000 + index, { tableId: 'filler' }), { store });
      await compactLedger(state, { store });
      for (const each of entries.slice(summarized)) await addLedgerEntry(state, each, { store });
      expect(summaries(store)).toHaveLength(1);
      const view = await (await openLedger(state, { store })).ask({ table, without: none, found, interval: day });
      expect(told(view)).toEqual(told(viewOf(entries.toReversed(), table)));
    }),
    { numRuns: 60 },
  );
});
