// headgate run: one run of a pipeline, from start to its result, with live progress.
import { resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { HeadgateError } from '../../contracts/errors';
import { keeperWorkflowId } from '../../contracts/names';
import type { TableView } from '../../contracts/keeper';
import type { PreparedRows, RunPipelineInput } from '../../contracts/run';
import { pipelinePath } from '../../pipeline-file';
import type { Config } from '../../workers/config';
import { grantFile } from '../../workers/grants';
import { shownQuarantine, type Asked } from '../fate-lines';
import { follow, pollMs, progressOf, type OpenRun } from '../following';
import { exitCodes, note, printJson } from '../output';
import { createProgressView, type ProgressView } from '../progress';
import { printFailure, printResult, type RunReport } from '../run-report';
import { openSession, withSession, type Session } from '../session';
import { runIdOf, takeTurn } from '../turns';
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

/** A run that waits for a person keeps every later one from its table's order: whoever asks for one must know. */
function heldInTheWay({ run, held = [] }: RunReport): HeadgateError {
  return new HeadgateError({
    kind: 'data',
    type: 'RunHeld',
    message: `${run} holds its batch for a person, and nothing was started beside it: ${held.join('; ')}.`,
    remedy: `Decide: headgate gate ${run} approve --why "…" (or reject). Then run again.`,
    fields: { run, held: held.join('; ') },
  });
}

/** It sees whatever files were there when this command began. */
async function mayJoin(session: Session, open: OpenRun): Promise<boolean> {
  const progress = await progressOf(session, open).catch(() => undefined);
  return progress?.phases.every(({ state }) => state === 'waiting') ?? false;
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
  const isByInterval = pipeline.sources.some((source) => source.arrives === 'interval');
  const interval = isByInterval ? options.interval : undefined;
  const run = await takeTurn(
    session,
    {
      workflowType: 'runPipeline',
      workflowId: runIdOf(pipeline, interval),
      taskQueue: config.taskQueue,
      input,
      asked: [pipeline, input.variables, options.interval ?? null, options.redo === true],
      what: `a run of ${pipeline.name}`,
    },
    {
      // Without an interval that is named, the hour of the start decides which one it is.
      mayJoin: async (open) => (!isByInterval || options.interval !== undefined) && mayJoin(session, open),
      untilEnded: async (open) => {
        const report = await follow(session, open, createProgressView(true));
        if (report.outcome === 'held') throw heldInTheWay(report);
      },
    },
  );
  return follow(session, run, view);
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
      const asked = { pipeline: nameOrFile, set: options.set };
      if (options.json) printJson(flat(report, asked));
      else if (report.result !== undefined) printResult(report.run, report.result, asked);
      else printFailure(report, asked);
      if (session.ownsWorker && report.result !== undefined) await finishUpkeep(session, report.result.table.path);
      const done = report.outcome === 'committed' || report.outcome === 'nothing-new';
      return done ? exitCodes.done : exitCodes.failure;
    } finally {
      view.stop();
    }
  });
}

/** Upkeep that ends with the worker of this command would begin anew with each command, and never be done. */
export async function finishUpkeep(session: Session, table: string): Promise<void> {
  let told: string | undefined;
  for (;;) {
    const keeper = session.client.workflow.getHandle(keeperWorkflowId(table));
    const { maintaining } = await keeper.query<TableView>('table').catch((): Partial<TableView> => ({}));
    if (maintaining === undefined) return;
    if (maintaining !== told && maintaining !== 'look')
      note(`The run is done. Upkeep of its table: ${maintaining} (Ctrl-C leaves the rest for another time)`);
    told = maintaining;
    await delay(pollMs);
  }
}

const heldRows = ({ read, staged, sources }: PreparedRows) => ({ prepared: { read, staged }, sources });

/** The one JSON object of `--json`. */
export function flat(report: RunReport, asked?: Asked): object {
  const { result, failure, prepared, ...rest } = report;
  const total = Object.values(result?.seconds ?? {}).reduce((sum, value) => sum + value, 0);
  return {
    ...rest,
    ...(prepared === undefined ? {} : heldRows(prepared)),
    ...(result === undefined
      ? {}
      : { ...result, seconds: { ...result.seconds, total: Math.round(total * 1000) / 1000 } }),
    ...shownQuarantine((result ?? prepared)?.quarantine, asked),
    ...(failure === undefined ? {} : { error: failure }),
  };
}
