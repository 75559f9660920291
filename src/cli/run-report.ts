// How the result of a run is told to people.
import type { PreparedRows, RunPipelineResult } from '../contracts/run';
import type { FailureSummary } from '../contracts/failure';
import { fateLines, type Asked } from './fate-lines';
import { count, describeFailure, note, out, seconds } from './output';
import { paint } from './terminal';

export type RunReport = {
  readonly run: string;
  readonly outcome: RunPipelineResult['outcome'] | 'held';
  readonly result?: RunPipelineResult;
  readonly failure?: FailureSummary;
  readonly held?: readonly string[];
  /** Of a held run: what its batch would bring. */
  readonly prepared?: PreparedRows;
};

const outcomes = {
  committed: paint.green('committed'),
  'nothing-new': paint.dim('nothing new'),
  rejected: paint.yellow('rejected'),
  failed: paint.red('failed'),
  cancelled: paint.yellow('cancelled'),
} as const satisfies Record<RunPipelineResult['outcome'], string>;

export function printResult(run: string, result: RunPipelineResult, asked?: Asked): void {
  const { table, expectations = [] } = result;
  out(
    `${outcomes[result.outcome]}  ${run}${result.digest === undefined ? '' : `  batch ${result.digest.slice(0, 12)}`}`,
  );
  for (const line of fateLines(result, asked)) out(line);
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

/** What approving means, in numbers: it must not be found out afterwards. */
const approval = ({ read, staged }: PreparedRows): string =>
  `${count(staged)} of ${count(read)} rows go to the table${staged === 0 ? ', which is made without rows where there is none' : ''}; the files count as read`;

function printHeld({ run, held = [], prepared }: RunReport, asked: Asked | undefined): void {
  out(`${paint.yellow('held')}  ${run}: a person must decide; readers have seen nothing`);
  for (const reason of held) out(`  - ${reason}`);
  for (const line of prepared === undefined ? [] : fateLines(prepared, asked)) out(line);
  out(`  approve  headgate gate ${run} approve --why "…"`);
  if (prepared !== undefined) out(`           ${approval(prepared)}`);
  out(`  reject   headgate gate ${run} reject --why "…"`);
  out('           the files stay new: correct the pipeline or the files, and run again');
}

export function printFailure(report: RunReport, asked?: Asked): void {
  if (report.outcome === 'held') return printHeld(report, asked);
  out(`${outcomes[report.outcome]}  ${report.run}`);
  if (report.failure !== undefined) note(describeFailure(report.failure));
}
