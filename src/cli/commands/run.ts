// headgate run: one run of a pipeline, from start to its result, with live progress.
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import {
  isGrpcServiceError,
  ServiceError,
  WorkflowExecutionAlreadyStartedError,
  WorkflowFailedError,
  type Client,
  type WorkflowHandle,
} from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { pipelinePath } from '../../pipeline-file';
import { keeperWorkflowId, runWorkflowId } from '../../contracts/names';
import type { TableView } from '../../contracts/keeper';
import type { RunPipelineInput, RunPipelineResult, RunProgress } from '../../contracts/run';
import type { FailureSummary } from '../../contracts/failure';
import { isFailureSummary } from '../../domain/failure-summary';
import type { Config } from '../../workers/config';
import { grantFile } from '../../workers/grants';
import { exitCodes, note, printJson } from '../output';
import { createProgressView, type ProgressView } from '../progress';
import { printFailure, printResult, type RunReport } from '../run-report';
import { openSession, withSession, type Session } from '../session';
import { openPipeline, type Variables } from '../variables';

export type RunOptions = {
  readonly set: Variables;
  readonly interval?: string;
  readonly redo?: boolean;
  readonly address?: string;
  readonly json: boolean;
};

/** What travels to the worker: the file when a path was given, else the name for the worker's own folder. */
export async function runInput(
  config: Config,
  nameOrFile: string,
  options: Pick<RunOptions, 'set' | 'interval' | 'redo'>,
) {
  // Checked here first: a wrong file is exit code 2 before anything starts.
  const { pipeline, variables } = await openPipeline(config, nameOrFile, options.set);
  const file = resolve(pipelinePath(nameOrFile, config.pipelines));
  await grantFile(config.home, file);
  const input: RunPipelineInput = {
    pipeline: file,
    folder: process.cwd(),
    variables,
    ...(options.interval === undefined ? {} : { interval: options.interval }),
    ...(options.redo === true ? { redo: true } : {}),
  };
  return { input, pipeline };
}

async function startOrJoin(
  client: Client,
  config: Config,
  workflowId: string,
  input: RunPipelineInput,
): Promise<{ handle: WorkflowHandle; joined: boolean }> {
  try {
    const handle = await client.workflow.start('runPipeline', {
      workflowId,
      taskQueue: config.taskQueue,
      args: [input],
      staticSummary: `pipeline ${workflowId.replace(/^run\//, '')}`,
    });
    return { handle, joined: false };
  } catch (error) {
    if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    return { handle: client.workflow.getHandle(workflowId), joined: true };
  }
}

const pollMs = 400;

/** What keeps a run from going on: the failure of an activity that is being retried. */
async function trouble(handle: WorkflowHandle): Promise<string | undefined> {
  const { raw } = await handle.describe();
  const failing = raw.pendingActivities?.find(({ attempt, lastFailure }) => (attempt ?? 1) > 1 && lastFailure?.message);
  if (failing === undefined) return undefined;
  return `${failing.activityType?.name ?? 'activity'}, attempt ${failing.attempt ?? 0}: ${failing.lastFailure?.message ?? ''}`;
}

/** Ends with the run, or as soon as its batch is held for a person. */
async function follow(handle: WorkflowHandle, view: ProgressView): Promise<RunReport> {
  const run = handle.workflowId;
  const stop = new AbortController();
  const poll = async (): Promise<RunReport | undefined> => {
    const progress = await handle.query<RunProgress>('progress');
    view.update(progress);
    if ((progress.held ?? []).length > 0) return { run, outcome: 'held', held: progress.held ?? [] };
    const waiting = await trouble(handle);
    if (waiting !== undefined) view.trouble(waiting);
    return undefined;
  };
  const held = (async (): Promise<RunReport | undefined> => {
    while (!stop.signal.aborted) {
      // A server or worker that is being restarted does not answer: the run goes on, and so do we.
      const report = await poll().catch(() => undefined);
      if (report !== undefined) return report;
      await delay(pollMs);
    }
    return undefined;
  })();
  const ended = resultOf(handle);
  const first = await Promise.race([ended, held]);
  stop.abort();
  // A call still in flight when the connection closes would throw from a timer.
  await held;
  // The last phases end faster than the polls: show them too.
  if (first?.outcome !== 'held') await poll().catch(() => undefined);
  return first ?? ended;
}

