// The definition digest: what must change it, and what must not.
import * as fc from 'fast-check';
import { parse as parseYaml, stringify } from 'yaml';
import { orders, parse, spoil } from './support';

const digestOf = (text: string): string => parse(text).definitionDigest;
const digest = digestOf(orders);

test('it is 32 hex digits, the same on every machine', () => {
  expect(digest).toBe('7668a144636001fee5446e26ebf0dbd1');
});

test.each([
  ['a comment', 'name: orders', '# note\nname: orders'],
  ['a schedule', 'at: "02:30"', 'at: "03:30"'],
  ['upkeep', 'retain: 7 days', 'retain: 14 days'],
  ['the wait of the gate', 'wait: 2 days', 'wait: 3 days'],
  ['clustering', 'zorder_by: [customer_id]', 'zorder_by: [customer_id, amount]'],
  ['the name', 'name: orders', 'name: orders-2'],
  ['the table', '${LAKE}/orders', '${LAKE}/orders_2'],
  [
    'a default that is written out',
    'format: csv',
    'format: csv\n    arrives: new-files\n    csv: { delimiter: comma }',
  ],
  ['how many unreadable rows are too many', '    latest_by: changed', '    latest_by: changed\n    hold_above: off'],
  ['another word for the same', 'hold_above: 5%', 'hold_above: 0.05'],
])('%s does not change it', (_, from, to) => {
  expect(digestOf(spoil(orders, from, to))).toBe(digest);
});

test.each([
  ['a path', 'orders-*.csv', 'orders*.csv'],
  ['a type', 'amount: decimal(18,2)', 'amount: decimal(18,3)'],
  ['a required column', 'customer_id: string\n', 'customer_id: string!\n'],
  ['a CSV option', 'format: csv', 'format: csv\n    csv: { trim: true }'],
  ['a join', 'on: customer_id', 'on: customer_id, how: inner'],
  ['an edge', '[10, 100]', '[10, 200]'],
  ['a label', 'large]', 'huge]'],
  ['an expression', "'yyyy-MM'", "'yyyy'"],
  ['an expectation', 'amount > 0', 'amount >= 0'],
  ['a hold', 'hold_above: 5%', 'hold_above: 6%'],
  ['the key of the table', '  zorder_by', '  key: [order_id, placed]\n  zorder_by'],
  ['the partitions', 'partition_by: [month]', 'partition_by: [size]'],
  ['the zone', 'gate:', 'timezone: Europe/Berlin\ngate:'],
])('%s changes it', (_, from, to) => {
  expect(digestOf(spoil(orders, from, to))).not.toBe(digest);
});

/** The same file with the keys of its mappings in another order; columns and joins keep theirs, which has a meaning. */
function shuffled(value: unknown, order: () => number, ordered = false): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const members = Object.entries(value).map(
    ([key, member]) => [key, shuffled(member, order, ['columns', 'join', 'on'].includes(key)), order()] as const,
  );
  const sorted = ordered ? members : members.toSorted((a, b) => a[2] - b[2]);
  return Object.fromEntries(sorted.map(([key, member]) => [key, member]));
}

test('the order of keys does not change it', () => {
  fc.assert(
    fc.property(fc.infiniteStream(fc.nat()), (stream) => {
      const text = stringify(shuffled(parseYaml(orders, { schema: 'failsafe' }), () => stream.next().value));
      expect(digestOf(text)).toBe(digest);
    }),
    { numRuns: 50 },
  );
});
