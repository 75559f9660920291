// A pipeline's life on a fake store: freeze and publish as runs do, on a clock that tests move.
import { freezeBatch, type FreezeInput, type FreezeResult } from '../../src/activities/freeze';
import type { Metric, ObjectStore } from '../../src/activities/ports';
import { publishRun, type PublishResult } from '../../src/activities/publish';
import type { FrozenBatch } from '../../src/contracts/batch';
import type { Pipeline } from '../../src/contracts/pipeline';
import type { RunRecord } from '../../src/contracts/run-record';
import { stepKey } from '../../src/contracts/layout';
import { createDeltaLog } from './delta-log';
import { createFakeObjectStore, type FakeObjectStore } from './object-store';
import { samplePipeline } from './pipeline';

export const hourMs = 3_600_000;
export const dayMs = 24 * hourMs;

export function createRuns<Store extends ObjectStore>(store: Store, pipeline: Pipeline) {
  const time = { ms: Date.parse('2026-06-01T00:00:00.000Z') };
  const metrics: Metric[] = [];
  const { table: path } = pipeline.target;
  const table = createDeltaLog(store, path);
  const slept: number[] = [];
  const deps = {
    store,
    clock: { now: () => new Date(time.ms) },
    metrics: { emit: async (metric: Metric) => void metrics.push(metric) },
    sleep: async (ms: number) => void slept.push(ms),
  };
  const freeze = (input: Partial<FreezeInput> = {}): Promise<FreezeResult> => freezeBatch({ pipeline, ...input }, deps);
  const record = (changes: Partial<RunRecord> = {}): RunRecord => ({
    protocol: 1,
    run: `run/${pipeline.name}`,
    startedAt: new Date(time.ms).toISOString(),
    finishedAt: new Date(time.ms + 5000).toISOString(),
    outcome: 'committed',
    pipeline: pipeline.name,
    table: { path },
    seconds: { freeze: 0.1, commit: 2 },
    warnings: [],
    notices: [],
    ...changes,
  });
  const publish = (changes: Partial<RunRecord> = {}): Promise<PublishResult> =>
    publishRun({ pipeline, record: record(changes) }, deps);
  /** The MERGE of a batch into the table. */
  const merge = ({ digest }: Pick<FrozenBatch, 'digest'>): Promise<number> =>
    table.commit({ operation: 'MERGE', stepKey: stepKey(pipeline.name, path, digest, 'commit') });
  /** Throws when there is nothing new. */
  const freezeNew = async (input: Partial<FreezeInput> = {}): Promise<FrozenBatch> => {
    const frozen = await freeze(input);
    if (frozen.kind !== 'batch') throw new Error(`nothing new: ${frozen.notices.join()}`);
    return frozen.batch;
  };
  /** One whole run; throws when there is nothing new. */
  const run = async (input: Partial<FreezeInput> = {}): Promise<FrozenBatch> => {
    const batch = await freezeNew(input);
    await publish({ digest: batch.digest, table: { path, version: await merge(batch) } });
    return batch;
  };
  return { store, pipeline, table, time, metrics, slept, deps, freeze, freezeNew, merge, publish, record, run };
}

/** On a fake store with one sales file and the customers, both settled long ago. */
export function createSampleRuns(changes: Partial<Pipeline> = {}) {
  let now = (): number => 0;
  const store: FakeObjectStore = createFakeObjectStore({ now: () => now() });
  const runs = createRuns(store, samplePipeline(changes));
  now = () => runs.time.ms;
  store.place('/raw/sales1.csv', 'sales 1', runs.time.ms - dayMs);
  store.place('/raw/customers.parquet', 'customers', runs.time.ms - dayMs);
  return runs;
}
