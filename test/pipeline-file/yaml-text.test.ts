// YAML as people write it, and as it breaks.
import { issuesOf, orders, parse, show, spoil, unmark } from './support';

test('texts that YAML reads as numbers, booleans or null stay as written', () => {
  const labels = '[007, yes, 18-25]';
  const pipeline = parse(
    spoil(
      spoil(orders, '[small, medium, large]', labels),
      '    key: [order_id]',
      '    csv: { nulls: [null, ~, 1.0, 1e3, "", NA] }\n    key: [order_id]',
    ),
  );
  expect(pipeline.transform).toMatchObject({
    columns: [{}, { labels: ['007', 'yes', '18-25'], edges: ['10', '100'] }],
  });
  expect(pipeline.sources[0]?.csv?.nulls).toEqual(['null', '~', '1.0', '1e3', '', 'NA']);
});

test('anchors, block texts, comments, CRLF and a byte order mark are YAML as ever', () => {
  const text = spoil(orders, '    key: [customer_id]', '    key: &key [customer_id] # the key').replace(
    'zorder_by: [customer_id]',
    'zorder_by: *key',
  );
  expect(parse(`\uFEFF${text.replaceAll('\n', '\r\n')}`)).toEqual(parse(orders));
});

test.each([
  ['an open bracket', 'key: [order_id]', 'key: [order_id', /not valid YAML/],
  ['a tab', '    format: csv', '\tformat: csv', /not valid YAML/],
  ['a variable in a flow mapping', 'target:\n', 'target: { table: ${LAKE}/x }\nx:\n', /not valid YAML/],
  ['a tag', 'type: date', 'type: !date date', /not valid YAML/],
  ['an unknown anchor', 'key: [order_id]', 'key: *order_id', /unknown anchor/],
  ['two documents', 'gate:', '---\ngate:', /not valid YAML/],
  ['an odd key', 'gate:', '? [a, b]\n: c\ngate:', /cannot be a name/],
  ['a key that JavaScript would take', 'gate:', '__proto__: x\ngate:', /cannot be a name/],
])('%s is told with its line', (_, from, to, problem) => {
  const issues = issuesOf(spoil(orders, from, to));
  expect(issues).toContainEqual(expect.objectContaining({ problem: expect.stringMatching(problem) }));
  expect(Math.min(...issues.map(({ line }) => line))).toBeGreaterThan(1);
  expect(issues.every(({ remedy }) => remedy.length > 5)).toBe(true);
});

test('a decimal that a flow mapping cuts is explained at both ends', () => {
  const { text, place } = unmark(
    spoil(orders, '{ customer_id: string!, country: string }', '{ customer_id: string!, balance: ¶decimal(18,2) }'),
  );
  const issues = issuesOf(text);
  expect(issues.map(({ line, column }) => `${line}:${column}`)).toContain(place);
  expect(issues.map(({ remedy }) => remedy)).toEqual(['Quote it: "decimal(18,2)".', 'Quote that whole value: "…".']);
});

test('a variable in braces gets the remedy that helps', () => {
  const [issue] = issuesOf(spoil(orders, 'target:\n', 'target: { table: ${LAKE}/x }\nx:\n'));
  expect(issue?.remedy).toContain('quote values that hold ${…}');
});

test.each([
  ['an alias of itself', 'name: &a [*a, *a]\n'],
  [
    'aliases that multiply',
    `a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: [*d,*d,*d,*d,*d,*d,*d,*d]\n`,
  ],
  ['brackets deeper than the stack', `a: ${'['.repeat(20_000)}`],
  ['lists deeper than the stack', `${'- '.repeat(20_000)}x`],
  ['keys deeper than the stack', `${'? '.repeat(20_000)}x`],
  ['levels deeper than any file', Array.from({ length: 400 }, (_, level) => `${' '.repeat(level)}a:`).join('\n')],
  ['a text of a megabyte', `name: ${'x'.repeat(1024 * 1024)}`],
])('%s ends in an error', (_, text) => {
  expect(issuesOf(text).map(show).join()).toMatch(/too large|too deeply|not valid YAML/);
});

test.each([
  ['nothing', ''],
  ['a comment', '# nothing\n'],
  ['a word', 'pipeline'],
  ['a list', '- a\n- b\n'],
])('a file of %s is no pipeline', (_, text) => {
  expect(issuesOf(text).length).toBeGreaterThan(0);
});
