// maintainTable: somebody, or a schedule, asks for upkeep of a table. The table's keeper does it; this waits for the answer.
import { condition, proxyActivities, workflowInfo } from '@temporalio/workflow';
import type { MaintenanceActivities } from '../activities/maintenance';
import type { RunActivities } from '../activities/run';
import type { MaintenanceReply, MaintenanceResult } from '../contracts/upkeep';
import { maintainTableInput } from '../domain/entrance/inputs';
import { maintenanceReply } from '../domain/entrance/upkeep-messages';
import { maintenanceRequest } from '../domain/job-requests';
import { inputOf, onSignal } from './entrance';
import { maintenanceDoneSignal } from './messages';
import { toFailure } from './run-job';

const { loadPipeline } = proxyActivities<Pick<RunActivities, 'loadPipeline'>>({
  startToCloseTimeout: '10 minutes',
  retry: { initialInterval: '200ms', maximumInterval: '1 minute', maximumAttempts: 20 },
});

const { askMaintenance } = proxyActivities<Pick<MaintenanceActivities, 'askMaintenance'>>({
  startToCloseTimeout: '30s',
  scheduleToCloseTimeout: '1 hour',
  retry: { initialInterval: '200ms', maximumInterval: '30s' },
});

/** A keeper that was terminated by hand loses what it was asked: ask again now and then. Asking twice is harmless. */
const askAgainAfter = '15 minutes';

export async function maintainTable(...args: readonly unknown[]): Promise<MaintenanceResult> {
  let reply: MaintenanceReply | undefined;
  onSignal(maintenanceDoneSignal, maintenanceReply, (answer) => {
    reply = answer;
  });
  const input = inputOf(maintainTableInput, args, 'maintainTable');
  const request = maintenanceRequest(await loadPipeline(input), input.now);
  do await askMaintenance({ request, replyTo: workflowInfo().workflowId });
  while (!(await condition(() => reply !== undefined, askAgainAfter)));
  if (reply === undefined) throw new TypeError('woken without an answer');
  if (reply.kind === 'failed') throw toFailure(reply.failure);
  return reply.result;
}
