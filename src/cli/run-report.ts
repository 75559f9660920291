// How the result of a run is told to people.
import type { RunPipelineResult } from '../contracts/run';
import type { FailureSummary } from '../contracts/failure';
import { count, describeFailure, note, out, seconds } from './output';
import { paint } from './terminal';

export type RunReport = {
  readonly run: string;
  readonly outcome: RunPipelineResult['outcome'] | 'held';
  readonly result?: RunPipelineResult;
  readonly failure?: FailureSummary;
  readonly held?: readonly string[];
};

const outcomes = {
  committed: paint.green('committed'),
  'nothing-new': paint.dim('nothing new'),
  rejected: paint.yellow('rejected'),
  failed: paint.red('failed'),
  cancelled: paint.yellow('cancelled'),
} as const satisfies Record<RunPipelineResult['outcome'], string>;

export function printResult(run: string, result: RunPipelineResult): void {
  const { rows, table, expectations = [] } = result;
  out(
    `${outcomes[result.outcome]}  ${run}${result.digest === undefined ? '' : `  batch ${result.digest.slice(0, 12)}`}`,
  );
  if (rows !== undefined) {
    const fates = Object.entries(rows).filter(([fate, number]) => fate !== 'read' && number > 0);
    out(
      `  rows     ${count(rows.read)} read = ${fates.map(([fate, number]) => `${count(number)} ${fate}`).join(' + ')}`,
    );
  }
  out(`  table    ${table.path}${table.version === undefined ? '' : `  version ${table.version}`}`);
  for (const { name, action, failed, checked } of expectations) {
    if (failed > 0) out(`  ${paint.yellow(action)}     ${name}: ${count(failed)} of ${count(checked)} rows`);
  }
  for (const { type, message } of result.warnings) out(`  ${paint.yellow('warning')}  ${type}: ${message}`);
  for (const notice of result.notices) out(`  ${paint.dim('note')}     ${notice}`);
  const spent = Object.entries(result.seconds);
  if (spent.length > 0) {
    const total = spent.reduce((sum, [, value]) => sum + value, 0);
    out(`  time     ${seconds(total)}: ${spent.map(([phase, value]) => `${phase} ${seconds(value)}`).join(', ')}`);
  }
}

export function printFailure(report: RunReport): void {
  if (report.outcome === 'held') {
    out(`${paint.yellow('held')}  ${report.run}: a person must decide`);
    for (const reason of report.held ?? []) out(`  - ${reason}`);
    out(`  decide   headgate gate ${report.run} approve --why "…"   (or reject)`);
    return;
  }
  out(`${outcomes[report.outcome]}  ${report.run}`);
  if (report.failure !== undefined) note(describeFailure(report.failure));
}
