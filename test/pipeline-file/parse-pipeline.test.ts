// What right files parse to, and that wrong ones end in one kind of error.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parsePipeline, pipelineNotices } from '../../src/pipeline-file';
import { defaultMaintenance } from '../../src/domain/upkeep/policy';
import { file, issuesOf, orders, parse, spoil, variables } from './support';

const shipped = (name: string) =>
  parsePipeline(readFileSync(`pipelines/${name}.yaml`, 'utf8'), { file: `pipelines/${name}.yaml`, variables });

test('the seed pipeline is the pipeline of the golden prepare request', () => {
  const golden = JSON.parse(readFileSync('test/golden/prepare.request.json', 'utf8')).pipeline;
  expect({ ...shipped('customer-sales'), definitionDigest: golden.definitionDigest }).toStrictEqual(golden);
});

test('the second pipeline reads one file per day and derives its key', () => {
  const pipeline = shipped('retail-by-day');
  expect(pipeline.sources).toMatchObject([
    { name: 'lines', path: '/raw/{yyyy-MM-dd}.csv', arrives: 'interval', every: 'day', key: ['line_id'] },
  ]);
  expect(pipeline.sources[0]?.columns).toContainEqual({
    name: 'customer_id',
    from: 'CustomerID',
    type: 'bigint',
    required: false,
  });
  expect(pipeline.sources[0]?.columns.at(-1)).toMatchObject({
    name: 'line_id',
    required: true,
    expression: expect.stringMatching(/^sha2\(to_json\(struct\(invoice_no, .* country\)\), 256\)$/),
  });
  expect(pipeline.target).toMatchObject({ key: ['line_id'], partitionBy: ['invoice_month'], partitionsFixed: true });
});

test('a file of few words has defaults for the rest', () => {
  const text = `name: few\nsources: { a: { path: /in/*.csv, format: csv, columns: { id: int }, key: [id] } }\ntarget: { table: /lake/few }\n`;
  expect(parse(text)).toEqual({
    name: 'few',
    sources: [
      {
        name: 'a',
        path: '/in/*.csv',
        format: 'csv',
        arrives: 'new-files',
        columns: [{ name: 'id', from: 'id', type: 'int', required: false }],
        key: ['id'],
        csv: {
          delimiter: ',',
          quote: '"',
          escape: '"',
          header: true,
          encoding: 'utf-8',
          nulls: [],
          multiline: false,
          trim: false,
          extraColumns: 'warn',
        },
        extract: 'in-place',
      },
    ],
    transform: { kind: 'columns', from: 'a', joins: [], columns: [] },
    expectations: [],
    target: {
      table: '/lake/few',
      key: ['id'],
      partitionBy: [],
      zorderBy: [],
      clusterBy: [],
      partitionsFixed: false,
      deletionVectors: false,
    },
    maintenance: defaultMaintenance,
    runtime: 'local',
    timezone: 'UTC',
    gateWaitSeconds: 604_800,
    state: '/lake/_headgate/few',
    definitionDigest: expect.stringMatching(/^[0-9a-f]{32}$/),
  });
});

test.each([
  ['/raw/x/../a.csv', '/raw/a.csv'],
  ['in/*.csv', '/work/in/*.csv'],
  ['~/in/a.csv', join(homedir(), 'in/a.csv')],
  ['file:///raw/a%20b.csv', '/raw/a%20b.csv'],
  ['s3://bucket/raw/*.csv', 's3://bucket/raw/*.csv'],
  ['S3A://Bucket//raw/', 's3://Bucket/raw'],
  ['s3n://Bucket/raw/*.csv', 's3://Bucket/raw/*.csv'],
])('the path %s is %s', (path, absolute) => {
  const text = spoil(orders, '${RAW}/orders-*.csv', path);
  expect(parsePipeline(text, { file, variables, cwd: '/work' }).sources[0]?.path).toBe(absolute);
});

test.each([
  ['on: customer_id', [{ left: 'customer_id', right: 'customer_id' }]],
  ['on: [customer_id]', [{ left: 'customer_id', right: 'customer_id' }]],
  ['on: { customer_id: customer_id }', [{ left: 'customer_id', right: 'customer_id' }]],
])('a join %s', (on, conditions) => {
  expect(parse(spoil(orders, 'on: customer_id', on)).transform).toMatchObject({
    joins: [{ source: 'customers', how: 'left', on: conditions }],
  });
});

test('CSV options are settled, by name and by character', () => {
  const csv =
    "{ delimiter: \\t, quote: \"'\", header: false, encoding: Latin1, nulls: [NA, ''], comment: '#', multiline: true, trim: true, extra_columns: fail }";
  const text = spoil(orders, '    key: [order_id]', `    csv: ${csv}\n    key: [order_id]`).replace(
    'from: Placed On, ',
    '',
  );
  expect(parse(text).sources[0]?.csv).toEqual({
    delimiter: '\t',
    quote: "'",
    escape: "'",
    header: false,
    encoding: 'iso-8859-1',
    nulls: ['NA', ''],
    comment: '#',
    multiline: true,
    trim: true,
    extraColumns: 'fail',
  });
});

