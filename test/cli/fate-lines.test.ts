import { fateLines, shownQuarantine } from '../../src/cli/fate-lines';
import { printable } from '../../src/cli/terminal';
import type { SourceFate } from '../../src/contracts/run';
import { resultOf } from '../../src/domain/run-result';
import { commitReport, pipelineRef, prepareReport } from '../fakes/reports';

const plain = (lines: readonly string[]): string =>
  lines.map((line) => printable(line).replaceAll(/\u001B\[\d+m/g, '')).join('\n');
const rows = { read: 3, inserted: 3, updated: 0, unchanged: 0, quarantined: 0, duplicates: 0, unjoined: 0 };
const price = {
  ...{ reason: 'UnreadableValue', rows: 2, column: 'price', declared: 'decimal(18,2)' },
  sample: { file: '/raw/products.csv', row: 'A,$6.62', detail: "price: '$6.62' is not decimal(18,2)", value: '$6.62' },
};
const products: SourceFate = {
  ...{ drives: false, read: 1002, kept: 1000, quarantined: 2, unreadable: 2, duplicates: 0 },
  reasons: [price],
};
const sales: SourceFate = { drives: true, read: 3, kept: 3, quarantined: 0, unreadable: 0, duplicates: 0, reasons: [] };
const quarantine = { rows: 2, table: '/lake/_headgate/shop/quarantine', where: "digest = 'd1'" };
const asked = { pipeline: 'my pipelines/shop.yaml', set: { LAKE: '/lake', WHO: "Ada's" } };

test('every source has its line, the driving one first, with reasons and the command that shows the rows', () => {
  expect(plain(fateLines({ rows, sources: { products, sales }, quarantine }, asked))).toBe(
    [
      '  sales    3 read = 3 inserted',
      '  products 1,002 read = 1,000 kept + 2 quarantined',
      "           aside  2 UnreadableValue, such as price: '$6.62' is not decimal(18,2) in products.csv",
      `  aside    2 rows: headgate show 'my pipelines/shop.yaml' quarantine --set LAKE=/lake --set 'WHO=Ada'\\''s' --where "digest = 'd1'"`,
    ].join('\n'),
  );
});

test('where nobody said how the pipeline is named, the table and the condition are told', () => {
  expect(plain(fateLines({ quarantine }, undefined))).toBe(
    "  aside    2 rows: /lake/_headgate/shop/quarantine where digest = 'd1'",
  );
});

test('the result of before the fates of all sources were told still has its line', () => {
  expect(plain(fateLines({ rows: { ...rows, duplicates: 1, read: 4 } }, asked))).toBe(
    '  rows     4 read = 3 inserted + 1 duplicates',
  );
});

test('a source without rows says so', () => {
  const none = { ...sales, read: 0, kept: 0 };
  expect(plain(fateLines({ rows: { ...rows, read: 0, inserted: 0 }, sources: { sales: none } }, asked))).toBe(
    '  sales    0 read = 0',
  );
});

test('what a row hides is shown, not done', () => {
  const sample = { ...price.sample, detail: 'x: \u001B]52;c;bad\u0007\u202E' };
  const source = { ...products, reasons: [{ ...price, sample }] };
  expect(plain(fateLines({ sources: { products: source } }, asked))).toContain('x: \\x1b]52;c;bad\\x07\\u202e');
});

test('JSON has the command where it is known', () => {
  expect(shownQuarantine(quarantine, asked)).toEqual({
    quarantine: { ...quarantine, show: expect.stringMatching(/^headgate show .* --where "digest = 'd1'"$/) },
  });
  expect(shownQuarantine(quarantine, undefined)).toEqual({ quarantine });
  expect(shownQuarantine(undefined, asked)).toEqual({});
});

test('the driving source adds up to what the commit made of its rows', () => {
  const result = resultOf({
    ...{ pipeline: pipelineRef, outcome: 'committed', seconds: {}, notices: [] },
    ...{ prepare: prepareReport, commit: commitReport },
  });
  expect(plain(fateLines(result, asked))).toMatch(/sales {4}99,460 read = .* \+ 1 quarantined \+ 2 duplicates/);
});
