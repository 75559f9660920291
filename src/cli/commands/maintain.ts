// headgate maintain: upkeep of a pipeline's table: what the policy decides and why, or that and its execution.
import { resolve } from 'node:path';
import { WorkflowFailedError } from '@temporalio/client';
import { decide } from '../../activities/maintenance';
import { pipelinePath } from '../../pipeline-file';
import type { PythonRuntime } from '../../adapters/tables/ask-python';
import { readHealth } from '../../adapters/tables/health';
import type { TableHealth, UpkeepSavings } from '../../contracts/maintenance';
import type { MaintainTableInput, MaintenancePlan, MaintenanceResult } from '../../contracts/upkeep';
import type { Pipeline } from '../../contracts/pipeline';
import { maintenanceRequest } from '../../domain/job-requests';
import { formatBytes, partitionName, shortNumber } from '../../domain/upkeep/budget';
import { ensureTools } from '../../setup/tools';
import type { Config } from '../../workers/config';
import { grantFile } from '../../workers/grants';
import { sparkFolder } from '../../workers/paths';
import { failureReport, handleOf, type OpenRun } from '../following';
import { count, describeFailure, exitCodes, note, out, printJson } from '../output';
import { openSession, withSession, type Session } from '../session';
import { maintainIdOf, takeTurn } from '../turns';
import { upkeepKind, type UpkeepWord } from '../upkeep-words';
import { openPipeline, type Variables } from '../variables';
import { paint } from '../terminal';

export type MaintainOptions = {
  readonly set: Variables;
  readonly dryRun?: boolean;
  readonly now?: UpkeepWord;
  readonly address?: string;
  readonly json: boolean;
};

const files = (number: number): string => `${count(number)} file${number === 1 ? '' : 's'}`;

function printHealth(health: TableHealth): void {
  const small = health.partitions.reduce((sum, { smallFiles }) => sum + smallFiles, 0);
  out(`${health.table}  version ${health.version}`);
  out(`  files    ${count(health.files)} (${formatBytes(health.bytes)}), ${count(small)} of them small`);
  const { held, log, retention } = health;
  const least = log.unread > 0 ? 'at least ' : '';
  out(`  old      ${least}${files(held.files)} (${formatBytes(held.bytes)}) of old versions`);
  const kept = retention.unreadable ?? `files of old versions stay for ${shortNumber(retention.hours)} hours`;
  out(`  kept     ${kept}`);
  const { ingests, ingestedBytes, rewrittenBytes } = health.window;
  const rewritten = `${formatBytes(rewrittenBytes)} written again by upkeep`;
  out(`  window   ${count(ingests)} ingests, ${formatBytes(ingestedBytes)}; ${rewritten}`);
}

function printSavings({ since, ...sums }: UpkeepSavings): void {
  const { ingests, ingestedBytes, rewrittenBytes, filesBefore, filesAfter, reclaimedBytes } = sums;
  if (ingests === 0) return;
  const times = ingestedBytes === 0 ? '' : ` (${shortNumber(rewrittenBytes / ingestedBytes)} times what came)`;
  out(`since ${since.slice(0, 10)}`);
  out(`  came     ${formatBytes(ingestedBytes)} in ${count(ingests)} ingests`);
  const became = filesBefore === 0 ? '' : `; ${files(filesBefore)} became ${count(filesAfter)}`;
  out(`  upkeep   ${formatBytes(rewrittenBytes)} written again${times}${became}`);
  out(`  deleted  ${formatBytes(reclaimedBytes)} of old versions by VACUUM`);
}

function printPlan({ actions, declined, budgetBytes, refused }: MaintenancePlan): void {
  for (const { kind, bytes, gain, reason } of actions) {
    out(`${paint.green('do')}    ${kind}: ${reason}`);
    out(`      ${gain}, ${formatBytes(bytes)}`);
  }
  if (refused !== undefined) return out(`${paint.yellow('leave')} the table as it is: ${refused}`);
  for (const { kind, partition, reason } of declined) {
    out(`${paint.dim('leave')} ${kind}${partition === undefined ? '' : ` ${partitionName(partition)}`}: ${reason}`);
  }
  out(paint.dim(`budget left in this window: ${formatBytes(budgetBytes)}`));
}

