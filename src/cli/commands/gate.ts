// headgate gate and headgate cancel: what a person tells an open run.
import { userInfo } from 'node:os';
import { WorkflowNotFoundError, WorkflowUpdateFailedError } from '@temporalio/client';
import { HeadgateError } from '../../contracts/errors';
import type { CancelRequest, GateVerdict } from '../../contracts/run';
import type { Config } from '../../workers/config';
import { exitCodes, out, printJson } from '../output';
import { printFailure, printResult, type RunReport } from '../run-report';
import { openSession } from '../session';
import { flat, resultOf } from './run';

type PersonOptions = { readonly why: string; readonly by?: string; readonly address?: string; readonly json: boolean };

async function tell(
  config: Config,
  run: string,
  update: 'decideGate' | 'cancelRun',
  argument: GateVerdict | CancelRequest,
  options: PersonOptions,
): Promise<RunReport | undefined> {
  const session = await openSession(config, {
    ...(options.address === undefined ? {} : { address: options.address }),
  });
  try {
    const handle = session.client.workflow.getHandle(run);
    await handle.executeUpdate(update, { args: [argument] });
    // An embedded worker ends with this command: let the run use it while it is there.
    return update === 'decideGate' ? await resultOf(handle) : undefined;
  } catch (error) {
    if (!(error instanceof WorkflowNotFoundError || error instanceof WorkflowUpdateFailedError)) throw error;
    throw new HeadgateError({
      kind: 'data',
      type: 'NotPossible',
      message: `The run ${run} did not take this: ${error instanceof WorkflowUpdateFailedError ? (error.cause?.message ?? error.message) : 'it is not open'}.`,
      remedy: 'Look at open runs with `headgate status`.',
      fields: { run },
      cause: error,
    });
  } finally {
    await session.close();
  }
}

export async function gateCommand(
  config: Config,
  run: string,
  decision: 'approve' | 'reject',
  options: PersonOptions,
): Promise<number> {
  const verdict: GateVerdict = { decision, by: options.by ?? userInfo().username, why: options.why };
  const report = await tell(config, run, 'decideGate', verdict, options);
  if (options.json) printJson({ ...verdict, ...flat(report ?? { run, outcome: 'held' }) });
  else {
    out(`${decision === 'approve' ? 'approved' : 'rejected'}  ${run}`);
    if (report?.result !== undefined) printResult(run, report.result);
    else if (report !== undefined) printFailure(report);
  }
  const wanted = decision === 'approve' ? 'committed' : 'rejected';
  return report?.outcome === wanted ? exitCodes.done : exitCodes.failure;
}

export async function cancelCommand(config: Config, run: string, options: PersonOptions): Promise<number> {
  const request: CancelRequest = { by: options.by ?? userInfo().username, why: options.why };
  await tell(config, run, 'cancelRun', request, options);
  if (options.json) printJson({ run, ...request });
  else out(`cancelling  ${run}`);
  return exitCodes.done;
}
