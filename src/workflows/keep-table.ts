// keepTable: the single writer of one table. A queue of commits, run one after another; continues as new.
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
import type { CommitJob, CommitReply, KeeperInput, QueuedCommit, TableView } from '../contracts/run';
import { drawTableSheet, enqueue, isSameCommit, joinCommit, withdraw } from '../domain/keeper-queue';
import { failureOf } from './failure-of';
import { continueAsNewSignal, requestCommitSignal, tableQuery, withdrawCommitSignal } from './messages';
import { runJob } from './run-job';

/** Tells a run how its commit ended. A run that is gone needs no answer. */
async function reply(workflowId: string, answer: CommitReply): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId).signal('commitDone', answer);
  } catch (error) {
    log.warn('nobody waits for this commit any more', { workflowId, stepKey: answer.stepKey, error: String(error) });
  }
}

async function commit(job: CommitJob): Promise<CommitReply> {
  const { stepKey } = job.request;
  try {
    const report = await runJob(job);
    if (report.job !== 'commit') throw new TypeError(`expected a commit report, got ${report.job}`);
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
  let running: QueuedCommit | undefined;
  let asked = false;
  const shouldContinue = (): boolean => asked || workflowInfo().continueAsNewSuggested;

  const view = (): TableView => {
    return {
      table,
      queued: queue.map((entry) => entry.request.request.stepKey),
      commits,
      ...(running === undefined ? {} : { running: running.request.request.stepKey }),
      ...(lastVersion === undefined ? {} : { lastVersion }),
    };
  };

  setHandler(tableQuery, view);
  setHandler(requestCommitSignal, ({ job, replyTo }) => {
    if (running !== undefined && isSameCommit(running.request, job)) running = joinCommit(running, job, replyTo);
    else queue = enqueue(queue, job, replyTo);
  });
  setHandler(continueAsNewSignal, () => {
    asked = true;
  });
  // Answers at once, also while another commit runs.
  setHandler(withdrawCommitSignal, async ({ stepKey, replyTo }) => {
    const left = withdraw(queue, stepKey, replyTo);
    if (left === queue) return;
    queue = left;
    await reply(replyTo, { kind: 'withdrawn', stepKey });
  });

  for (;;) {
    setCurrentDetails(drawTableSheet(view()));
    await condition(() => queue.length > 0 || shouldContinue());
    const [head, ...rest] = queue;
    if (head !== undefined) {
      queue = rest;
      running = head;
      setCurrentDetails(drawTableSheet(view()));
      const outcome = await commit(head.request);
      if (outcome.kind === 'committed') {
        commits += 1;
        lastVersion = outcome.report.table.version;
      }
      const { waiters } = running;
      running = undefined;
      for (const waiter of waiters) await reply(waiter, outcome);
    }
    if (shouldContinue()) {
      await condition(allHandlersFinished);
      await continueAsNew<typeof keepTable>({
        table,
        queue,
        commits,
        ...(lastVersion === undefined ? {} : { lastVersion }),
      });
    }
  }
}
