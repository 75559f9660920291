// What the keeper of a pool does: start, look at and end clusters, see who is gone, tell those who wait. Never throws.
import { getExternalWorkflowHandle, log } from '@temporalio/workflow';
import { assertNever } from '../contracts/assert-never';
import type { LeaseHolder, LeaseNews } from '../contracts/cluster';
import type { PoolEvent, PoolIntent } from '../domain/cluster/state';
import { activity } from './activity-options';
import { failureOf } from './failure-of';
import { clusterReadySignal } from './messages';

const startCluster = activity('startCluster');
const lookAtCluster = activity('lookAtCluster');
const endCluster = activity('endCluster');
const findGoneHolders = activity('findGoneHolders');

async function start({ order, askedAt }: Extract<PoolIntent, { kind: 'start' }>): Promise<PoolEvent> {
  const { member } = order;
  try {
    return await startCluster.executeWithOptions({ summary: member }, [{ order, askedAt }]);
  } catch (error) {
    // The last try may have asked for it.
    return { kind: 'not-started', member, calls: 0, sure: false, failure: failureOf(error) };
  }
}

async function unlessSilent(member: string, ask: () => Promise<PoolEvent>): Promise<PoolEvent> {
  try {
    return await ask();
  } catch (error) {
    log.warn('EMR has not answered', { member, error: failureOf(error).message });
    return { kind: 'unanswered', member, calls: 0 };
  }
}

async function check(holders: readonly LeaseHolder[]): Promise<PoolEvent> {
  try {
    return { kind: 'holders-checked', gone: await findGoneHolders(holders) };
  } catch (error) {
    log.warn('who is gone is not known', { error: failureOf(error).message });
    return { kind: 'holders-checked', gone: [] };
  }
}

/** One that is gone needs no answer. */
async function tell({ workflowId, runId }: LeaseHolder, news: LeaseNews): Promise<void> {
  try {
    await getExternalWorkflowHandle(workflowId, runId).signal(clusterReadySignal, news);
  } catch (error) {
    log.warn('nobody waits for this cluster any more', { workflowId, error: String(error) });
  }
}

export async function carryOut(intent: PoolIntent): Promise<PoolEvent | undefined> {
  switch (intent.kind) {
    case 'start':
      return start(intent);
    case 'look': {
      const { member, id } = intent;
      return unlessSilent(member, () => lookAtCluster.executeWithOptions({ summary: id }, [{ member, id }]));
    }
    case 'end': {
      const { kind: _kind, why, ...asked } = intent;
      return unlessSilent(asked.member, () => endCluster.executeWithOptions({ summary: why.slice(0, 200) }, [asked]));
    }
    case 'check-holders':
      return check(intent.holders);
    case 'tell':
      await tell(intent.holder, intent.news);
      return undefined;
    case 'abandon':
      log.error('a cluster does not end: its own idle time-out and the reaper are left', { member: intent.member });
      return undefined;
    default:
      return assertNever(intent);
  }
}
