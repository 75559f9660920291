import { parseTableUri } from '../../src/contracts/ids';
import type { LedgerEntry, LedgerFile } from '../../src/contracts/ledger';
import { knownFingerprint } from '../../src/domain/ledger';
import { digestOf } from '../fakes/ids';
import { sampleTable, viewOf } from '../fakes/ledger';

const file = (changes: Partial<LedgerFile> = {}): LedgerFile => ({
  source: 'sales',
  path: '/raw/a.csv',
  size: 3,
  modifiedMs: 1000,
  etag: 'sha256:a',
  delivery: '2026-01-01T00:00:00.000Z',
  ...changes,
});

const entry = (name: string, changes: Partial<LedgerEntry> = {}): LedgerEntry => ({
  protocol: 2,
  digest: digestOf(name),
  ...sampleTable,
  definitionDigest: 'd1',
  frozenAt: '2026-01-01T00:00:00.000Z',
  committedAt: '2026-01-01T00:01:00.000Z',
  tableVersion: 1,
  commit: 'c',
  files: [file()],
  ...changes,
});

test('the newest content of a path is what the table took last, whatever the clocks say', () => {
  const old = entry('a', { tableVersion: 9, files: [file({ etag: 'late' })] });
  const young = entry('b', { tableVersion: 8, committedAt: '2027-01-01T00:00:00.000Z' });
  const view = viewOf([old, young], sampleTable);
  expect(view.newestOf('sales', '/raw/a.csv')?.etag).toBe('late');
  expect(view.lastOf('sales')?.digest).toBe(digestOf('a'));
});

test.each([
  ['at another address', { ...sampleTable, table: parseTableUri('/prod/customer_sales') }],
  ['that took its place', { ...sampleTable, tableId: 'two' }],
])('entries of another table %s do not count, but their names are spent', (_, other) => {
  const view = viewOf([entry('a')], other);
  expect(view.stateOf(digestOf('a'))).toBe('spent');
  expect(view.stateOf(digestOf('b'))).toBeUndefined();
  expect(view.lastOf('sales')).toBeUndefined();
  expect(view.newestOf('sales', '/raw/a.csv')).toBeUndefined();
});

test('sources and intervals are kept apart', () => {
  const day = { start: '2010-12-01T00:00:00.000Z', end: '2010-12-02T00:00:00.000Z' };
  const view = viewOf([entry('a', { interval: day }), entry('b', { tableVersion: 2 })], sampleTable);
  expect(view.lastOf('sales', day)?.digest).toBe(digestOf('a'));
  expect(view.lastOf('sales')?.digest).toBe(digestOf('b'));
  expect(view.lastOf('sales', { ...day, start: day.end })).toBeUndefined();
  expect(view.lastOf('customers')).toBeUndefined();
});

describe('a known fingerprint', () => {
  const frozenMs = Date.parse('2026-01-01T00:00:00.000Z');
  const stat = { size: 3, modifiedMs: frozenMs - 3000, changedMs: frozenMs - 3000, inode: 7 };
  const committed = { ...file(stat), frozenAt: new Date(frozenMs).toISOString() };

  test('counts when size, times and inode are those of then', () => {
    expect(knownFingerprint(committed, stat)).toBe('sha256:a');
  });

  test.each([
    ['another size', { size: 4 }],
    ['another time', { modifiedMs: stat.modifiedMs + 1 }],
    ['the time set back after a change', { changedMs: frozenMs + 60_000 }],
    ['the time set back before the freeze', { changedMs: stat.changedMs - 1 }],
    ['another file of the same times', { inode: 8 }],
  ])('does not with %s', (_, change) => {
    expect(knownFingerprint(committed, { ...stat, ...change })).toBeUndefined();
  });

  test('does not where the store proves nothing, nor where the ledger has no proof', () => {
    const { changedMs: _, inode: _inode, ...bare } = stat;
    expect(knownFingerprint(committed, bare)).toBeUndefined();
    expect(knownFingerprint({ ...file(bare), frozenAt: committed.frozenAt }, stat)).toBeUndefined();
    expect(knownFingerprint(undefined, stat)).toBeUndefined();
  });

  test.each(['modifiedMs', 'changedMs'] as const)(
    'does not when %s was too near to the freeze for a coarse clock',
    (time) => {
      const fresh = { ...stat, [time]: frozenMs - 1000 };
      expect(knownFingerprint({ ...committed, ...fresh }, fresh)).toBeUndefined();
    },
  );

  test('of a store that lists ETags is the ETag', () => {
    expect(knownFingerprint({ ...committed, etag: 'e1' }, { ...stat, etag: 'e1' })).toBe('e1');
    expect(knownFingerprint({ ...committed, etag: 'e1' }, { ...stat, etag: 'e2' })).toBeUndefined();
  });
});
