import { MockActivityEnvironment } from '@temporalio/testing';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { keepDefinition, readDefinition } from '../../src/activities/definitions';
import { createRunActivities } from '../../src/activities/run';
import type { PipelineRef } from '../../src/contracts/pipeline-ref';
import { orders, spoil } from '../pipeline-file/support';
import { createFakeObjectStore } from '../fakes/object-store';
import { samplePipeline } from '../fakes/pipeline';

const path = async (store = createFakeObjectStore(), changes = {}) => {
  const { definition } = await keepDefinition(samplePipeline(changes), store);
  if (typeof definition !== 'string') throw new Error('not a reference');
  return { store, definition };
};

test('a definition comes back as it was, and is written once', async () => {
  const { store, definition } = await path();
  expect(await readDefinition(definition, store)).toEqual(samplePipeline());
  expect(await path(store)).toEqual({ store, definition });
  expect(store.calls.filter((call) => call.startsWith('writeText'))).toHaveLength(1);
});

test('whatever differs, upkeep too, is a definition of its own', async () => {
  const { store, definition } = await path();
  const other = await path(store, { gateWaitSeconds: 1 });
  expect(other.definition).not.toBe(definition);
  expect(await readDefinition(definition, store)).toEqual(samplePipeline());
});

test.each([
  ['gone', undefined, 'DefinitionGone'],
  ['cut off', '{"name": "customer-sa', 'DefinitionDamaged'],
  ['edited', `${JSON.stringify(samplePipeline({ timezone: 'Europe/Berlin' }), null, 2)}\n`, 'DefinitionDamaged'],
])('one that is %s is an error that names it, and the next run repairs it', async (_, text, type) => {
  const { store, definition } = await path();
  if (text === undefined) await store.remove(definition);
  else store.place(definition, text);
  await expect(readDefinition(definition, store)).rejects.toMatchObject({
    kind: 'config',
    type,
    fields: { file: definition },
  });
  await path(store);
  expect(await readDefinition(definition, store)).toEqual(samplePipeline());
});

test('a run reads what it loaded, though the file changes meanwhile', async () => {
  const folder = await mkdtemp(`${tmpdir()}/headgate-definitions-`);
  try {
    const store = createFakeObjectStore();
    const { loadPipeline, freezeInputs } = createRunActivities({
      store,
      clock: { now: () => new Date(0) },
      metrics: { emit: async () => undefined },
      pipelines: folder,
      defaultPipeline: 'orders',
      allowed: async () => ({ folders: [folder], files: [] }),
      env: { RAW: '/raw', LAKE: '/lake', AWS_SECRET_ACCESS_KEY: 'hunter2' },
      envNames: ['RAW', 'LAKE'],
    });
    store.place('/raw/orders-1.csv', 'x', 0);
    store.place('/raw/customers.parquet', 'x', 0);
    await writeFile(`${folder}/orders.yaml`, orders);
    const activities = new MockActivityEnvironment();
    const loaded: PipelineRef = await activities.run(loadPipeline, {});
    await writeFile(`${folder}/orders.yaml`, spoil(orders, 'orders-*.csv', 'others-*.csv'));
    const pipeline = loaded.definition;
    const frozen = await activities.run(freezeInputs, { pipeline, logicalTime: '2026-01-01T00:00:00Z', redo: false });
    expect(frozen).toMatchObject({ batch: { sample: ['orders-1.csv', 'customers.parquet'] } });
    expect(JSON.stringify(loaded)).not.toContain('orders-*.csv');
  } finally {
    await rm(folder, { recursive: true });
  }
});

test('the environment of the worker does not come into a run, but for the names that are allowed', async () => {
  const folder = await mkdtemp(`${tmpdir()}/headgate-variables-`);
  try {
    const { loadPipeline } = createRunActivities({
      store: createFakeObjectStore(),
      clock: { now: () => new Date(0) },
      metrics: { emit: async () => undefined },
      pipelines: folder,
      defaultPipeline: 'orders',
      allowed: async () => ({ folders: [folder], files: [] }),
      env: { RAW: '/raw', LAKE: '/lake', MY_SECRET: 'hunter2' },
      envNames: ['RAW', 'LAKE'],
    });
    await writeFile(`${folder}/orders.yaml`, spoil(orders, '${LAKE}', '${MY_SECRET:-/lake}'));
    const activities = new MockActivityEnvironment();
    const error: unknown = await activities.run(loadPipeline, {}).catch((thrown: unknown) => thrown);
    expect(String(error)).toContain('MY_SECRET did not come with the run');
    expect(JSON.stringify(error)).not.toContain('hunter2');
    await expect(activities.run(loadPipeline, { variables: { MY_SECRET: '/other' } })).resolves.toMatchObject({
      name: 'orders',
    });
  } finally {
    await rm(folder, { recursive: true });
  }
});
