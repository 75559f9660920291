// The JSON Schema for editors: committed, complete, and of one mind with the parser about the shipped pipelines.
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Ajv2020 from 'ajv/dist/2020';
import { parse } from 'yaml';
import { writePipelineSchema } from '../../src/pipeline-file';
import { pipelineJsonSchema } from '../../src/contracts/pipeline-file-schema';

const validate = new Ajv2020({ strict: true, allowUnionTypes: true, allErrors: true }).compile(pipelineJsonSchema());
const shipped = readdirSync('pipelines').filter((name) => name.endsWith('.yaml'));
const seed = () => parse(readFileSync('pipelines/customer-sales.yaml', 'utf8'));

test('the committed schema is what the generator writes', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'schema-'));
  try {
    await writePipelineSchema(join(folder, 'schema.json'));
    expect(readFileSync('pipelines/pipeline.schema.json', 'utf8')).toBe(
      readFileSync(join(folder, 'schema.json'), 'utf8'),
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test.each(shipped)('%s is valid, and names the schema for editors', (name) => {
  const text = readFileSync(`pipelines/${name}`, 'utf8');
  expect(text).toMatch(/^# yaml-language-server: \$schema=pipeline\.schema\.json\n/);
  expect(validate(parse(text)) ? [] : validate.errors).toEqual([]);
});

test('numbers, booleans and variables are fine where an editor sees them', () => {
  const pipeline = seed();
  pipeline.sources.sales.csv = { header: true, nulls: ['NA', 0, null] };
  pipeline.transform.columns.price_range.labels = [1, 'medium', true, '3-4'];
  pipeline.expectations.valid_age.hold_above = 0.05;
  pipeline.runtime = '${RUNTIME:-local}';
  expect(validate(pipeline) ? [] : validate.errors).toEqual([]);
});

test.each([
  ['an unknown key', (pipeline: ReturnType<typeof seed>) => (pipeline.colour = 'red')],
  ['an unknown word', (pipeline: ReturnType<typeof seed>) => (pipeline.sources.sales.format = 'cvs')],
  ['a missing table', (pipeline: ReturnType<typeof seed>) => delete pipeline.target.table],
  ['an odd column name', (pipeline: ReturnType<typeof seed>) => (pipeline.sources.sales.columns['Order No'] = 'int')],
])('an editor marks %s', (_, spoil) => {
  const pipeline = seed();
  spoil(pipeline);
  expect(validate(pipeline)).toBe(false);
});

test('every key tells its meaning', () => {
  const bare: string[] = [];
  const visit = (schema: unknown, path: string): void => {
    if (typeof schema !== 'object' || schema === null) return;
    if ('properties' in schema && typeof schema.properties === 'object') {
      for (const [key, property] of Object.entries(schema.properties ?? {})) {
        if (!/\w{3}/.test(Object(property).description ?? '')) bare.push(`${path}.${key}`);
      }
    }
    for (const [key, member] of Object.entries(schema)) visit(member, `${path}.${key}`);
  };
  visit(pipelineJsonSchema(), '');
  expect(bare).toEqual([]);
});
