import type { LedgerEntry, LedgerFile } from '../../src/contracts/ledger';
import { knownFingerprint } from '../../src/domain/ledger';
import { digestOf } from '../fakes/ids';
import { viewOf } from '../fakes/ledger';

const file = (changes: Partial<LedgerFile> = {}): LedgerFile => ({
  source: 'sales',
  path: '/raw/a.csv',
  size: 3,
  modifiedMs: 1000,
  etag: 'sha256:a',
  ...changes,
});

const entry = (name: string, changes: Partial<LedgerEntry> = {}): LedgerEntry => ({
  protocol: 1,
  digest: digestOf(name),
  table: 'customer_sales',
  definitionDigest: 'd1',
  frozenAt: '2026-01-01T00:00:00.000Z',
  committedAt: '2026-01-01T00:01:00.000Z',
  tableVersion: 1,
  files: [file()],
  ...changes,
});

test('the newest content of a path is what the table took last, whatever the clocks say', () => {
  const old = entry('a', { tableVersion: 9, files: [file({ etag: 'late' })] });
  const young = entry('b', { tableVersion: 8, committedAt: '2027-01-01T00:00:00.000Z' });
  const view = viewOf([old, young], 'customer_sales');
  expect(view.newestOf('sales', '/raw/a.csv')?.etag).toBe('late');
  expect(view.latest?.digest).toBe(digestOf('a'));
});

test('entries of another table do not count', () => {
  const view = viewOf([entry('a')], 'other');
  expect(view.has(digestOf('a'))).toBe(false);
  expect(view.latest).toBeUndefined();
  expect(view.newestOf('sales', '/raw/a.csv')).toBeUndefined();
});

test('sources and intervals are kept apart', () => {
  const day = { start: '2010-12-01T00:00:00.000Z', end: '2010-12-02T00:00:00.000Z' };
  const view = viewOf([entry('a', { interval: day }), entry('b', { tableVersion: 2 })], 'customer_sales');
  expect(view.lastOf('sales', day)?.digest).toBe(digestOf('a'));
  expect(view.lastOf('sales')?.digest).toBe(digestOf('b'));
  expect(view.lastOf('sales', { ...day, start: day.end })).toBeUndefined();
  expect(view.lastOf('customers')).toBeUndefined();
});

test('size and time prove a fingerprint only when the file had settled before it was taken', () => {
  const frozenMs = Date.parse('2026-01-01T00:00:00.000Z');
  const committed = { ...file({ modifiedMs: frozenMs - 3000 }), frozenAt: new Date(frozenMs).toISOString() };
  const stat = { size: 3, modifiedMs: frozenMs - 3000 };
  expect(knownFingerprint(committed, stat)).toBe('sha256:a');
  expect(knownFingerprint(committed, { ...stat, size: 4 })).toBeUndefined();
  expect(knownFingerprint(committed, { ...stat, modifiedMs: stat.modifiedMs + 1 })).toBeUndefined();
  expect(knownFingerprint(undefined, stat)).toBeUndefined();
  const fresh = { ...committed, modifiedMs: frozenMs - 1000 };
  expect(knownFingerprint(fresh, { size: 3, modifiedMs: frozenMs - 1000 })).toBeUndefined();
});
