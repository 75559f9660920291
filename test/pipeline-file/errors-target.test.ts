// Mistakes in the target of a pipeline file: exact place (the mark ¶), field, problem, remedy.
import { issuesOf, orders, spoil, spoilt, told, unmark, type Mistake } from './support';

describe('target', () => {
  const select = '  from: orders\n  select: [order_id, month, customer_id]\n';
  const cases: readonly Mistake[] = [
    [
      'an unknown key',
      '  partition_by',
      '  key: [¶order]\n  partition_by',
      'target.key[0]',
      /'order' is not a column of the table/,
      /Columns: order_id/,
    ],
    [
      'an unknown partition',
      'partition_by: [month]',
      'partition_by: [¶moth]',
      'target.partition_by[0]',
      /'moth' is not a column/,
      /Did you mean month\?/,
    ],
    [
      'an unknown zorder column',
      'zorder_by: [customer_id]',
      'zorder_by: [¶customer]',
      'target.zorder_by[0]',
      /not a column/,
      /Columns/,
    ],
    [
      'clustering by a partition',
      'zorder_by: [customer_id]',
      'zorder_by: [customer_id, ¶month]',
      'target.zorder_by[1]',
      /'month' is also a partition column/,
      /Remove/,
    ],
    [
      'liquid clustering of a table with partitions',
      'zorder_by: [customer_id]',
      '¶cluster_by: [customer_id]',
      'target.cluster_by',
      /beside partition_by/,
      /Remove partition_by, or cluster_by/,
    ],
    [
      'a fifth cluster column',
      'zorder_by: [customer_id]',
      'cluster_by: ¶[a, b, c, d, e]',
      'target.cluster_by',
      /more than 4/,
      /Leave 4/,
    ],
    [
      'fixed partitions without any',
      '  partition_by: [month]',
      '  ¶partitions_fixed: true',
      'target.partitions_fixed',
      /no effect/,
      /partition_by/,
    ],
    [
      'a pattern for a table',
      'table: ${LAKE}/orders',
      'table: ¶${LAKE}/orders*',
      'target.table',
      /pattern/,
      /one table/,
    ],
    ['a table at the root', 'table: ${LAKE}/orders', 'table: ¶/', 'target.table', /no folder/, /below the root/],
    [
      'a bucket for a table',
      'table: ${LAKE}/orders',
      'table: ¶s3://bucket/',
      'target.table',
      /no folder/,
      /the bucket/,
    ],
    ['state in the table', 'gate: {', 'state: ¶${LAKE}/orders/_state\ngate: {', 'state', /VACUUM/, /beside/],
  ];
  test.each(cases)('%s', (_, from, marked, field, problem, remedy) => {
    const { place, issues } = spoilt(from, marked);
    expect(issues).toEqual([told(place, field, problem, remedy)]);
  });

  test('a latest_by that the table does not keep', () => {
    const { text, place } = unmark(
      spoil(spoil(orders, 'latest_by: changed', 'latest_by: ¶changed'), '  from: orders\n', select),
    );
    expect(issuesOf(text).map((issue) => `${issue.line}:${issue.column} ${issue.problem}`)).toEqual([
      `${place} 'changed' is not kept in the table: a late older row would overwrite a newer one`,
    ]);
  });

  test('partitions cannot be all there is', () => {
    const text = spoil(
      spoil(
        spoil(orders, '  from: orders\n', '  from: orders\n  select: [order_id, changed]\n'),
        '[month]',
        '[order_id, changed]',
      ),
      '  zorder_by: [customer_id]\n',
      '',
    );
    expect(issuesOf(text)).toEqual([expect.objectContaining({ field: 'target.partition_by' })]);
  });
});
