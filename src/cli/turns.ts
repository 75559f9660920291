// One open workflow of an id at a time: who asks for the very same follows it while it has not begun, everybody else waits
// for its end and then starts an own one. Nobody takes another's outcome for what he asked for.
import { createHash } from 'node:crypto';
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError } from '@temporalio/client';
import type { Pipeline } from '../contracts/pipeline';
import { runWorkflowId, maintainWorkflowId } from '../contracts/names';
import type { OpenRun } from './following';
import { note } from './output';
import type { Session } from './session';

const hash = (text: string): string => createHash('sha256').update(text).digest('hex');

const tableHash = ({ target }: Pipeline): string => hash(target.table).slice(0, 8);

export const runIdOf = (pipeline: Pipeline, interval?: string): string =>
  runWorkflowId(pipeline.name, tableHash(pipeline), interval);

export const maintainIdOf = (pipeline: Pipeline): string => maintainWorkflowId(pipeline.name, tableHash(pipeline));

export type Wanted = {
  readonly workflowType: 'runPipeline' | 'maintainTable';
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly input: object;
  /** All that was asked, with the pipeline as it is written now: equal only where nothing differs. */
  readonly asked: readonly unknown[];
  /** What people call it. */
  readonly what: string;
};

/** What an open one was asked, as whoever started it wrote down; those that nobody wrote it down for are of others. */
const askedKey = 'asked';

type Others = {
  /** It may still be followed: what it will look at is not older than this command. */
  readonly mayJoin: (open: OpenRun) => Promise<boolean>;
  /** Waits for its end; throws when it waits for a person. */
  readonly untilEnded: (open: OpenRun) => Promise<unknown>;
};

/** The open workflow of this id. */
export async function openOne(
  session: Session,
  workflowId: string,
): Promise<(OpenRun & { readonly asked: unknown }) | undefined> {
  try {
    const { runId, memo, status } = await session.ask((client) => client.workflow.getHandle(workflowId).describe());
    return status.name === 'RUNNING' ? { workflowId, runId, asked: memo?.[askedKey] } : undefined;
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return undefined;
    throw error;
  }
}

async function start(session: Session, wanted: Wanted, asked: string): Promise<OpenRun | undefined> {
  const { workflowId, workflowType, taskQueue, input, what } = wanted;
  try {
    const handle = await session.ask((client) =>
      client.workflow.start(workflowType, {
        workflowId,
        taskQueue,
        args: [input],
        memo: { [askedKey]: asked },
        staticSummary: what,
      }),
    );
    return { workflowId, runId: handle.firstExecutionRunId };
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return undefined;
    throw error;
  }
}

/** The run whose outcome is that of the command. */
export async function takeTurn(session: Session, wanted: Wanted, others: Others): Promise<OpenRun> {
  const { workflowId, what } = wanted;
  const asked = hash(JSON.stringify(wanted.asked));
  for (;;) {
    const own = await start(session, wanted, asked);
    if (own !== undefined) return own;
    const open = await openOne(session, workflowId);
    if (open === undefined) continue;
    const isEqual = open.asked === asked;
    if (isEqual && (await others.mayJoin(open))) {
      note(`${what} is open already, was asked for the same and has not begun (${workflowId}): following that one.`);
      return open;
    }
    const why = isEqual ? 'has begun already' : 'was asked for something else';
    note(`${what} is open and ${why} (${workflowId}): this one starts when that one has ended.`);
    await others.untilEnded(open);
  }
}
