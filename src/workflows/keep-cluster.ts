// keepCluster: the clusters of one pool. Feeds messages and outcomes into its reducer and does what that wants, all at once.
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  setCurrentDetails,
  setHandler,
  setWorkflowOptions,
  workflowInfo,
} from '@temporalio/workflow';
import { clusterWorkflowId } from '../contracts/names';
import { refuseLease } from '../domain/cluster/acceptance';
import { usageOf } from '../domain/cluster/leases';
import { answerTo, reducePool } from '../domain/cluster/reduce';
import { untilNext } from '../domain/cluster/settle';
import { drawPoolSheet, viewPool } from '../domain/cluster/sheet';
import { carryPool, isDone, isUnderWay, restorePool, type PoolEvent, type PoolIntent } from '../domain/cluster/state';
import { carriedPool, giveBackAsk, leaseAsk } from '../domain/entrance/cluster-messages';
import { nothing } from '../domain/entrance/inputs';
import { build } from './build';
import { carryOut } from './cluster-work';
import { demand, inputOf, onBareSignal, onQuery } from './entrance';
import { toFailure } from './failure-of';
import {
  closeClusterSignal,
  clusterQuery,
  continueAsNewSignal,
  giveBackClusterUpdate,
  leaseClusterUpdate,
} from './messages';

/** Without a cluster and without anybody who wants one, it closes so late: an answer that was lost is asked for again. */
const linger = '1 minute';

const notAPool = (workflowId: string) => ({
  kind: 'config' as const,
  type: 'WrongKeeper',
  message: `The workflow ${workflowId} cannot keep clusters: its id names no pool.`,
  remedy: `Runs start the keeper of their pool by themselves, as ${clusterWorkflowId('<pool>')}.`,
  fields: { keeper: workflowId },
});

const poolOf = (workflowId: string): string => {
  const pool = workflowId.slice(clusterWorkflowId('').length);
  if (pool === '' || clusterWorkflowId(pool) !== workflowId) throw toFailure(notAPool(workflowId));
  return pool;
};

export async function keepCluster(...args: readonly unknown[]): Promise<void> {
  const { workflowId, firstExecutionRunId, continuedFromExecutionRunId } = workflowInfo();
  const isFirst = continuedFromExecutionRunId === undefined;
  const input = isFirst ? inputOf(nothing, args, 'keepCluster') : inputOf(carriedPool, args, 'keepCluster');
  let state = restorePool(input, poolOf(workflowId), firstExecutionRunId.slice(0, 13), Date.now());
  let changes = 0;
  const startedBy = build();
  const shouldLeave = (): boolean => workflowInfo().continueAsNewSuggested || build() !== startedBy;

  async function work(intent: PoolIntent): Promise<void> {
    const outcome = await carryOut(intent);
    if (outcome !== undefined) send(outcome);
  }
  /** `answered`: the lease whose holder hears of it as the answer of its update. */
  function send(event: PoolEvent, answered?: string): void {
    const { state: next, intents } = reducePool(state, event, Date.now());
    state = next;
    changes += 1;
    setCurrentDetails(drawPoolSheet(viewPool(state)));
    const wanted = intents.filter((intent) => intent.kind !== 'tell' || intent.news.lease !== answered);
    for (const intent of wanted) void CancellationScope.nonCancellable(() => work(intent));
  }

  onQuery(clusterQuery, () => viewPool(state));
  setHandler(
    leaseClusterUpdate,
    (ask) => {
      send({ kind: 'lease-asked', ask }, ask.lease);
      return answerTo(state, ask.lease);
    },
    {
      validator: (...given: readonly unknown[]) => {
        const failure = refuseLease(state, demand(leaseAsk, given, 'leaseCluster'));
        if (failure !== undefined) throw toFailure(failure);
      },
    },
  );
  setHandler(
    giveBackClusterUpdate,
    ({ lease }) => {
      send({ kind: 'given-back', lease });
      return usageOf(state, lease);
    },
    { validator: (...given: readonly unknown[]) => void demand(giveBackAsk, given, 'giveBackCluster') },
  );
  onBareSignal(closeClusterSignal, () => send({ kind: 'close-asked' }));
  onBareSignal(continueAsNewSignal, () => send({ kind: 'leave-asked' }));

  async function keep(): Promise<void> {
    for (;;) {
      const seen = changes;
      if (isDone(state)) {
        if (await condition(() => changes > seen, linger)) continue;
        await condition(allHandlersFinished);
        if (isDone(state)) return;
      }
      if (shouldLeave() && !state.leaving) send({ kind: 'leave-asked' });
      if (state.leaving && !isUnderWay(state)) {
        await condition(allHandlersFinished);
        if (!isUnderWay(state)) await continueAsNew<typeof keepCluster>(carryPool(state));
      }
      const wait = state.leaving ? undefined : untilNext(state, Date.now());
      const isChanged = (): boolean => changes > seen || (shouldLeave() && !state.leaving);
      await (wait === undefined ? condition(isChanged) : condition(isChanged, Math.max(1, wait)));
      if (changes === seen) send({ kind: 'time-passed' });
    }
  }

  // Cancelled, it ends what it has, and only then itself.
  CancellationScope.current().cancelRequested.catch(() => send({ kind: 'cancelled' }));
  await CancellationScope.nonCancellable(keep);
}

/** Never pinned: a keeper outlives all builds. On a worker without a version there is nothing to choose. */
setWorkflowOptions(() => (build() === undefined ? {} : { versioningBehavior: 'AUTO_UPGRADE' }), keepCluster);
