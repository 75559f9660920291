// Mistakes in the transform of a pipeline file: exact place (the mark ¶), field, problem, remedy.
import { issuesOf, orders, spoil, spoilt, told, unmark, type Mistake } from './support';

describe('transform', () => {
  const join = 'join: { customers: { on: customer_id } }';
  const cases: readonly Mistake[] = [
    [
      'an unknown from',
      'from: orders',
      'from: ¶order',
      'transform.from',
      /'order' is not a source/,
      /Did you mean orders\?/,
    ],
    [
      'an unknown joined source',
      'customers: { on',
      '¶customer: { on',
      'transform.join.customer',
      /'customer' is not a source/,
      /Did you mean customers\?/,
    ],
    [
      'a join to itself',
      join,
      'join: { customers: { on: customer_id }, ¶orders: { on: order_id } }',
      'transform.join.orders',
      /joins orders to itself/,
      /second source/,
    ],
    [
      'a join that multiplies rows',
      'on: customer_id',
      'on: ¶{ customer_id: country }',
      'transform.join.customers.on',
      /exactly its key \(its key is \[customer_id\]\)/,
      /Join on the key/,
    ],
    [
      'a join by more than the key',
      'on: customer_id',
      'on: { customer_id: customer_id, ¶month: country }',
      'transform.join.customers.on.month',
      /'month' is not a column of the rows/,
      /Columns: order_id/,
    ],
    [
      'an unknown left column',
      'on: customer_id',
      'on: { ¶customer: customer_id }',
      'transform.join.customers.on.customer',
      /'customer' is not a column of the rows so far/,
      /Columns: order_id/,
    ],
    [
      'an unknown right column',
      'on: customer_id',
      'on: { customer_id: ¶id }',
      'transform.join.customers.on.customer_id',
      /'id' is not a column of source customers/,
      /Columns: customer_id/,
    ],
    [
      'a join of two types',
      'on: customer_id',
      'on: { order_id: ¶customer_id }',
      'transform.join.customers.on.order_id',
      /order_id is bigint, customers\.customer_id is string/,
      /one type/,
    ],
    [
      'a name in two sources',
      'country: string',
      '¶amount: int',
      'sources.customers.columns.amount',
      /'amount' stands in orders and in customers/,
      /customers_amount: \{ from: amount, type: int \}/,
    ],
    [
      'a column named matched',
      'columns: { customer_id: string!, country',
      'columns: ¶{ customer_id: string!, matched: string, country',
      'sources.customers.columns',
      /'matched'/,
      /Rename/,
    ],
    [
      'a derived name that is taken',
      '    month:',
      '    ¶Amount: amount * 2\n    month:',
      'transform.columns.Amount',
      /also a column of source orders/,
      /another name/,
    ],
    [
      'derived names that differ in case',
      '    size:',
      '    ¶Month: placed\n    size:',
      'transform.columns.Month',
      /case does not count/,
      /Rename/,
    ],
    [
      'a column named like a source',
      'country: string',
      '¶orders: int',
      'sources.customers.columns.orders',
      /'orders' is also the name of a source/,
      /Rename the source/,
    ],
    [
      'a derived column named like a source',
      '    month:',
      '    ¶customers: 1\n    month:',
      'transform.columns.customers',
      /also the name of a source/,
      /another name/,
    ],
    [
      'edges out of order',
      '[10, 100]',
      '[100, ¶10]',
      'transform.columns.size.edges[1]',
      /'10' is not greater than the edge before/,
      /ascending/,
    ],
    [
      'an edge twice',
      '[10, 100]',
      '[10, ¶10.0]',
      'transform.columns.size.edges[1]',
      /'10\.0' is not greater/,
      /each once/,
    ],
    [
      'too few labels',
      'labels: [small, medium, large]',
      'labels: ¶[small, large]',
      'transform.columns.size.labels',
      /2 edges make 3 bins, but there are 2 labels/,
      /Write 3 labels/,
    ],
    [
      'a label twice',
      '[small, medium, large]',
      '[small, ¶small, large]',
      'transform.columns.size.labels[1]',
      /'small' is a label twice/,
      /Rename/,
    ],
    [
      'null labelled like a bin',
      'large] }',
      'large], missing: ¶small }',
      'transform.columns.size.missing',
      /also the label of a bin/,
      /another text/,
    ],
    [
      'an unknown selected column',
      'from: orders\n',
      'from: orders\n  select: [order_id, month, customer_id, changed, ¶siz]\n',
      'transform.select[4]',
      /'siz' is not a column of the transformed row/,
      /Did you mean size\?/,
    ],
    [
      'a key left out',
      'from: orders\n',
      'from: orders\n  select: ¶[month, customer_id, changed]\n',
      'transform.select',
      /leaves out order_id, the key/,
      /target: \{ key/,
    ],
  ];
  test.each(cases)('%s', (_, from, marked, field, problem, remedy) => {
    const { place, issues } = spoilt(from, marked);
    expect(issues).toEqual([told(place, field, problem, remedy)]);
  });

  test('a source that is never used is told at its name', () => {
    const { text, place } = unmark(spoil(spoil(orders, `  ${join}\n`, ''), '  customers:\n', '  ¶customers:\n'));
    expect(issuesOf(text).map((issue) => `${issue.line}:${issue.column} ${issue.problem}`)).toEqual([
      `${place} is never used`,
    ]);
  });

  test('several sources need a from', () => {
    const { text, place } = unmark(spoil(spoil(orders, '  from: orders\n', ''), 'transform:', '¶transform:'));
    expect(issuesOf(text).map((issue) => `${issue.line}:${issue.column} ${issue.field}`)).toEqual([
      `${place} transform.from`,
    ]);
  });

  test('the rows of the table need a key', () => {
    const text = spoil(orders, '    key: [order_id]\n', '');
    expect(issuesOf(text)).toEqual([
      expect.objectContaining({ field: 'sources.orders', remedy: expect.stringMatching(/sha2/) }),
    ]);
  });

  test('a joined source without a key is refused', () => {
    const text = spoil(orders, '    key: [customer_id]\n', '');
    expect(issuesOf(text)).toEqual([expect.objectContaining({ problem: expect.stringMatching(/it has no key/) })]);
  });

  test('select does not make a name in two sources clear: expressions could still mean either', () => {
    const select = '  from: orders\n  select: [order_id, month, customer_id, changed]\n';
    const text = spoil(spoil(orders, 'country: string', 'amount: int'), '  from: orders\n', select);
    expect(issuesOf(text)).toEqual([expect.objectContaining({ field: 'sources.customers.columns.amount' })]);
  });
});
