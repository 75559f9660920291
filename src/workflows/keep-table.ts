// keepTable: the single writer of one table. Commits one after another, upkeep between them; continues as new.
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  log,
  setCurrentDetails,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { MaintenanceReply, MaintenanceRequest, MaintenanceResult } from '../contracts/upkeep';
import type { AskedMaintenance, CommitJob, CommitReply, KeeperInput, QueuedCommit, TableView } from '../contracts/run';
import { drawTableSheet, enqueue, isSameCommit, joinCommit, withdraw } from '../domain/keeper-queue';
import { afterCommit, afterLook, isDue, untilLook } from '../domain/upkeep/schedule';
import { failureOf } from './failure-of';
import {
  continueAsNewSignal,
  requestCommitSignal,
  requestMaintenanceSignal,
  tableQuery,
  withdrawCommitSignal,
} from './messages';
import { runJob } from './run-job';
import { keepUp } from './upkeep';

/** Tells a workflow how what it asked for ended. One that is gone needs no answer. */
async function tell(workflowId: string, signal: string, answer: CommitReply | MaintenanceReply): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).signal(signal, answer);
  } catch (error) {
    log.warn('nobody waits for this answer any more', { workflowId, signal, error: String(error) });
  }
}

const reply = (workflowId: string, answer: CommitReply): Promise<void> => tell(workflowId, 'commitDone', answer);

async function commit(job: CommitJob): Promise<CommitReply> {
  const { stepKey } = job.request;
  try {
    const report = await runJob(job);
    return { kind: 'committed', stepKey, report };
  } catch (error) {
    return { kind: 'failed', stepKey, failure: failureOf(error) };
  }
}

export async function keepTable(input: KeeperInput = {}): Promise<void> {
  const table = input.table ?? workflowInfo().workflowId.replace(/^table\//, '');
  let queue: readonly QueuedCommit[] = input.queue ?? [];
  let commits = input.commits ?? 0;
  let lastVersion = input.lastVersion;
  let lastMerge: TableView['lastMerge'];
  let running: QueuedCommit | undefined;
  let upkeep = input.upkeep;
  let asked: readonly AskedMaintenance[] = input.asked ?? [];
  let maintaining: string | undefined;
  let lastMaintenance: TableView['lastMaintenance'];
  let toContinue = false;
  const shouldContinue = (): boolean => toContinue || workflowInfo().continueAsNewSuggested;

  const view = (): TableView => {
    return {
      table,
      queued: queue.map((entry) => entry.request.request.stepKey),
      commits,
      ...(running === undefined ? {} : { running: running.request.request.stepKey }),
      ...(lastVersion === undefined ? {} : { lastVersion }),
      ...(lastMerge === undefined ? {} : { lastMerge }),
      ...(maintaining === undefined ? {} : { maintaining }),
      ...(lastMaintenance === undefined ? {} : { lastMaintenance }),
    };
  };

  setHandler(tableQuery, view);
  setHandler(requestCommitSignal, ({ job, replyTo }) => {
    if (running !== undefined && isSameCommit(running.request, job)) running = joinCommit(running, job, replyTo);
    else queue = enqueue(queue, job, replyTo);
  });
  setHandler(requestMaintenanceSignal, (ask) => {
    if (asked.some(({ replyTo }) => replyTo === ask.replyTo)) return;
    asked = [...asked, ask];
  });
  setHandler(continueAsNewSignal, () => {
    toContinue = true;
  });
  // Answers at once, also while another commit runs.
  setHandler(withdrawCommitSignal, async ({ stepKey, replyTo }) => {
    const left = withdraw(queue, stepKey, replyTo);
    if (left === queue) return;
    queue = left;
    await reply(replyTo, { kind: 'withdrawn', stepKey });
  });

  async function commitNext(): Promise<void> {
    const [head, ...rest] = queue;
    if (head === undefined) return;
    queue = rest;
    running = head;
    setCurrentDetails(drawTableSheet(view()));
    const outcome = await commit(head.request);
    if (outcome.kind === 'committed') {
      commits += 1;
      lastVersion = outcome.report.table.version;
      const { added, scanned, scannedOf } = outcome.report.files;
      if (scanned !== undefined && scannedOf !== undefined) lastMerge = { scanned, scannedOf };
      const wanted = head.request.upkeep;
      if (wanted !== undefined) upkeep = afterCommit(upkeep, wanted, added, Date.now());
    }
    const { waiters } = running;
    running = undefined;
    for (const waiter of waiters) await reply(waiter, outcome);
  }

  async function maintain(request: MaintenanceRequest): Promise<MaintenanceReply> {
    const { look, ...work } = await keepUp(
      request,
      () => queue.length > 0,
      (job) => {
        maintaining = job.request.kind;
        setCurrentDetails(drawTableSheet(view()));
      },
    );
    lastVersion = work.done.at(-1)?.version ?? lastVersion;
    const result: MaintenanceResult = { table, plan: look.plan, savings: look.savings, ...work };
    const { done, failure } = work;
    const { actions, declined } = look.plan;
    lastMaintenance = {
      at: new Date().toISOString(),
      chosen: actions.map(({ kind, gain, reason }) => `${kind}: ${reason}; ${gain}`),
      done,
      declined: declined.length,
      ...(failure === undefined ? {} : { failure }),
    };
    if (upkeep !== undefined) upkeep = afterLook(upkeep, { look, postponed: work.postponed }, Date.now());
    return { kind: 'done', result };
  }

  /** Upkeep never ends the keeper: what failed is told, and tried again at the next look. */
  async function maintainSafely(request: MaintenanceRequest): Promise<MaintenanceReply> {
    maintaining = 'look';
    try {
      return await maintain(request);
    } catch (error) {
      const failure = failureOf(error);
      lastMaintenance = { at: new Date().toISOString(), chosen: [], done: [], declined: 0, failure };
      if (upkeep !== undefined) upkeep = afterLook(upkeep, undefined, Date.now());
      return { kind: 'failed', failure };
    } finally {
      maintaining = undefined;
    }
  }

  for (;;) {
    setCurrentDetails(drawTableSheet(view()));
    const isWanted = (): boolean =>
      queue.length > 0 || asked.length > 0 || isDue(upkeep, Date.now()) || shouldContinue();
    const wait = untilLook(upkeep, Date.now());
    await (wait === undefined ? condition(isWanted) : condition(isWanted, wait));
    if (queue.length > 0) await commitNext();
    else if (asked[0] !== undefined) {
      const [{ request, replyTo }] = asked;
      const answer = await maintainSafely(request);
      asked = asked.filter((ask) => ask.replyTo !== replyTo);
      await tell(replyTo, 'maintenanceDone', answer);
    } else if (upkeep !== undefined && isDue(upkeep, Date.now())) await maintainSafely(upkeep.request);
    if (shouldContinue()) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof keepTable>({
        table,
        queue,
        commits,
        asked,
        ...(upkeep === undefined ? {} : { upkeep }),
        ...(lastVersion === undefined ? {} : { lastVersion }),
      });
    }
  }
}
