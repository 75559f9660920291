// maintainTable: somebody, or a schedule, asks for upkeep of a table. The table's keeper does it; this waits for the answer.
import { condition, workflowInfo } from '@temporalio/workflow';
import { longestJobHours } from '../contracts/job';
import type { MaintenanceReply, MaintenanceResult } from '../contracts/upkeep';
import { maintainTableInput } from '../domain/entrance/inputs';
import { maintenanceReply } from '../domain/entrance/upkeep-messages';
import { clusterNeed, maintenanceRequest } from '../domain/job-requests';
import { activity } from './activity-options';
import { inputOf, onSignal } from './entrance';
import { maintenanceDoneSignal } from './messages';
import { toFailure } from './failure-of';

const loadPipeline = activity('loadPipeline');
const askMaintenance = activity('askMaintenance');

/** A keeper that was terminated by hand loses what it was asked: ask again now and then. Asking twice is harmless. */
const askAgainAfter = '15 minutes';

/** The commit or upkeep at hand, and then its own jobs: the longest of each. */
const answerLimitHours = 2 * longestJobHours;

export async function maintainTable(...args: readonly unknown[]): Promise<MaintenanceResult> {
  const { workflowId: replyTo, runId: run } = workflowInfo();
  let reply: MaintenanceReply | undefined;
  onSignal(maintenanceDoneSignal, maintenanceReply, (answer) => {
    // Workflow ids come again: an answer to a run of before is none to this one.
    if (answer.run === undefined || answer.run === run) reply = answer;
  });
  const input = inputOf(maintainTableInput, args, 'maintainTable');
  const spec = await loadPipeline(input);
  const request = { ...maintenanceRequest(spec, input.now), ...clusterNeed(spec, replyTo) };
  const end = Date.now() + answerLimitHours * 3_600_000;
  do await askMaintenance({ request, replyTo, run });
  while (!(await condition(() => reply !== undefined, askAgainAfter)) && Date.now() < end);
  if (reply === undefined) throw toFailure(unanswered(request.table));
  if (reply.kind === 'failed') throw toFailure(reply.failure);
  return reply.result;
}

const unanswered = (table: string) => ({
  kind: 'infrastructure' as const,
  type: 'UpkeepUnanswered',
  message: `The keeper of ${table} has not answered within ${answerLimitHours} hours.`,
  remedy: `Look at the workflow table/${table} in the Temporal UI: what runs there, and what waits.`,
  fields: { table, hours: answerLimitHours },
});
