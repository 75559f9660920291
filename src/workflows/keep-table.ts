// keepTable: the single writer of one table. Feeds messages and outcomes into its reducer and does what that wants.
import {
  allHandlersFinished,
  condition,
  continueAsNew,
  patched,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import { assertNever } from '../contracts/assert-never';
import type { FailureSummary } from '../contracts/failure';
import { commitAsk, withdrawAsk } from '../domain/entrance/commit-messages';
import { carriedKeeperInput, keeperInput } from '../domain/entrance/keeper-input';
import { askedMaintenanceOf, commitAskOf } from '../domain/entrance/of-table';
import { askedMaintenance } from '../domain/entrance/upkeep-messages';
import { refuseCommit, refuseKeeper, refuseMaintenance } from '../domain/keeper/acceptance';
import { hasWork, reduceKeeper } from '../domain/keeper/reduce';
import { drawTableSheet, viewTable } from '../domain/keeper/sheet';
import { restoreKeeper, type KeeperEvent, type KeeperIntent, type WorkOutcome } from '../domain/keeper/state';
import { untilLook } from '../domain/upkeep/schedule';
import { build } from './build';
import { demand, inputOf, isRefused, onBareSignal, onQuery, onSignal } from './entrance';
import { commitJob, lookAt, maintainJob, tellWaiter } from './keeper-work';
import {
  acceptCommitUpdate,
  acceptMaintenanceUpdate,
  continueAsNewSignal,
  requestCommitSignal,
  requestMaintenanceSignal,
  tableQuery,
  withdrawCommitSignal,
} from './messages';
import { toFailure } from './failure-of';

async function carryOut(intent: KeeperIntent): Promise<WorkOutcome | undefined> {
  switch (intent.kind) {
    case 'commit':
      return commitJob(intent.job);
    case 'look':
      return lookAt(intent.request);
    case 'maintain':
      return maintainJob(intent.job);
    case 'answer':
      await tellWaiter(intent.to, intent.answer);
      return undefined;
    case 'continue-as-new':
      return continueAsNew<typeof keepTable>(intent.input);
    default:
      return assertNever(intent);
  }
}

export async function keepTable(...args: readonly unknown[]): Promise<void> {
  const { workflowId, continuedFromExecutionRunId } = workflowInfo();
  const shape = continuedFromExecutionRunId === undefined ? keeperInput : carriedKeeperInput;
  const input = inputOf(shape, args, 'keepTable');
  const table = input.table ?? workflowId.replace(/^table\//, '');
  const stranger = refuseKeeper(table, workflowId);
  if (stranger !== undefined && isRefused()) throw toFailure(stranger);
  // Covers whatever the rules `first` say; may go when no keeper of before 2026-12 is open.
  const rules = patched('keeper-bounded-waits-2026-12') ? 'bounded' : 'first';
  let state = restoreKeeper(input, table, rules);
  const startedBy = build();
  const shouldLeave = (): boolean => workflowInfo().continueAsNewSuggested || build() !== startedBy;

  function reduce(event: KeeperEvent): readonly KeeperIntent[] {
    const reduced = reduceKeeper(state, event, Date.now());
    state = reduced.state;
    setCurrentDetails(drawTableSheet(viewTable(state)));
    return reduced.intents;
  }
  async function send(event: KeeperEvent): Promise<void> {
    if (shouldLeave()) reduce({ kind: 'leave-asked' });
    for (const intent of reduce(event)) {
      const outcome = await carryOut(intent);
      if (outcome !== undefined) await send(outcome);
    }
  }

  onQuery(tableQuery, () => viewTable(state));
  function accept(failure: FailureSummary | undefined): void {
    if (failure !== undefined) throw toFailure(failure);
  }
  setHandler(acceptCommitUpdate, (ask) => send({ kind: 'commit-asked', ask }), {
    validator: (...given: readonly unknown[]) => accept(refuseCommit(state, demand(commitAsk, given, 'acceptCommit'))),
  });
  setHandler(acceptMaintenanceUpdate, (ask) => send({ kind: 'maintenance-asked', ask }), {
    validator: (...given: readonly unknown[]) =>
      accept(refuseMaintenance(state, demand(askedMaintenance, given, 'acceptMaintenance'))),
  });
  onSignal(requestCommitSignal, commitAskOf(table), (ask) => send({ kind: 'commit-asked', ask }));
  onSignal(withdrawCommitSignal, withdrawAsk, (ask) => send({ kind: 'withdrawal-asked', ask }));
  onSignal(requestMaintenanceSignal, askedMaintenanceOf(table), (ask) => send({ kind: 'maintenance-asked', ask }));
  onBareSignal(continueAsNewSignal, () => send({ kind: 'leave-asked' }));

  for (;;) {
    const isWanted = (): boolean => hasWork(state, Date.now()) || shouldLeave();
    const wait = untilLook(state.upkeep, Date.now());
    await (wait === undefined ? condition(isWanted) : condition(isWanted, wait));
    await send({ kind: 'turn' });
    // What the next run gets is settled after the last answer is out, not before: messages may come meanwhile.
    if (state.leaving) await condition(allHandlersFinished);
    await send({ kind: 'turn-ended' });
  }
}

/** Never pinned: a keeper outlives all builds. On a worker without a version there is nothing to choose. */
setWorkflowOptions(() => (build() === undefined ? {} : { versioningBehavior: 'AUTO_UPGRADE' }), keepTable);
