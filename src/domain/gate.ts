// The gate: a pure decision on a prepare report. Readers have seen nothing of the batch yet.
import type { ExpectationResult, PrepareReport } from '../contracts/job';
import type { GateRule } from '../contracts/pipeline-ref';

export type GateDecision =
  | { readonly kind: 'pass' }
  /** A person must decide; reasons are sentences for people. */
  | { readonly kind: 'hold'; readonly reasons: readonly string[] };

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

/** Pass, or hold for a person when a `fail` rule was broken or a `hold_above` share was passed. Total over all reports. */
export function decideGate(
  report: Pick<PrepareReport, 'expectations'>,
  expectations: readonly GateRule[],
): GateDecision {
  const results = new Map(report.expectations.map((result) => [result.name, result]));
  const reasons = expectations.flatMap((expectation) => {
    const result = results.get(expectation.name);
    const reason = result === undefined ? `${expectation.name}: not evaluated` : reasonToHold(expectation, result);
    return reason === undefined ? [] : [reason];
  });
  return reasons.length === 0 ? { kind: 'pass' } : { kind: 'hold', reasons };
}