describe('a SQL transform', () => {
  const withSql = (sql: string): string =>
    orders
      .replace(/ {2}join:[^]*?(?=expectations:)/, () => `  sql: ${sql}\n`)
      .replace(/ {2}(partition|zorder)_by.*\n/g, '');

  test('may stand in the file', () => {
    const text = withSql('select o.*, c.country from orders o left join customers c using (customer_id);');
    expect(parse(text).transform).toEqual({
      kind: 'sql',
      from: 'orders',
      sql: 'select o.*, c.country from orders o left join customers c using (customer_id)',
    });
  });

  test('may stand in a file beside it, which is taken as it is', () => {
    const folder = mkdtempSync(join(tmpdir(), 'pipeline-file-'));
    try {
      const sql = "select *, '${RAW}' from orders join customers using (customer_id)";
      writeFileSync(join(folder, 'orders.sql'), `${sql};\n`);
      const path = join(folder, 'orders.yaml');
      const pipeline = parsePipeline(withSql('orders.sql'), { file: path, variables });
      expect(pipeline.transform).toEqual({ kind: 'sql', from: 'orders', sql });
      writeFileSync(join(folder, 'orders.sql'), 'select 1; select 2');
      expect(() => parsePipeline(withSql('orders.sql'), { file: path, variables })).toThrow(/'orders.sql' has a ';'/);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  test.each([
    ['a file that is not there', 'missing.sql', 'transform.sql', /'missing.sql' does not exist/],
    ['a source that it does not use', 'select * from orders', 'sources.customers', /not used by the query/],
    [
      'join beside it',
      'select * from orders, customers\n  join: { customers: { on: customer_id } }',
      'transform.join',
      /contradicts sql/,
    ],
  ])('%s is an error', (_, sql, field, problem) => {
    expect(issuesOf(withSql(sql))).toEqual([
      expect.objectContaining({ field, problem: expect.stringMatching(problem) }),
    ]);
  });
});

test('a joined source of new files is right, and worth a notice', () => {
  expect(pipelineNotices(parse(orders))).toEqual([]);
  const text = spoil(orders, 'arrives: snapshot', 'arrives: new-files');
  expect(pipelineNotices(parse(text))).toEqual([
    expect.stringMatching(/^Source customers is joined and arrives as new-files/),
  ]);
});

test.each([
  ['2%', 0.02],
  ['off', 1],
])('a source takes hold_above: %s', (text, share) => {
  const { sources } = parse(spoil(orders, 'arrives: snapshot', `arrives: snapshot\n    hold_above: ${text}`));
  expect(sources.map(({ holdAbove }) => holdAbove)).toEqual([undefined, share]);
});

test('mistakes of all parts come in one message, in the order of the file', () => {
  const text = [
    ['latest_by: changed', 'latest_by: chnaged'],
    ['format: parquet', 'format: parqet'],
    ['hold_above: 5%', 'hold_above: 5'],
    ['at: "02:30"', 'at: 2:30'],
    ['  partition_by', '  partitions'],
    ['${LAKE}', '${LAKES}'],
  ].reduce((spoiled, [from = '', to = '']) => spoil(spoiled, from, to), orders);
  expect(() => parse(text)).toThrowErrorMatchingInlineSnapshot(`
"orders.yaml has 5 problems:
  orders.yaml:16:13 sources.customers.format: 'parqet' is not one of the known words. Did you mean parquet? Known here: csv, parquet.
  orders.yaml:27:62 expectations.paid.hold_above: '5' is more than all rows. Write 0% to 100%; 5 alone means 500%.
  orders.yaml:29:10 target.table: the variable LAKES is not set. Pass --set LAKES=…, set it in the environment, or give a default: \${LAKES:-…}.
  orders.yaml:30:3 target.partitions: 'partitions' is not a known key. Did you mean partition_by? Known here: table, key, partition_by, zorder_by, cluster_by, partitions_fixed, deletion_vectors, evolve.
  orders.yaml:33:17 schedule.at: '2:30' is not a time of day. Write hours and minutes, for example "02:30"."
`);
});

test('columns are added to a table where the file says so, and nothing else is a word for it', () => {
  const evolving = (word: string) => spoil(orders, '  partition_by', `  evolve: ${word}\n  partition_by`);
  expect(parse(evolving('add-columns')).target.evolve).toBe('add-columns');
  expect(parse(evolving('none')).target).not.toHaveProperty('evolve');
  expect(parse(orders).target).not.toHaveProperty('evolve');
  expect(issuesOf(evolving('true')).map(({ field }) => field)).toEqual(['target.evolve']);
});

test('a slip in an outer part does not hide one in the core', () => {
  const text = spoil(spoil(orders, 'at: "02:30"', 'at: 2:30'), 'partition_by: [month]', 'partition_by: [moth]');
  expect(issuesOf(text).map(({ field }) => field)).toEqual(['target.partition_by[0]', 'schedule.at']);
});

test('the error carries kind, type and place as fields', () => {
  const parsing = () => parse(spoil(orders, 'format: parquet', 'format: parqet'));
  expect(parsing).toThrow(
    expect.objectContaining({
      kind: 'config',
      type: 'PipelineFile',
      remedy: 'Did you mean parquet? Known here: csv, parquet.',
      fields: { file, problems: 1, line: 16, column: 13, field: 'sources.customers.format' },
    }),
  );
});
