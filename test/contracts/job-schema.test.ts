// What the parsers of reports and failures refuse, on edited golden files; golden.test.ts reads the files as they are.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HeadgateError } from '../../src/contracts/errors';
import { failureKinds } from '../../src/contracts/failure';
import { parseJobFailure, parseJobReport } from '../../src/contracts/job-schema';

const golden = (name: string): string => readFileSync(join(__dirname, '../golden', name), 'utf8');

/** The golden document with the value at a dotted path replaced; `undefined` removes it. */
function edited(name: string, path: string, value: unknown): string {
  const steps = path.split('.');
  const edit = (node: unknown, depth: number): unknown => {
    const step = steps[depth];
    if (step === undefined) return value;
    if (Array.isArray(node)) return node.map((item, index) => (String(index) === step ? edit(item, depth + 1) : item));
    const fields = Object.entries(node ?? {}).filter(([key]) => key !== step);
    const before = Object.entries(node ?? {}).find(([key]) => key === step)?.[1];
    return Object.fromEntries([...fields, [step, edit(before, depth + 1)]]);
  };
  return JSON.stringify(edit(JSON.parse(golden(name)), 0));
}

function errorOf(call: () => unknown): HeadgateError {
  try {
    call();
  } catch (error) {
    if (error instanceof HeadgateError) return error;
    throw error;
  }
  throw new Error('expected a HeadgateError');
}

test('every failure kind of the table is accepted', () => {
  for (const kind of Object.keys(failureKinds)) {
    expect(parseJobFailure(edited('failure.json', 'kind', kind), 'f').kind).toBe(kind);
  }
});

test('keys of a newer writer are left out, not refused', () => {
  const json = edited('commit.report.json', 'files.rewritten', 3);
  expect(parseJobReport(json, 'r')).toEqual(JSON.parse(golden('commit.report.json')));
});

test('files scanned are kept when the runtime could tell', () => {
  const json = edited('commit.report.json', 'files.scanned', 2);
  expect(parseJobReport(json, 'r')).toMatchObject({ files: { scanned: 2 } });
});

test.each([
  ['a missing number', 'rows.inserted', undefined],
  ['a negative count', 'rows.inserted', -1],
  ['a fraction of a row', 'rows.updated', 0.5],
  ['another protocol', 'protocol', 2],
  ['an unknown job', 'job', 'vacuum'],
  ['text for a flag', 'table.recovered', 'no'],
  ['null for an optional count', 'files.scanned', null],
])('a report with %s is refused and the field named', (_, field, value) => {
  const error = errorOf(() => parseJobReport(edited('commit.report.json', field, value), '/state/report.json'));
  expect(error.type).toBe('InvalidJobReport');
  expect(error.fields).toEqual({ file: '/state/report.json', field });
  expect(error.message).toContain('/state/report.json');
  expect(error.message).toContain(`${field}: `);
});

test('an item of a list is named by its place', () => {
  const json = edited('prepare.report.json', 'expectations.1.action', 'drop');
  expect(errorOf(() => parseJobReport(json, 'r')).fields['field']).toBe('expectations[1].action');
});

test('a failure of an unknown kind is refused', () => {
  const json = edited('failure.json', 'kind', 'toString');
  expect(errorOf(() => parseJobFailure(json, 'f'))).toMatchObject({
    type: 'InvalidJobFailure',
    fields: { file: 'f', field: 'kind' },
  });
});

test.each(['', '{"protocol":1', 'null', '[]'])('a document that is no report is refused: %j', (json) => {
  expect(errorOf(() => parseJobReport(json, 'r')).type).toBe('InvalidJobReport');
});
