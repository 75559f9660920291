import { closingLine, crashed, jestOutcome, pytestOutcome, slowestTests, timeOver } from '../../src/setup/closing-line';

const jestReport = (over: object = {}): string =>
  JSON.stringify({ numPassedTests: 5, numFailedTests: 0, numRuntimeErrorTestSuites: 0, ...over });
const pytestReport = (tests: number, failures: number, errors: number, skipped: number): string =>
  `<?xml version="1.0"?><testsuites name="pytest tests"><testsuite name="pytest" errors="${errors}" ` +
  `failures="${failures}" skipped="${skipped}" tests="${tests}" time="1.2"><testcase failures="9"/></testsuite></testsuites>`;

describe('jestOutcome', () => {
  it.each([
    ['all passed', 0, jestReport(), 5, 0],
    ['failed tests', 1, jestReport({ numFailedTests: 2 }), 5, 2],
    ['a file that does not load counts as one', 1, jestReport({ numRuntimeErrorTestSuites: 1 }), 5, 1],
    ['an exit code without a failed test', 1, jestReport(), 5, 1],
    ['an interruption', 0, jestReport({ wasInterrupted: true }), 5, 1],
    ['no report', 0, undefined, 0, 1],
    ['half a report', 0, '{"numPassedTests": 5', 0, 1],
    ['a killed process', 128, undefined, 0, 1],
  ])('%s', (_, code, report, passed, failed) => {
    expect(jestOutcome('jest', code, report)).toMatchObject({ passed, failed });
  });
});

it('says so when the time was over', () => {
  expect(jestOutcome('jest', timeOver, undefined).crash).toBe('the time for all tests was over');
});

describe('pytestOutcome', () => {
  it.each([
    ['all passed', 0, pytestReport(7, 0, 0, 0), 7, 0],
    ['skipped tests are neither', 0, pytestReport(7, 0, 0, 2), 5, 0],
    ['failures and errors', 1, pytestReport(7, 1, 2, 1), 3, 3],
    ['an exit code without a failed test', 3, pytestReport(7, 0, 0, 0), 7, 1],
    ['no test collected', 5, pytestReport(0, 0, 0, 0), 0, 1],
    ['no report', 4, undefined, 0, 1],
    ['an empty report', 0, '', 0, 1],
  ])('%s', (_, code, xml, passed, failed) => {
    expect(pytestOutcome('pytest', code, xml)).toMatchObject({ passed, failed });
  });
});

describe('closingLine', () => {
  it('adds up all runners', () => {
    const outcomes = [
      { name: 'jest', passed: 5, failed: 0 },
      { name: 'pytest', passed: 7, failed: 0 },
    ];
    expect(closingLine(outcomes)).toEqual({ line: '12 passed, 0 failed', allPassed: true });
  });

  it('is a failure when one runner crashed although every test passed', () => {
    const broken = crashed({ name: 'pytest', passed: 7, failed: 0 }, 'it was killed');
    expect(closingLine([broken])).toEqual({ line: '7 passed, 1 failed', allPassed: false });
  });

  it('is a failure when nothing ran at all', () => {
    expect(closingLine([])).toEqual({ line: '0 passed, 0 failed', allPassed: false });
  });
});

it('tells the slowest tests of both runners, slowest first', () => {
  const assertionResults = [
    { fullName: 'the worker dies', duration: 9000 },
    { fullName: 'skipped', duration: null },
  ];
  const jest = jestOutcome('jest', 0, jestReport({ testResults: [{ assertionResults }] }));
  const xml =
    pytestReport(2, 0, 0, 0).replace(/<testcase.*?\/>/, '') +
    '<testcase classname="tests.a" name="t[&quot;a&amp;b&quot;]" time="12.34" /><testcase classname="tests.b" name="u" time="0.1" />';
  const pytest = pytestOutcome('pytest', 0, xml);
  expect(slowestTests([jest, pytest], 2)).toEqual([
    '    12.3 s  pytest: tests.a t["a&b"]',
    '     9.0 s  jest: the worker dies',
  ]);
});
