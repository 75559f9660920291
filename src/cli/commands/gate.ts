// headgate gate and headgate cancel: what a person tells an open run, and what became of it.
import { userInfo } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { HeadgateError } from '../../contracts/errors';
import type { CancelRequest, GateVerdict } from '../../contracts/run';
import type { Config } from '../../workers/config';
import { findRun } from '../find-run';
import { handleOf, resultOf, type OpenRun } from '../following';
import { exitCodes, note, out, printJson } from '../output';
import { printFailure, printResult, type RunReport } from '../run-report';
import { openSession, withSession, type Session } from '../session';
import type { Variables } from '../variables';
import { flat } from './run';

type PersonOptions = {
  readonly set: Variables;
  readonly why: string;
  readonly by?: string;
  readonly address?: string;
  readonly json: boolean;
};

/** What was told is done, or on its way, long before; a run that is longer at it is left to itself. */
const endLimitMs = 10 * 60_000;

async function tell(
  session: Session,
  run: OpenRun,
  update: 'decideGate' | 'cancelRun',
  argument: GateVerdict | CancelRequest,
): Promise<void> {
  try {
    await session.ask((client) => handleOf(client, run).executeUpdate(update, { args: [argument] }));
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError || error instanceof WorkflowUpdateFailedError)) throw error;
    throw new HeadgateError({
      kind: 'data',
      type: 'NotPossible',
      message: `The run ${run.workflowId} did not take this: ${error instanceof WorkflowUpdateFailedError ? (error.cause?.message ?? error.message) : 'it is not open'}.`,
      remedy: 'Look at open runs with `headgate status`.',
      fields: { run: run.workflowId },
      cause: error,
    });
  }
}

/** How the run ended; undefined when that takes longer than this command waits. */
async function endOf(session: Session, run: OpenRun): Promise<RunReport | undefined> {
  const limit = new AbortController();
  const late = delay(endLimitMs, undefined, { signal: limit.signal, ref: false }).catch(() => undefined);
  try {
    return await Promise.race([resultOf(session, run), late]);
  } finally {
    limit.abort();
  }
}

export async function gateCommand(
  config: Config,
  named: string,
  decision: 'approve' | 'reject',
  options: PersonOptions,
): Promise<number> {
  const session = await openSession(config, options);
  return withSession(session, async () => {
    const run = await findRun(session, config, named, options.set);
    const { workflowId } = run;
    const verdict: GateVerdict = { decision, by: options.by ?? userInfo().username, why: options.why };
    await tell(session, run, 'decideGate', verdict);
    // A worker of our own ends with this command: let the run use it while it is there.
    const report = await resultOf(session, run);
    if (options.json) printJson({ ...verdict, ...flat(report) });
    else {
      out(`${decision === 'approve' ? 'approved' : 'rejected'}  ${workflowId}`);
      if (report.result === undefined) printFailure(report);
      else printResult(workflowId, report.result);
    }
    const wanted = decision === 'approve' ? 'committed' : 'rejected';
    return report.outcome === wanted ? exitCodes.done : exitCodes.failure;
  });
}

export async function cancelCommand(config: Config, named: string, options: PersonOptions): Promise<number> {
  const session = await openSession(config, options);
  return withSession(session, async () => {
    const run = await findRun(session, config, named, options.set);
    const { workflowId } = run;
    const request: CancelRequest = { by: options.by ?? userInfo().username, why: options.why };
    await tell(session, run, 'cancelRun', request);
    note(`${workflowId} has heard of it; a commit that has begun is finished first.`);
    const end = await endOf(session, run);
    const outcome = end?.outcome ?? 'cancelling';
    if (options.json) printJson({ run: workflowId, outcome, ...request });
    else out(`${outcome}  ${workflowId}${outcome === 'committed' ? ': its commit had begun before' : ''}`);
    if (end === undefined)
      note(`It has not ended within ${endLimitMs / 60_000} minutes, and goes on ending with a worker.`);
    return exitCodes.done;
  });
}
