// Owns the arithmetic of the closing line over jest and pytest. A runner that crashed, or said nothing, counts as one failure.
// Which tests took longest is told from the same reports.
import { z } from 'zod';

export type Outcome = {
  readonly name: string;
  readonly passed: number;
  readonly failed: number;
  /** Set when the runner itself broke; it is counted once in `failed`. */
  readonly crash?: string;
  /** Those that passed or failed. */
  readonly tests?: readonly TimedTest[];
};

export type TimedTest = { readonly name: string; readonly seconds: number };

/** The exit code of a runner that was ended because the time for all tests was over. */
export const timeOver = 124;

const jestReport = z.object({
  numPassedTests: z.number(),
  numFailedTests: z.number(),
  /** Test files that broke before their tests could run. */
  numRuntimeErrorTestSuites: z.number(),
  wasInterrupted: z.boolean().optional(),
  testResults: z
    .array(
      z.object({
        assertionResults: z.array(z.object({ fullName: z.string(), duration: z.number().nullish() })),
      }),
    )
    .default([]),
});

export function jestOutcome(name: string, code: number, report: string | undefined): Outcome {
  const parsed = jestReport.safeParse(parseJson(report));
  if (!parsed.success) return crashed({ name, passed: 0, failed: 0 }, silence(code));
  const { numPassedTests, numFailedTests, numRuntimeErrorTestSuites, wasInterrupted, testResults } = parsed.data;
  const tests = testResults.flatMap(({ assertionResults }) =>
    assertionResults.map(({ fullName, duration }) => ({ name: fullName, seconds: (duration ?? 0) / 1000 })),
  );
  const outcome = { name, passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites, tests };
  return wasInterrupted === true ? crashed(outcome, 'it was interrupted') : judge(outcome, code);
}

export function pytestOutcome(name: string, code: number, xml: string | undefined): Outcome {
  const suites = xml === undefined ? [] : [...xml.matchAll(/<testsuite\b[^>]*>/g)].map(([tag]) => tag);
  if (suites.length === 0) return crashed({ name, passed: 0, failed: 0 }, silence(code));
  const sum = (attribute: string): number =>
    suites.reduce((total, tag) => total + Number(new RegExp(`\\b${attribute}="(\\d+)"`).exec(tag)?.[1] ?? 0), 0);
  const failed = sum('failures') + sum('errors');
  const tests = [...(xml ?? '').matchAll(/<testcase\b[^>]*>/g)].map(([tag]) => ({
    name: `${attributeOf(tag, 'classname')} ${attributeOf(tag, 'name')}`,
    seconds: Number(attributeOf(tag, 'time')),
  }));
  return judge({ name, passed: Math.max(0, sum('tests') - failed - sum('skipped')), failed, tests }, code);
}

const attributeOf = (tag: string, attribute: string): string =>
  (new RegExp(`\\s${attribute}="([^"]*)"`).exec(tag)?.[1] ?? '')
    .replaceAll('&quot;', '"')
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');

function silence(code: number): string {
  return code === timeOver ? 'the time for all tests was over' : `it wrote no report (exit code ${code})`;
}

/** A runner that is unhappy although no test failed has crashed somewhere else. */
function judge(outcome: Outcome, code: number): Outcome {
  return code !== 0 && outcome.failed === 0 ? crashed(outcome, `exit code ${code} without a failed test`) : outcome;
}

export function crashed(outcome: Outcome, crash: string): Outcome {
  return { ...outcome, failed: outcome.failed + 1, crash };
}

/** The slowest tests of all runners, slowest first, a line each. */
export function slowestTests(outcomes: readonly Outcome[], most: number): readonly string[] {
  return outcomes
    .flatMap(({ name, tests = [] }) => tests.map((test) => ({ ...test, name: `${name}: ${test.name}` })))
    .toSorted((one, other) => other.seconds - one.seconds)
    .slice(0, most)
    .map(({ name, seconds }) => secondsLine(seconds, name));
}

export const secondsLine = (seconds: number, name: string): string => `${seconds.toFixed(1).padStart(8)} s  ${name}`;

export function closingLine(outcomes: readonly Outcome[]): { readonly line: string; readonly allPassed: boolean } {
  const passed = outcomes.reduce((total, outcome) => total + outcome.passed, 0);
  const failed = outcomes.reduce((total, outcome) => total + outcome.failed, 0);
  return { line: `${passed} passed, ${failed} failed`, allPassed: failed === 0 && passed > 0 };
}

function parseJson(text: string | undefined): unknown {
  try {
    return text === undefined ? undefined : JSON.parse(text);
  } catch {
    return undefined;
  }
}
