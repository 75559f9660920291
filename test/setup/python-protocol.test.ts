// The Python half of the protocol says what the schemas say.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { named } from '../../src/contracts/document-schema';
import { protocolFile, pythonModule, pythonProtocol } from '../../src/setup/python-protocol';

/** What a document of one field comes to. */
const written = (field: z.ZodType, description?: string): string =>
  pythonModule(z.object({ it: named('It', { someField: field }, description) }));

test('protocol.py is what the schemas say; if not, run `npm run protocol`', () => {
  expect(readFileSync(protocolFile(join(__dirname, '..', '..')), 'utf8')).toBe(pythonProtocol());
});

test.each([
  ['a count', z.int(), 'some_field: int'],
  ['a measure', z.number(), 'some_field: float'],
  ['null', z.string().nullable(), 'some_field: str | None'],
  ['what may be absent', z.string().exactOptional(), 'some_field: str | None = None'],
  ['a default', z.boolean().default(true), 'some_field: bool = True'],
  ['a default of many', z.array(z.string()).default([]), 'some_field: tuple[str, ...] = ()'],
  ['a quote', z.string().default('"'), `some_field: str = '"'`],
  ['words', z.enum(['a-b', 'c']), 'some_field: Literal["a-b", "c"]'],
  ['a map', z.record(z.string(), z.int()), 'some_field: Mapping[str, int]'],
])('%s has its type in Python', (_, schema, line) => {
  expect(written(schema)).toContain(`    ${line}\n`);
});

test('what is told of a class and of a field comes along, in lines that Python takes', () => {
  const text = written(z.int().describe('word '.repeat(40).trim()), 'Of a class.');
  expect(text).toContain('class It:\n    """Of a class."""\n\n    # word word');
  expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
});

test('a class stands before whoever needs it', () => {
  const text = written(named('Part', { from: z.string() }));
  expect(text.indexOf('class Part')).toBeLessThan(text.indexOf('class It'));
  expect(text).toContain('    from_: str\n');
  expect(text).toContain('    some_field: Part\n');
});

test('an object without a name is refused', () => {
  expect(() => written(z.object({ a: z.int() }))).toThrow('give an object a name');
});
