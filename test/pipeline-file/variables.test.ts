// ${NAME} in values: what is replaced, what is refused, and that no value ever reaches a message.
import { parseDocument, visit } from 'yaml';
import { listVariables } from '../../src/pipeline-file';
import { substitute } from '../../src/pipeline-file/variables';
import { issuesOf, orders, parse, spoil } from './support';

test.each([
  ['${A}/x', '1/x'],
  ['${A}${B}', '12'],
  ['${C:-default}', 'default'],
  ['${A:-default}', '1'],
  ['${C:-}', ''],
  ['${EMPTY:-default}', 'default'],
  ['$${A}', '${A}'],
  ['$A {A} $', '$A {A} $'],
])('%s becomes %j', (text, result) => {
  expect(substitute(text, { A: '1', B: '2', EMPTY: '' })).toEqual({ text: result, problems: [] });
});

test('a value that looks like a variable is not replaced again', () => {
  expect(substitute('${A}', { A: '${B}', B: 'x' }).text).toBe('${B}');
});

test.each([
  ['${MISSING}', 'the variable MISSING is not set', /--set MISSING=….*\$\{MISSING:-…\}/],
  ['${EMPTY}', 'the variable EMPTY is empty', /--set EMPTY=/],
  ['${toString}', 'the variable toString is not set', /--set/],
  ['${1X}', '{value} holds a ${ that is no variable', /\$\{NAME\}/],
  ['${}', '{value} holds a ${ that is no variable', /\$\{NAME\}/],
  ['${OPEN', '{value} holds a ${ that is no variable', /\$\{NAME\}/],
])('%s is refused', (text, problem, remedy) => {
  expect(substitute(text, { EMPTY: '' }).problems).toEqual([{ problem, remedy: expect.stringMatching(remedy) }]);
});

test('names are listed in the order of use, from values only', () => {
  const text = 'a: ${B}/${A:-x} # ${COMMENT}\n"${KEY}": ["${B}", "$${NOT}", "${C}"]\n';
  expect(listVariables(text)).toEqual(['B', 'A', 'C']);
  expect(listVariables('a: [')).toEqual([]);
  expect(listVariables(orders)).toEqual(['RAW', 'LAKE']);
});

test('every missing variable is told at its value', () => {
  expect(
    issuesOf(orders, {}).map(({ line, column, field, problem }) => `${line}:${column} ${field} ${problem}`),
  ).toEqual([
    '4:11 sources.orders.path the variable RAW is not set',
    '15:11 sources.customers.path the variable RAW is not set',
    '29:10 target.table the variable LAKE is not set',
  ]);
});

test('a value cannot add keys, however it is written', () => {
  const raw = '/raw\n    format: parquet\n    x: {y: z}';
  const [source] = parse(orders, { RAW: raw, LAKE: '/lake' }).sources;
  expect(source).toMatchObject({ format: 'csv', path: expect.stringContaining('x: {y: z}') });
});

test('a variable may stand for any scalar', () => {
  const text = spoil(spoil(orders, '[10, 100]', '["${LOW}", 100]'), 'hold_above: 5%', 'hold_above: "${SHARE:-5%}"');
  const pipeline = parse(text, { RAW: '/raw', LAKE: '/lake', LOW: '10' });
  expect(pipeline).toEqual({ ...parse(orders), definitionDigest: pipeline.definitionDigest });
});

test('no message holds the value of a variable, whichever scalar it stands for', () => {
  const secret = 'zz-S3CR3T;(';
  let scalars = 0;
  let errors = 0;
  visit(parseDocument(orders), {
    Scalar(key, node) {
      if (key === 'key' || !node.range) return;
      scalars += 1;
      const text = `${orders.slice(0, node.range[0])}"\${SECRET}"${orders.slice(node.range[1])}`;
      const issues = issuesOf(text, { RAW: '/raw', LAKE: '/lake', SECRET: secret });
      errors += issues.length;
      expect(JSON.stringify(issues)).not.toContain('S3CR3T');
    },
  });
  expect(scalars).toBeGreaterThan(35);
  expect(errors).toBeGreaterThan(30);
});
