// The gate: a pure decision on a prepare report. Readers have seen nothing of the batch yet.
import type { AsideReason, ExpectationResult, PrepareReport, SourceRows } from '../contracts/job';
import type { GateRule, PipelineRef, ReadingRule } from '../contracts/pipeline-ref';
import { hintFor } from './reading-hints';

export type GateDecision =
  | { readonly kind: 'pass' }
  /** A person must decide; reasons are sentences for people. */
  | { readonly kind: 'hold'; readonly reasons: readonly string[] };

/** What is held where the pipeline does not say: a share, of more rows than a person would look at one by one, or all. */
const defaultReading = { share: 0.05, rows: 10 } as const;

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.001 ? 3 : 1)} %`;

function reasonToHold(expectation: GateRule, result: ExpectationResult): string | undefined {
  if (result.failed === 0) return undefined;
  const share = result.failed / result.checked;
  if (expectation.holdAbove !== undefined && share > expectation.holdAbove) {
    return `${expectation.name}: ${result.failed} of ${result.checked} rows fail (${percent(share)}), more than ${percent(expectation.holdAbove)}`;
  }
  if (expectation.action === 'fail' && expectation.holdAbove === undefined) {
    return `${expectation.name}: ${result.failed} of ${result.checked} rows fail, and the rule allows none`;
  }
  return undefined;
}

/** Only base names: the paths of one source differ in little else. */
const fileName = (path: string): string => path.split('/').at(-1) ?? path;

/** Characters of a row that a sentence takes. */
const shownRow = 80;

/** With the row itself where the sentence does not quote what is wrong with it. */
export function sayReason({ reason, rows, sample }: AsideReason): string {
  const { detail, file, row, value } = sample;
  const text = row.length > shownRow ? `${row.slice(0, shownRow - 1)}…` : row;
  const quoted = value === undefined && text !== '' ? `: ${text}` : '';
  return `${rows} ${reason}, such as ${detail}${file === undefined ? '' : ` in ${fileName(file)}`}${quoted}`;
}

const isOfReading = ({ reason }: AsideReason): boolean => !reason.startsWith('expectation:');

/** Reasons and hints that one sentence takes. */
const [saidReasons, saidHints] = [3, 2];

function sayAside({ source, holdAbove, delimiter }: ReadingRule, rows: SourceRows): string {
  const { read, quarantined, unreadable = quarantined } = rows;
  const conflicts = quarantined - unreadable;
  const fate =
    conflicts === 0
      ? 'could not be read'
      : `were put aside (${unreadable} unreadable, ${conflicts} in contradiction to another row of their file)`;
  const reasons = (rows.reasons ?? []).filter(isOfReading);
  const why = reasons.length === 0 ? '' : ` (${reasons.slice(0, saidReasons).map(sayReason).join('; ')})`;
  const allowed =
    holdAbove === undefined
      ? `${percent(defaultReading.share)} or ${defaultReading.rows} rows, never all`
      : percent(holdAbove);
  const hints = new Set(reasons.map((told) => hintFor(told, delimiter)).filter((hint) => hint !== undefined));
  const perhaps = [...hints].slice(0, saidHints).map((hint) => `. Perhaps ${hint}`);
  return `${source}: ${quarantined} of ${read} rows ${fate}${why}; allowed are ${allowed}${perhaps.join('')}`;
}

/** Rows that go aside before any expectation are lost to the table without a rule of the pipeline that says so. */
function reasonToHoldSource(rule: ReadingRule, rows: SourceRows): string | undefined {
  const { read, quarantined } = rows;
  if (quarantined === 0) return undefined;
  const share = quarantined / read;
  const tooMany =
    rule.holdAbove === undefined
      ? quarantined === read || (quarantined > defaultReading.rows && share > defaultReading.share)
      : share > rule.holdAbove;
  return tooMany ? sayAside(rule, rows) : undefined;
}

/** Pass, or hold for a person when a `fail` rule was broken or a `hold_above` share was passed. Total over all reports. */
export function decideGate(
  report: Pick<PrepareReport, 'expectations' | 'sources'>,
  { rules, reading = [] }: Pick<PipelineRef, 'rules' | 'reading'>,
): GateDecision {
  const results = new Map(report.expectations.map((result) => [result.name, result]));
  const unread = reading.map((rule) => {
    const rows = report.sources[rule.source];
    return rows === undefined ? `${rule.source}: not counted` : reasonToHoldSource(rule, rows);
  });
  const broken = rules.map((rule) => {
    const result = results.get(rule.name);
    return result === undefined ? `${rule.name}: not evaluated` : reasonToHold(rule, result);
  });
  const reasons = [...unread, ...broken].filter((reason) => reason !== undefined);
  return reasons.length === 0 ? { kind: 'pass' } : { kind: 'hold', reasons };
}