/** The end of the run, however long it takes and however often the server is restarted meanwhile. */
async function resultOf(handle: WorkflowHandle): Promise<RunReport> {
  const run = handle.workflowId;
  for (;;) {
    try {
      const result: RunPipelineResult = await handle.result();
      return { run, outcome: result.outcome, result };
    } catch (error) {
      if (error instanceof WorkflowFailedError) return { run, ...failureReport(error) };
      if (!isGrpcServiceError(error) && !(error instanceof ServiceError)) throw error;
      await delay(pollMs);
    }
  }
}

export function failureReport(error: WorkflowFailedError): Pick<RunReport, 'outcome' | 'failure'> {
  let cause: unknown = error.cause;
  while (cause instanceof Error && !(cause instanceof ApplicationFailure) && cause.cause !== undefined)
    cause = cause.cause;
  const cancelled =
    cause instanceof Error &&
    (cause.name === 'CancelledFailure' || (cause instanceof ApplicationFailure && cause.type === 'Cancelled'));
  const detail: unknown = cause instanceof ApplicationFailure ? cause.details?.[0] : undefined;
  const failure: FailureSummary = isFailureSummary(detail)
    ? detail
    : {
        kind: cancelled ? 'cancelled' : 'unknown',
        type: cancelled ? 'Cancelled' : 'RunFailed',
        message: cause instanceof Error ? cause.message : String(cause),
        remedy: cancelled
          ? 'Start it again when it is wanted: finished work is not repeated.'
          : 'Look at the run in the Temporal UI.',
        fields: {},
      };
  return { outcome: cancelled ? 'cancelled' : 'failed', failure };
}

/** Runs and follows on an open session. Used by `run` and by the demo. */
export async function runOnce(
  session: Session,
  config: Config,
  nameOrFile: string,
  options: Pick<RunOptions, 'set' | 'interval' | 'redo'>,
  view: ProgressView,
): Promise<RunReport> {
  const { input, pipeline } = await runInput(config, nameOrFile, options);
  const interval = pipeline.sources.some((source) => source.arrives === 'interval') ? options.interval : undefined;
  const { handle, joined } = await startOrJoin(session.client, config, runWorkflowId(pipeline.name, interval), input);
  if (joined) note(`A run of ${pipeline.name} is open already (${handle.workflowId}): following that one.`);
  return follow(handle, view);
}

export async function runCommand(config: Config, nameOrFile: string, options: RunOptions): Promise<number> {
  // Checked before a server is started: a wrong file must not cost anything.
  await runInput(config, nameOrFile, options);
  const session = await openSession(config, {
    ...(options.address === undefined ? {} : { address: options.address }),
  });
  return withSession(session, async () => {
    const view = createProgressView(options.json);
    try {
      const report = await runOnce(session, config, nameOrFile, options, view);
      view.stop();
      if (options.json) printJson(flat(report));
      else if (report.result !== undefined) printResult(report.run, report.result);
      else printFailure(report);
      if (session.ownsWorker && report.result !== undefined)
        await finishUpkeep(session.client, report.result.table.path);
      const done = report.outcome === 'committed' || report.outcome === 'nothing-new';
      return done ? exitCodes.done : exitCodes.failure;
    } finally {
      view.stop();
    }
  });
}

/** Upkeep that ends with the worker of this command would begin anew with each command, and never be done. */
export async function finishUpkeep(client: Client, table: string): Promise<void> {
  const keeper = client.workflow.getHandle(keeperWorkflowId(table));
  let told: string | undefined;
  for (;;) {
    const { maintaining } = await keeper.query<TableView>('table').catch((): Partial<TableView> => ({}));
    if (maintaining === undefined) return;
    if (maintaining !== told && maintaining !== 'look')
      note(`The run is done. Upkeep of its table: ${maintaining} (Ctrl-C leaves the rest for another time)`);
    told = maintaining;
    await delay(pollMs);
  }
}

/** The one JSON object of `--json`. */
function flat(report: RunReport): object {
  const { result, failure, ...rest } = report;
  const total = Object.values(result?.seconds ?? {}).reduce((sum, value) => sum + value, 0);
  return {
    ...rest,
    ...(result === undefined
      ? {}
      : { ...result, seconds: { ...result.seconds, total: Math.round(total * 1000) / 1000 } }),
    ...(failure === undefined ? {} : { error: failure }),
  };
}
