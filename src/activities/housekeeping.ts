// Clears what batches leave behind: copies of inputs and staging tables. Never a manifest, never another pipeline's.
//   clearInputs(state, digest, { store }): Promise<void>
//   sweepBatches({ pipeline }, { store, clock }): Promise<SweepResult>
import { isDigest, type Digest } from '../contracts/ids';
import { batchFolder, batchPaths } from '../contracts/layout';
import type { PipelineRef } from '../contracts/pipeline-ref';
import { planSweep, type Sweep } from '../domain/batch-retention';
import { openLedger } from './ledger';
import type { Clock, ObjectStat, ObjectStore } from './ports';
import { escapeGlob } from '../domain/glob';
import { callsAtOnce, mapBounded } from '../domain/map-bounded';

export type HousekeepingDeps = { readonly store: ObjectStore; readonly clock: Clock };

export type SweepResult =
  | { readonly kind: 'swept'; readonly digests: readonly Digest[] }
  /** Another run swept a while ago. */
  | { readonly kind: 'not-due' };

/** To look through all batches costs more than a small run, and retention counts in days. */
const sweepEveryMs = 6 * 3_600_000;

/** Says that nothing is left to remove; a new freeze of the same batch takes it away. */
export const stagingRemovedMark = (state: string, digest: Digest): string =>
  `${batchFolder(state, digest)}/staging.removed`;

const lastSweep = (state: string): string => `${state.replace(/\/+$/, '')}/housekeeping.txt`;

export async function clearInputs(state: string, digest: Digest, { store }: { store: ObjectStore }): Promise<void> {
  await store.remove(batchPaths(state, digest).inputs);
}

export async function sweepBatches(
  { pipeline }: { readonly pipeline: Pick<PipelineRef, 'state' | 'gateWaitSeconds'> },
  { store, clock }: HousekeepingDeps,
): Promise<SweepResult> {
  const { state } = pipeline;
  const nowMs = clock.now().getTime();
  const swept = await store.readText(lastSweep(state));
  if (swept !== undefined && nowMs - Date.parse(swept.trim()) < sweepEveryMs) return { kind: 'not-due' };
  const [{ committed }, found] = await Promise.all([
    openLedger(state, { store }),
    store.list(`${escapeGlob(state.replace(/\/+$/, ''))}/batches/*/{manifest.json,staging.removed}`),
  ]);
  const plan = planSweep({
    nowMs,
    gateWaitMs: pipeline.gateWaitSeconds * 1000,
    committed: committed.map(({ digest, tableVersion, committedAt }) => ({
      digest,
      tableVersion,
      committedMs: Date.parse(committedAt),
    })),
    batches: found
      .filter(isNamed('manifest.json'))
      .flatMap((stat) => digestOf(stat).map((digest) => ({ ...stat, digest }))),
    cleared: found.filter(isNamed('staging.removed')).flatMap(digestOf),
  });
  await mapBounded(plan, callsAtOnce, (sweep) => clearBatch(state, sweep, store));
  await store.writeText(lastSweep(state), `${new Date(nowMs).toISOString()}\n`);
  return { kind: 'swept', digests: plan.map(({ digest }) => digest) };
}

const isNamed =
  (name: string) =>
  ({ path }: ObjectStat): boolean =>
    path.endsWith(`/${name}`);

/** None where the folder is of somebody else's making. */
const digestOf = ({ path }: ObjectStat): readonly Digest[] => [path.split('/').at(-2) ?? ''].filter(isDigest);

/** Reports go first and the mark comes last: stopped in between, the batch is cleared again by the next sweep. */
async function clearBatch(state: string, { digest, committed }: Sweep, store: ObjectStore): Promise<void> {
  const { staging, inputs } = batchPaths(state, digest);
  if (!committed) {
    const reports = await store.list(`${escapeGlob(batchFolder(state, digest))}/prepare*.report*.json`);
    await mapBounded(reports, callsAtOnce, ({ path }) => store.remove(path));
  }
  await Promise.all([store.remove(staging), store.remove(inputs)]);
  await store.writeText(stagingRemovedMark(state, digest), '');
}
