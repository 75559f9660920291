// Mistakes in the shape and the notations of a pipeline file: exact place (the mark ¶), field, problem, remedy.
import { spoilt, told, issuesOf, orders, parse, spoil, unmark, type Mistake } from './support';

test('the file that the cases spoil is right', () => {
  expect(issuesOf(orders)).toEqual([]);
  expect(parse(orders).name).toBe('orders');
});

const column = 'sources.orders.columns';
const derived = 'transform.columns';

describe('shape', () => {
  const cases: readonly Mistake[] = [
    [
      'an unknown key',
      '    latest_by:',
      '    ¶latest-by:',
      'sources.orders.latest-by',
      /not a known key/,
      /^Did you mean latest_by\?/,
    ],
    ['an unknown top key', 'gate:', '¶gates:', 'gates', /'gates' is not a known key/, /^Did you mean gate\?/],
    [
      'an unknown word',
      'arrives: snapshot',
      'arrives: ¶snapshots',
      'sources.customers.arrives',
      /'snapshots' is not one/,
      /^Did you mean snapshot\?/,
    ],
    ['a text for a list', 'key: [order_id]', 'key: ¶order_id', 'sources.orders.key', /is not a list/, /\[invoice_no\]/],
    [
      'a list for a text',
      'latest_by: changed',
      'latest_by: ¶[changed]',
      'sources.orders.latest_by',
      /is not one text/,
      /./,
    ],
    ['a text for a mapping', 'gate: { wait: 2 days }', 'gate: ¶2 days', 'gate', /is not a mapping/, /key: value/],
    ['an empty list', 'zorder_by: [customer_id]', 'zorder_by: ¶[]', 'target.zorder_by', /empty list/, /remove the key/],
    ['an empty value', 'latest_by: changed', '¶latest_by:', 'sources.orders.latest_by', /has no value/, /quote/],
    ['an empty text', 'latest_by: changed', 'latest_by: ¶""', 'sources.orders.latest_by', /is empty/, /remove the key/],
    [
      'a value that is a comment',
      'key: [order_id]',
      'csv: { ¶comment: # }\n      }\n    key: [order_id]',
      'sources.orders.csv.comment',
      /has no value/,
      /'#'/,
    ],
    [
      'a key twice',
      '    latest_by: changed\n',
      '    latest_by: changed\n    ¶latest_by: placed\n',
      'sources.orders.latest_by',
      /twice; first in line 13/,
      /Remove/,
    ],
    ['an odd name', '      amount:', '      ¶order amount:', `${column}.order amount`, /cannot be a name/, /from/],
    ['one of our names', '      amount:', '      ¶_hg_reason:', `${column}._hg_reason`, /cannot be a name/, /from/],
    ['a pipeline name', 'name: orders', 'name: ¶Orders', 'name', /'Orders' cannot be a pipeline name/, /lower case/],
    [
      'neither text nor mapping',
      '      amount: decimal(18,2)',
      '      amount: ¶[decimal]',
      `${column}.amount`,
      /neither one text nor a mapping/,
      / Or: /,
    ],
  ];
  test.each(cases)('%s', (_, from, marked, field, problem, remedy) => {
    const { place, issues } = spoilt(from, marked);
    expect(issues).toEqual([told(place, field, problem, remedy)]);
  });

  test('a missing key is told at the key of its mapping', () => {
    const { text, place } = unmark(spoil(spoil(orders, '  table: ${LAKE}/orders\n', ''), 'target:', '¶target:'));
    expect(issuesOf(text).map((issue) => `${issue.line}:${issue.column} ${issue.field} ${issue.problem}`)).toEqual([
      `${place} target.table is missing`,
    ]);
  });
});

describe('notation', () => {
  const cases: readonly Mistake[] = [
    [
      'a type',
      'order_id: bigint!',
      'order_id: ¶integer!',
      `${column}.order_id`,
      /'integer!' is not a column type/,
      /Did you mean int\?/,
    ],
    [
      'a pattern',
      'format: dd.MM.yyyy',
      'format: ¶dd.mm.yyyy',
      `${column}.placed.format`,
      /'m' is the minute/,
      /dd-MM-yyyy/,
    ],
    [
      'a pattern in the type',
      'timestamp yyyy-MM-dd HH:mm:ss',
      '¶timestamp yyyy-MM-dd hh:mm:ss',
      `${column}.changed`,
      /12-hour/,
      /HH:mm:ss/,
    ],
    ['a duration', 'wait: 2 days', 'wait: ¶2 dayz', 'gate.wait', /'2 dayz' is not a duration/, /P7D/],
    ['a short retention', 'retain: 7 days', 'retain: ¶30 minutes', 'maintenance.vacuum.retain', /too short/, /1 hour/],
    ['a share', 'hold_above: 5%', 'hold_above: ¶5', 'expectations.paid.hold_above', /more than all rows/, /5 alone/],
    [
      'a share of unreadable rows',
      'latest_by: changed',
      'latest_by: changed\n    hold_above: ¶5',
      'sources.orders.hold_above',
      /more than all rows/,
      /Or off/,
    ],
    ['a clock', 'at: "02:30"', 'at: ¶"2:30"', 'schedule.at', /'2:30' is not a time of day/, /02:30/],
    ['a zone', 'Europe/Berlin', '¶Europe/Berlinn', 'schedule.timezone', /not a time zone/, /UTC/],
    [
      'a statement',
      'check: amount > 0,',
      'check: ¶amount > 0; select 1,',
      'expectations.paid.check',
      /';' at character 11/,
      /one Spark SQL/,
    ],
    [
      'an edge',
      'edges: [10, 100]',
      'edges: [10, ¶1e2]',
      `${derived}.size.edges[1]`,
      /'1e2' is not a number/,
      /decimal/,
    ],
  ];
  test.each(cases)('%s', (_, from, marked, field, problem, remedy) => {
    const { place, issues } = spoilt(from, marked);
    expect(issues).toEqual([told(place, field, problem, remedy)]);
  });

  const csv: readonly Mistake[] = [
    ['a delimiter', '', 'delimiter: ¶"||"', 'delimiter', /not one character/, /semicolon/],
    ['an encoding', '', 'encoding: ¶utf-16', 'encoding', /cannot be read/, /iconv/],
    ['a flag', '', 'header: ¶yes', 'header', /'yes' is not one of the known words/, /true, false/],
    ['an unknown key', '', '¶separator: ","', 'separator', /not a known key/, /delimiter/],
    ['the quote as delimiter', '', 'delimiter: "\'", quote: ¶"\'"', 'quote', /also the delimiter/, /another/],
    ['the comment as delimiter', '', 'delimiter: ";", comment: ¶";"', 'comment', /also the delimiter/, /another/],
  ];
  test.each(csv)('csv: %s', (_, from, marked, field, problem, remedy) => {
    const at = '    key: [order_id]';
    const { place, issues } = spoilt(
      at,
      `    csv: { ${marked} }${from}
${at}`,
    );
    expect(issues).toEqual([told(place, `sources.orders.csv.${field}`, problem, remedy)]);
  });
});
