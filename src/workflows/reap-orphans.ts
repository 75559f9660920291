// reapOrphans: clusters of ours that no open keeper knows are ended and counted. Started by a schedule, or by hand.
import type { ReapResult } from '../contracts/cluster';
import { reapInput } from '../domain/entrance/cluster-messages';
import { activity } from './activity-options';
import { inputOf } from './entrance';

const sweepClusters = activity('sweepClusters');

export async function reapOrphans(...args: readonly unknown[]): Promise<ReapResult> {
  return sweepClusters(inputOf(reapInput, args, 'reapOrphans'));
}