function printDone({ plan, done, savings, postponed, failure }: MaintenanceResult): void {
  printSavings(savings);
  printPlan(plan);
  for (const step of done) {
    const bytes = step.kind.startsWith('vacuum')
      ? `${files(step.filesRemoved)} deleted, ${formatBytes(step.bytesRemoved)} reclaimed`
      : `${files(step.filesRemoved)} became ${count(step.filesAdded)}, ${formatBytes(step.bytesAdded)} written`;
    out(`${paint.green('done')}  ${step.kind}: ${bytes}, version ${step.version}, ${shortNumber(step.seconds)} s`);
  }
  if (postponed > 0)
    out(`${paint.yellow('later')} ${count(postponed)} jobs gave way to a commit, or came after a failure`);
  if (failure !== undefined) note(describeFailure(failure));
}

/** Health of the table and what its policy would do now. */
export async function explainUpkeep(
  python: PythonRuntime,
  pipeline: Pipeline,
  { now, json }: Pick<MaintainOptions, 'now'> & { readonly json?: boolean } = {},
): Promise<void> {
  const request = maintenanceRequest(pipeline, upkeepKind(now));
  const health = await readHealth(python, request);
  const plan = decide(request, health, new Date());
  if (json === true) return printJson({ health, plan });
  printHealth(health);
  printSavings(health.savings);
  printPlan(plan);
}

async function follow(session: Session, run: OpenRun, json: boolean): Promise<number> {
  try {
    const result: MaintenanceResult = await session.ask((client) => handleOf(client, run).result());
    if (json) printJson(result);
    else printDone(result);
    return result.failure === undefined ? exitCodes.done : exitCodes.failure;
  } catch (error) {
    if (!(error instanceof WorkflowFailedError)) throw error;
    const { failure } = failureReport(error);
    if (json) printJson({ outcome: 'failed', error: failure });
    else if (failure !== undefined) note(describeFailure(failure));
    return exitCodes.failure;
  }
}

/** However it ended. */
async function untilEnded(session: Session, run: OpenRun): Promise<void> {
  await session
    .ask((client) => handleOf(client, run).result())
    .catch((error: unknown) => {
      if (!(error instanceof WorkflowFailedError)) throw error;
    });
}

/** Asks for upkeep on an open session, tells how it ended and returns the exit code. */
async function maintainOnce(
  session: Session,
  config: Config,
  nameOrFile: string,
  options: Pick<MaintainOptions, 'set' | 'now' | 'json'>,
): Promise<number> {
  const { pipeline, variables } = await openPipeline(config, nameOrFile, options.set);
  const now = upkeepKind(options.now);
  const file = resolve(pipelinePath(nameOrFile, config.pipelines));
  await grantFile(config.home, file);
  const input: MaintainTableInput = {
    pipeline: file,
    folder: process.cwd(),
    variables,
    ...(now === undefined ? {} : { now }),
  };
  const run = await takeTurn(
    session,
    {
      workflowType: 'maintainTable',
      workflowId: maintainIdOf(pipeline),
      taskQueue: config.taskQueue,
      input,
      asked: [pipeline, variables, now ?? null],
      what: `upkeep of ${pipeline.target.table}`,
    },
    // It may have looked at the table already.
    { mayJoin: async () => false, untilEnded: (open) => untilEnded(session, open) },
  );
  return follow(session, run, options.json);
}

export async function maintainCommand(config: Config, nameOrFile: string, options: MaintainOptions): Promise<number> {
  // A wrong file must not cost the start of a server.
  const { pipeline } = await openPipeline(config, nameOrFile, options.set);
  if (options.dryRun === true) {
    const { python } = await ensureTools('runtime');
    await explainUpkeep({ python, pythonPath: sparkFolder }, pipeline, options);
    return exitCodes.done;
  }
  const session = await openSession(config, options.address === undefined ? {} : { address: options.address });
  return withSession(session, () => maintainOnce(session, config, nameOrFile, options));
}
