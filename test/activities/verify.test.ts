import { verifyBatches } from '../../src/activities/verify';
import { sampleSource } from '../fakes/pipeline';
import { createSampleRuns, dayMs } from '../fakes/runs';

async function committed(...names: readonly string[]) {
  const runs = createSampleRuns({ sources: [sampleSource({ path: '/raw/*.csv' })] });
  await runs.store.remove('/raw');
  for (const name of names) {
    runs.store.place(`/raw/${name}.csv`, name, runs.time.ms - dayMs);
    await runs.run();
  }
  return { ...runs, verify: () => verifyBatches(runs.pipeline, runs.store) };
}

test('a table as the ledger left it is whole', async () => {
  const { verify, table } = await committed('a', 'b');
  await table.commit();
  const whole = {
    table: '/lake/customer_sales',
    id: table.id,
    version: 2,
    proved: 2,
    unseen: 0,
    lost: [],
    elsewhere: 0,
  };
  expect(await verify()).toEqual(whole);
});

test('an entry in the middle that is another one is found, though the newest proves itself', async () => {
  const { verify, table, store } = await committed('a', 'b', 'c');
  store.place(table.pathOf(1), '{"commitInfo": {"operation": "WRITE"}}');
  expect(await verify()).toMatchObject({
    proved: 2,
    lost: [{ tableVersion: 1, why: 'version 1 is WRITE by somebody else' }],
  });
});

test.each([
  ['a RESTORE took batches back', 'restore', 'a RESTORE took it back', 1],
  ['an older copy was put back', 'setBackTo', 'the table ends at version 0', 1],
] as const)('%s', async (_, how, why, proved) => {
  const { verify, table } = await committed('a', 'b', 'c');
  await table[how](0);
  expect(await verify()).toMatchObject({
    proved,
    lost: [
      { tableVersion: 1, why },
      { tableVersion: 2, why },
    ],
  });
});

test('without the table everything is lost; so it is with another one in its place', async () => {
  const { verify, table } = await committed('a', 'b');
  await table.moveAway();
  expect(await verify()).toMatchObject({
    proved: 0,
    lost: [{ why: 'there is no table' }, { why: 'there is no table' }],
  });
  await table.commit();
  expect(await verify()).toMatchObject({ version: 0, lost: [{ why: 'another table is in its place' }, {}] });
});

test('batches of a table that was there before are not missed once all was delivered again', async () => {
  const { verify, table, run } = await committed('a', 'b');
  await table.moveAway();
  await run();
  expect(await verify()).toMatchObject({ proved: 1, lost: [], elsewhere: 2 });
});

test('batches of before a cleaned log are told apart', async () => {
  const { verify, table } = await committed('a', 'b');
  await table.commit({ actions: [{ metaData: { id: table.id } }] });
  await table.clean(1);
  expect(await verify()).toMatchObject({ proved: 1, unseen: 1, lost: [] });
});
