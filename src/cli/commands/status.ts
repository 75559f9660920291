// headgate status: open and recent runs from Temporal, and older ones from the pipeline's own records.
import pc from 'picocolors';
import type { Client } from '@temporalio/client';
import { listRuns } from '../../activities/publish';
import { createStores } from '../../adapters/stores';
import { HeadgateError } from '../../contracts/errors';
import type { Config } from '../../workers/config';
import { exitCodes, note, out, printJson } from '../output';
import { connect } from '../session';
import { openPipeline, type Variables } from '../variables';

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
};

async function fromTemporal(client: Client, pipeline: string | undefined, limit: number): Promise<readonly RunLine[]> {
  const filter = pipeline === undefined ? '' : ` AND HeadgatePipeline = '${pipeline}'`;
  const lines: RunLine[] = [];
  for await (const run of client.workflow.list({ query: `WorkflowType = 'runPipeline'${filter}` })) {
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
  return lines;
}

async function fromRecords(config: Config, nameOrFile: string, options: StatusOptions): Promise<readonly RunLine[]> {
  const { pipeline } = await openPipeline(config, nameOrFile, options.set);
  const records = await listRuns(pipeline.state, { store: createStores() }, { limit: options.limit });
  return records.map(({ run, outcome, startedAt, finishedAt, digest, table }) => ({
    run,
    state: outcome,
    startedAt,
    finishedAt,
    ...(digest === undefined ? {} : { digest }),
    ...(table.version === undefined ? {} : { version: table.version }),
  }));
}

const nameOf = (nameOrFile: string): string => (nameOrFile.split('/').at(-1) ?? nameOrFile).replace(/\.ya?ml$/, '');

/** Temporal forgets after its retention; the records do not. A server that is down is no error when there are records. */
export async function statusCommand(
  config: Config,
  nameOrFile: string | undefined,
  options: StatusOptions,
): Promise<number> {
  const records = nameOrFile === undefined ? [] : await fromRecords(config, nameOrFile, options);
  let open: readonly RunLine[] = [];
  try {
    const session = await connect(config, options.address);
    try {
      open = await fromTemporal(
        session.client,
        nameOrFile === undefined ? undefined : nameOf(nameOrFile),
        options.limit,
      );
    } finally {
      await session.close();
    }
  } catch (error) {
    if (!(error instanceof HeadgateError) || nameOrFile === undefined) throw error;
    if (!options.json) note(pc.dim(`${error.message} Showing what the pipeline's own records tell.`));
  }
  const known = new Set(records.map((line) => `${line.run} ${line.startedAt}`));
  const lines = [...open.filter((line) => !known.has(`${line.run} ${line.startedAt}`)), ...records]
    .toSorted((a, b) => b.startedAt.localeCompare(a.startedAt))
    .slice(0, options.limit);
  if (options.json) printJson({ runs: lines });
  else if (lines.length === 0) out('no runs');
  for (const line of options.json ? [] : lines) {
    const spent =
      line.finishedAt === undefined
        ? ''
        : `${((Date.parse(line.finishedAt) - Date.parse(line.startedAt)) / 1000).toFixed(1)} s`;
    const version = line.version === undefined ? '' : `v${line.version}`;
    out([line.startedAt, line.state.padEnd(12), spent.padStart(8), version.padStart(6), line.run].join('  '));
  }
  return exitCodes.done;
}
