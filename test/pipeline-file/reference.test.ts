// docs/pipeline-file.md stays true: its examples parse, and it names every key.
import { readFileSync } from 'node:fs';
import { pipelineJsonSchema } from '../../src/contracts/pipeline-file-schema';
import { orders, parse, spoil } from './support';

const reference = readFileSync('docs/pipeline-file.md', 'utf8');
const examples = [...reference.matchAll(/```yaml\n([^]*?)```/g)].map(([, text]) => text ?? '');

test('its pipeline is a whole pipeline', () => {
  expect(parse(examples[0] ?? '').sources[0]?.columns.map(({ name }) => name)).toEqual([
    'order_id',
    'customer_id',
    'amount',
    'placed',
  ]);
});

test('its columns and its bin are right', () => {
  const columns = (examples[1] ?? '').replace(/^/gm, '      ');
  const bins = (examples[2] ?? '').replace(/^/gm, '    ');
  const text = `name: reference\nsources:\n  orders:\n    path: /in\n    format: csv\n    columns:\n      age: int\n${columns}\n    key: [order_id]\ntransform:\n  columns:\n${bins}\ntarget: { table: /lake/orders }\n`;
  const pipeline = parse(text);
  expect(pipeline.sources[0]?.columns).toHaveLength(6);
  expect(pipeline.transform).toMatchObject({ columns: [{ kind: 'bin', edges: ['18', '26'], missing: 'unknown' }] });
});

test('its example of a pool is a runtime', () => {
  const places = { RAW: 's3://raw', LAKE: 's3://lake' };
  const { cluster } = parse(`${orders}${examples[3] ?? ''}`, places);
  expect(cluster).toMatchObject({ kind: 'pool', name: 'warm', shape: { tags: { 'cost-center': '4711' } } });
});

test('its numbers in another notation are columns', () => {
  const columns = (examples[4] ?? '').replace(/^/gm, '      ');
  const text = `name: reference\nsources:\n  orders:\n    path: /in\n    format: csv\n    columns:\n      id: int!\n${columns}\n    key: [id]\ntarget: { table: /lake/orders }\n`;
  expect(parse(text).sources[0]?.columns.filter(({ expression }) => expression !== undefined)).toHaveLength(2);
});

test('it names every key of the schema', () => {
  const keys = new Set<string>();
  const visit = (schema: unknown): void => {
    if (typeof schema !== 'object' || schema === null) return;
    if ('properties' in schema) for (const key of Object.keys(schema.properties ?? {})) keys.add(key);
    for (const member of Object.values(schema)) visit(member);
  };
  visit(pipelineJsonSchema());
  expect(keys.size).toBeGreaterThan(50);
  expect([...keys].filter((key) => !new RegExp(`\\b${key}\\b`).test(reference))).toEqual([]);
});

test('what it says of the definition digest holds', () => {
  const { definitionDigest } = parse(orders);
  expect(parse(spoil(orders, 'optimize: auto', 'optimize: off')).definitionDigest).toBe(definitionDigest);
  const joined = spoil(
    orders,
    'order_id: bigint!\n      customer_id: string\n',
    'customer_id: string\n      order_id: bigint!\n',
  );
  expect(parse(joined).definitionDigest).not.toBe(definitionDigest);
});
