// Which open run a person means: by its workflow id, or by pipeline file or name, and variables where the table needs them.
import type { Client } from '@temporalio/client';
import { HeadgateError } from '../contracts/errors';
import type { Config } from '../workers/config';
import type { OpenRun } from './following';
import type { Session } from './session';
import { openOne, runIdOf } from './turns';
import { openPipeline, type Variables } from './variables';

/** Of a run that has frozen its batch; the id tells it before. */
type Seen = OpenRun & { readonly pipeline?: string; readonly table?: string };

const quoted = (text: string): string => `'${text.replaceAll(/['\\]/g, '\\$&')}'`;

/** What finds the runs of a pipeline: those that the command line started, and those of other ids once they are tagged. */
export const runsOf = (pipeline: string): string =>
  `WorkflowType = 'runPipeline' AND (HeadgatePipeline = ${quoted(pipeline)} OR WorkflowId STARTS_WITH ${quoted(`run/${pipeline}/`)})`;

async function listOpen(client: Client, query: string): Promise<readonly Seen[]> {
  const found: Seen[] = [];
  for await (const { workflowId, runId, searchAttributes } of client.workflow.list({
    query: `${query} AND ExecutionStatus = 'Running'`,
  })) {
    const table = searchAttributes['HeadgateTable']?.[0];
    found.push({ workflowId, runId, ...(table === undefined ? {} : { table: String(table) }) });
  }
  return found;
}

const baseName = (nameOrFile: string): string => (nameOrFile.split('/').at(-1) ?? nameOrFile).replace(/\.ya?ml$/, '');

/** Name of the pipeline, and id and table where the variables that are known say which. */
async function read(config: Config, named: string, set: Variables) {
  const { pipeline } = await openPipeline(config, named, set);
  return { name: pipeline.name, table: pipeline.target.table, prefix: runIdOf(pipeline) };
}

const notOpen = (named: string): HeadgateError =>
  new HeadgateError({
    kind: 'data',
    type: 'NotPossible',
    message: `No run of '${named}' is open.`,
    remedy: 'Look at open runs with `headgate status`.',
    fields: { run: named },
  });

/** Throws `NotPossible` when none is open, and `SeveralRuns` when it is not clear which one is meant. */
export async function findRun(session: Session, config: Config, named: string, set: Variables): Promise<OpenRun> {
  const exact = await openOne(session, named);
  if (exact !== undefined) return exact;
  const given = named.replace(/^run\//, '');
  const known = await read(config, given, set).catch(() => undefined);
  const open = await session.ask((client) => listOpen(client, runsOf(known?.name ?? baseName(given))));
  const isMeant = ({ workflowId, table }: Seen): boolean =>
    known === undefined ||
    table === known.table ||
    workflowId === known.prefix ||
    workflowId.startsWith(`${known.prefix}/`);
  const meant = open.filter(isMeant);
  const [run, ...more] = meant;
  if (run === undefined) throw notOpen(named);
  if (more.length === 0) return run;
  const told = meant.map(({ workflowId, table }) => (table === undefined ? workflowId : `${workflowId} (${table})`));
  throw new HeadgateError({
    kind: 'data',
    type: 'SeveralRuns',
    message: `Several runs of '${named}' are open: ${told.join(', ')}.`,
    remedy: 'Name one of these ids.',
    fields: { run: named, open: told.join(', ') },
  });
}
