// Mistakes in the sources of a pipeline file: exact place (the mark ¶), field, problem, remedy.
import { issuesOf, orders, spoil, spoilt, told, type Mistake } from './support';

const column = 'sources.orders.columns';

describe('sources', () => {
  const cases: readonly Mistake[] = [
    [
      'an unknown key column',
      'key: [order_id]',
      'key: [order_id, ¶order_i]',
      'sources.orders.key[1]',
      /'order_i' is not a column of source orders/,
      /Did you mean order_id\?/,
    ],
    [
      'a key column twice',
      'key: [order_id]',
      'key: [order_id, ¶order_id]',
      'sources.orders.key[1]',
      /listed twice/,
      /Remove/,
    ],
    [
      'an unknown latest_by',
      'latest_by: changed',
      'latest_by: ¶change',
      'sources.orders.latest_by',
      /not a column/,
      /Did you mean changed\?/,
    ],
    [
      'columns that differ in case',
      '      amount:',
      '      ¶Order_ID: string\n      amount:',
      `${column}.Order_ID`,
      /case does not count/,
      /Rename/,
    ],
    [
      'a header read twice',
      '      placed: {',
      '      again: { from: Placed On, type: string }\n      ¶placed: {',
      `${column}.placed`,
      /same header as again/,
      /expr: again/,
    ],
    [
      'a computed and read column',
      '      amount:',
      '      twice: { expr: amount * 2, ¶from: Twice, type: int }\n      amount:',
      `${column}.twice.from`,
      /contradicts expr/,
      /Remove/,
    ],
    [
      'a computed column with format',
      '      amount:',
      '      day: { expr: current_date(), type: date, ¶format: yyyy }\n      amount:',
      `${column}.day.format`,
      /contradicts expr/,
      /to_date/,
    ],
    [
      'a format given twice',
      'type: date, format: dd.MM.yyyy',
      'type: date yyyy, ¶format: dd.MM.yyyy',
      `${column}.placed.format`,
      /given twice/,
      /Keep one/,
    ],
    [
      'a format of a number',
      'type: date, format: ',
      'type: int, format: ¶',
      `${column}.placed.format`,
      /type int takes no format/,
      /Remove/,
    ],
    [
      'a rename without a header',
      'from: Placed On, type: date, format: dd.MM.yyyy }',
      '¶from: Placed On, type: date, format: dd.MM.yyyy }\n    csv: { header: false }',
      `${column}.placed.from`,
      /by position/,
      /Remove from/,
    ],
    [
      'a template outside intervals',
      '${RAW}/orders-*.csv',
      '¶${RAW}/{yyyy-MM-dd}.csv',
      'sources.orders.path',
      /arrives as new-files/,
      /arrives: interval/,
    ],
    [
      'csv options of parquet',
      '    arrives: snapshot',
      '    arrives: snapshot\n    ¶csv: { header: true }',
      'sources.customers.csv',
      /no effect/,
      /format: csv/,
    ],
    [
      'every without intervals',
      '    arrives: snapshot',
      '    arrives: snapshot\n    ¶every: day',
      'sources.customers.every',
      /no effect/,
      /interval/,
    ],
    [
      'a format against the path',
      'format: parquet',
      'format: ¶csv',
      'sources.customers.format',
      /ends in \.parquet/,
      /format: parquet/,
    ],
    [
      'an archive',
      '${RAW}/orders-*.csv',
      '¶${RAW}/orders.zip',
      'sources.orders.path',
      /\.zip cannot be read/,
      /\.csv\.gz/,
    ],
  ];
  test.each(cases)('%s', (_, from, marked, field, problem, remedy) => {
    const { place, issues } = spoilt(from, marked);
    expect(issues).toEqual([told(place, field, problem, remedy)]);
  });

  const interval = (path: string, every?: string) =>
    issuesOf(
      spoil(
        orders,
        '    path: ${RAW}/orders-*.csv',
        `    path: "\${RAW}/${path}"\n    arrives: interval${every ? `\n    every: ${every}` : ''}`,
      ),
    ).map(({ field, problem, remedy }) => `${field}: ${problem}. ${remedy}`);

  test.each([
    ['{yyyy-MM-dd}.csv', undefined],
    ['{yyyy}/{MM}/{dd}/*.csv', 'day'],
    ['{yyyyMM}.csv', 'month'],
    ['{yyyy-MM-dd}/{HH}.csv', 'hour'],
    ['{yyyyMMddHH}-{a,b}.csv', 'hour'],
  ])('the template %s is right for every %s', (path, every) => {
    expect(interval(path, every)).toEqual([]);
  });

  test.each([
    ['orders.csv', 'day', /no place for the date/],
    ['{yyyy-mm-dd}.csv', 'day', /braces that are no date template/],
    ['{yyyy/MM/dd}.csv', 'day', /braces that are no date template/],
    ['{MM-dd}.csv', 'day', /lacks yyyy: two intervals would read the same file/],
    ['{yyyy-MM}.csv', 'day', /lacks dd/],
    ['{yyyy-MM-dd}.csv', 'hour', /lacks HH/],
    ['{yyyy-MM-dd-HH}.csv', 'day', /holds HH, which an interval of one day does not have.*every: hour/],
    ['{yyyy-MM-dd}.csv', 'month', /holds dd.*every: day/],
  ])('the template %s is wrong for every %s', (path, every, problem) => {
    expect(interval(path, every)).toEqual([expect.stringMatching(problem)]);
  });

  test('two interval lengths in one pipeline are refused', () => {
    const text = orders
      .replace('orders-*.csv', '{yyyy-MM-dd}.csv\n    arrives: interval')
      .replace('customers.parquet', '{yyyy-MM}.parquet')
      .replace('arrives: snapshot', 'arrives: interval\n    every: month');
    expect(issuesOf(text).map(({ field, problem }) => `${field} ${problem}`)).toEqual([
      'sources.customers.every source customers is cut by month, source orders by day',
    ]);
  });

  test('a source of computed columns alone reads nothing', () => {
    const text = spoil(
      orders,
      '{ customer_id: string!, country: string }',
      '{ customer_id: { expr: uuid(), type: string! } }',
    );
    expect(issuesOf(text)).toEqual([expect.objectContaining({ field: 'sources.customers.columns' })]);
  });

  test('no sources at all', () => {
    const text = `name: x\nsources: {}\ntarget: { table: /lake/x }\n`;
    expect(issuesOf(text)).toContainEqual(expect.objectContaining({ field: 'sources', line: 2, column: 10 }));
  });
});
