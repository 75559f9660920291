// headgate status: open and recent runs from Temporal, and older ones from the pipeline's own records.
import type { Client } from '@temporalio/client';
import { listRuns } from '../../activities/publish';
import { createStores } from '../../adapters/stores';
import { HeadgateError } from '../../contracts/errors';
import type { Pipeline } from '../../contracts/pipeline';
import type { QuarantinedRows, RunCost, RunProgress, RunRows, SourceFates } from '../../contracts/run';
import { sumCosts } from '../../domain/cost';
import type { Config } from '../../workers/config';
import { fateLines, shownQuarantine, type Asked } from '../fate-lines';
import { runsOf } from '../find-run';
import { exitCodes, note, out, printJson } from '../output';
import { connect } from '../session';
import { runIdOf } from '../turns';
import { openPipeline, type Variables } from '../variables';
import { paint } from '../terminal';

export type StatusOptions = {
  readonly set: Variables;
  readonly limit: number;
  readonly address?: string;
  readonly json: boolean;
};

type RunLine = {
  readonly run: string;
  readonly state: string;
  readonly startedAt: string;
  readonly finishedAt?: string;
  readonly digest?: string;
  readonly version?: number;
  readonly rows?: RunRows;
  readonly sources?: SourceFates;
  readonly quarantine?: QuarantinedRows;
  readonly cost?: RunCost;
  /** Why a person is asked. */
  readonly held?: readonly string[];
};

/** Only a worker can answer; without one the state alone is told. */
const answerMs = 2000;

async function whyHeld(client: Client, line: RunLine): Promise<RunLine> {
  if (line.state !== 'held') return line;
  const ask = () => client.workflow.getHandle(line.run).query<RunProgress>('progress');
  const progress = await client.withDeadline(Date.now() + answerMs, ask).catch(() => undefined);
  if (progress === undefined) return line;
  const { prepared, held = [] } = progress;
  return {
    ...line,
    // The mark of the gate stays when a person has decided.
    ...(held.length === 0 ? { state: 'running' } : { held }),
    ...(prepared === undefined ? {} : { sources: prepared.sources }),
    ...(prepared?.quarantine === undefined ? {} : { quarantine: prepared.quarantine }),
  };
}

async function fromTemporal(
  client: Client,
  pipeline: Pipeline | undefined,
  limit: number,
): Promise<readonly RunLine[]> {
  const query = pipeline === undefined ? "WorkflowType = 'runPipeline'" : runsOf(pipeline.name);
  const prefix = pipeline === undefined ? undefined : runIdOf(pipeline);
  const isOther = (id: string, table: unknown): boolean =>
    pipeline !== undefined &&
    (table === undefined ? id !== prefix && !id.startsWith(`${prefix}/`) : table !== pipeline.target.table);
  const lines: RunLine[] = [];
  for await (const run of client.workflow.list({ query })) {
    if (isOther(run.workflowId, run.searchAttributes['HeadgateTable']?.[0])) continue;
    const outcome = run.searchAttributes['HeadgateOutcome']?.[0];
    const phase = run.searchAttributes['HeadgatePhase']?.[0];
    const digest = run.searchAttributes['HeadgateBatch']?.[0];
    const open = run.status.name === 'RUNNING';
    lines.push({
      run: run.workflowId,
      state: open ? (phase === 'gate' ? 'held' : 'running') : String(outcome ?? run.status.name.toLowerCase()),
      startedAt: run.startTime.toISOString(),
      ...(run.closeTime === undefined ? {} : { finishedAt: run.closeTime.toISOString() }),
      ...(digest === undefined ? {} : { digest: String(digest) }),
    });
    if (lines.length >= limit) break;
  }
  return Promise.all(lines.map((line) => whyHeld(client, line)));
}

async function fromRecords({ state }: Pick<Pipeline, 'state'>, limit: number): Promise<readonly RunLine[]> {
  const records = await listRuns(state, { store: createStores() }, { limit });
  return records.map(({ run, outcome, startedAt, finishedAt, digest, table, rows, sources, quarantine, cost }) => ({
    run,
    state: outcome,
    startedAt,
    finishedAt,
    ...(digest === undefined ? {} : { digest }),
    ...(table.version === undefined ? {} : { version: table.version }),
    ...(rows === undefined ? {} : { rows }),
    ...(sources === undefined ? {} : { sources }),
    ...(quarantine === undefined ? {} : { quarantine }),
    ...(cost === undefined ? {} : { cost }),
  }));
}

/** Of runs that left rows aside or wait for a person: what became of their rows. */
function printLine(line: RunLine, asked: Asked | undefined): void {
  const spent =
    line.finishedAt === undefined
      ? ''
      : `${((Date.parse(line.finishedAt) - Date.parse(line.startedAt)) / 1000).toFixed(1)} s`;
  const version = line.version === undefined ? '' : `v${line.version}`;
  out([line.startedAt, line.state.padEnd(12), spent.padStart(8), version.padStart(6), line.run].join('  '));
  for (const reason of line.held ?? []) out(`  - ${reason}`);
  if (line.quarantine !== undefined) for (const text of fateLines(line, asked)) out(text);
}

/** Temporal forgets after its retention; the records do not. A server that is down is no error when there are records. */
export async function statusCommand(
  config: Config,
  nameOrFile: string | undefined,
  options: StatusOptions,
): Promise<number> {
  const pipeline =
    nameOrFile === undefined ? undefined : (await openPipeline(config, nameOrFile, options.set)).pipeline;
  const records = pipeline === undefined ? [] : await fromRecords(pipeline, options.limit);
  let open: readonly RunLine[] = [];
  try {
    const session = await connect(config, options.address);
    try {
      open = await fromTemporal(session.client, pipeline, options.limit);
    } finally {
      await session.close();
    }
  } catch (error) {
    if (!(error instanceof HeadgateError) || nameOrFile === undefined) throw error;
    if (!options.json) note(paint.dim(`${error.message} Showing what the pipeline's own records tell.`));
  }
  const known = new Set(records.map((line) => `${line.run} ${line.startedAt}`));
  const lines = [...open.filter((line) => !known.has(`${line.run} ${line.startedAt}`)), ...records]
    .toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
    .slice(0, options.limit);
  const asked = nameOrFile === undefined ? undefined : { pipeline: nameOrFile, set: options.set };
  if (options.json) {
    const runs = lines.map((line) => ({ ...line, ...shownQuarantine(line.quarantine, asked) }));
    const cost = sumCosts(lines.flatMap((line) => line.cost ?? []));
    // Of the runs that are listed.
    printJson({ runs, ...(cost === undefined ? {} : { cost }) });
  } else if (lines.length === 0) out('no runs');
  for (const line of options.json ? [] : lines) printLine(line, asked);
  return exitCodes.done;
}
