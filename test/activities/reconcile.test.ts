// What a freeze tells and does when the table is not as the ledger left it, and what publish proves. On a fake store, whose
// table has a log as Delta writes it.
import { stepKey } from '../../src/contracts/layout';
import type { FreezeResult } from '../../src/activities/freeze';
import { sampleSource } from '../fakes/pipeline';
import { createSampleRuns, dayMs } from '../fakes/runs';

type Runs = ReturnType<typeof createSampleRuns>;

/** A pipeline of one source, and a batch for each of these files. */
async function committed(...names: readonly string[]): Promise<Runs> {
  const runs = createSampleRuns({ sources: [sampleSource({ path: '/raw/*.csv' })] });
  await runs.store.remove('/raw');
  for (const name of names) {
    bring(runs, name);
    await runs.run();
  }
  return runs;
}

const bring = ({ store, time }: Runs, name: string): void => store.place(`/raw/${name}.csv`, name, time.ms - dayMs);

const told = (result: FreezeResult) =>
  result.kind === 'batch'
    ? { files: result.batch.sample.map((name) => name.replace('.csv', '')), notices: result.batch.notices }
    : { files: [], notices: result.notices };

const logCalls = ({ store }: Runs): readonly string[] =>
  store.calls.filter((call) => call.includes('_delta_log')).map((call) => call.replace(/ .*_delta_log/, ' '));

test('a table as the ledger left it costs two looks and no listing', async () => {
  const runs = await committed('a', 'b', 'c');
  runs.store.calls.length = 0;
  expect((await runs.freeze()).kind).toBe('nothing-new');
  expect(logCalls(runs)).toEqual(['readText /00000000000000000002.json', 'readText /00000000000000000003.json']);
});

test('a batch carries the table that it was planned against', async () => {
  const runs = await committed('a');
  await runs.table.commit({ operation: 'OPTIMIZE', actions: [{ add: { path: 'x', dataChange: false } }] });
  bring(runs, 'b');
  const { base, notices } = await runs.freezeNew();
  expect(base).toEqual({ id: runs.table.id, version: 1, commit: expect.stringMatching(/^[0-9a-f]{16}$/) });
  expect(notices).toEqual([]);
  expect((await (await committed()).freeze()).kind).toBe('nothing-new');
});

test('without a table there is no base', async () => {
  const runs = createSampleRuns();
  expect(await runs.freezeNew()).not.toHaveProperty('base');
});

test('a table that is gone gets everything again, under names that were never used, and once', async () => {
  const runs = await committed('a', 'b');
  await runs.table.moveAway();
  const first = await runs.freeze();
  expect(told(first)).toEqual({
    files: ['a', 'b'],
    notices: [
      'There is no table at /lake/customer_sales any more: 2 batches were committed to it. Their files count as new again.',
    ],
  });
  expect(await runs.freeze()).toEqual(first);
  await runs.run();
  expect(told(await runs.freeze())).toMatchObject({
    files: [],
    notices: [expect.stringContaining('(2) are committed')],
  });
});

test('the only batch of a table that is gone gets another name', async () => {
  const runs = createSampleRuns();
  const { digest } = await runs.run();
  await runs.table.moveAway();
  const again = await runs.freezeNew();
  expect(again.digest).not.toBe(digest);
  await runs.publish({
    digest: again.digest,
    table: { path: '/lake/customer_sales', version: await runs.merge(again) },
  });
  await runs.table.moveAway();
  expect(new Set([digest, again.digest, (await runs.freezeNew()).digest]).size).toBe(3);
  const { digest: redone } = await runs.freezeNew({ ignoreLedger: true });
  expect([digest, again.digest]).not.toContain(redone);
});

test('another table at the address is told, and gets everything', async () => {
  const runs = await committed('a', 'b');
  const old = runs.table.id;
  await runs.table.moveAway();
  await runs.table.commit();
  await runs.table.commit();
  const frozen = await runs.freeze();
  expect(told(frozen)).toEqual({
    files: ['a', 'b'],
    notices: [
      '/lake/customer_sales is another table than the one that 2 batches were committed to: ' +
        `its id is ${runs.table.id}, not ${old}. Their files count as new again.`,
    ],
  });
  expect(frozen).toMatchObject({ batch: { base: { id: runs.table.id, version: 1 } } });
});

test('a table that was replaced in place is another one, though its log goes on', async () => {
  const runs = await committed('a', 'b');
  await runs.table.commit({ operation: 'CREATE OR REPLACE TABLE', actions: [{ metaData: { id: 'another' } }] });
  const frozen = await runs.freeze();
  expect(told(frozen)).toMatchObject({
    files: ['a', 'b'],
    notices: [expect.stringContaining('its id is another, not')],
  });
  expect(frozen).toMatchObject({ batch: { base: { id: 'another', version: 2 } } });
});

test('a table that comes back counts as it did', async () => {
  const runs = await committed('a', 'b');
  const log = await Promise.all([0, 1].map((version) => runs.store.readText(runs.table.pathOf(version))));
  await runs.table.moveAway();
  await runs.run();
  await runs.store.remove('/lake/customer_sales');
  for (const [version, text] of log.entries()) await runs.store.writeText(runs.table.pathOf(version), text ?? '');
  expect(told(await runs.freeze()).files).toEqual([]);
});

describe('a table that was set back', () => {
  test('by a RESTORE gets what it lacks, and only that', async () => {
    const runs = await committed('a', 'b', 'c');
    await runs.table.restore(0);
    const frozen = await runs.freeze();
    expect(told(frozen)).toEqual({
      files: ['b', 'c'],
      notices: [
        'The table /lake/customer_sales was set back (version 3 is a RESTORE to version 0): ' +
          '2 batches were committed to it and are not in it any more. Their files count as new again.',
      ],
    });
    await runs.run();
    expect(told(await runs.freeze()).files).toEqual([]);
    expect(runs.store.paths().filter((path) => path.includes('/ledger/void/'))).toHaveLength(2);
    await runs.table.restore(2);
    expect(told(await runs.freeze()).files).toEqual(['b', 'c']);
  });

  test('by a RESTORE of one batch gives it another name than the one that Delta knows', async () => {
    const runs = await committed('a', 'b');
    await runs.table.restore(0);
    const ledger = runs.store.paths().filter((path) => path.includes('/ledger/'));
    const { digest } = await runs.run();
    expect(ledger.join()).not.toContain(digest);
  });

  test('and forth again lacks nothing', async () => {
    const runs = await committed('a', 'b', 'c');
    await runs.table.restore(0);
    await runs.table.restore(2);
    expect(told(await runs.freeze())).toEqual({
      files: [],
      notices: [expect.stringContaining('all matching files (3) are committed')],
    });
  });

  test('below a RESTORE of before the newest batch is read down', async () => {
    const runs = await committed('a', 'b');
    await runs.table.restore(0);
    await runs.table.restore(1);
    bring(runs, 'c');
    await runs.run();
    await runs.table.restore(2);
    expect(told(await runs.freeze()).files).toEqual(['b', 'c']);
  });

  test('by a RESTORE by time is told by its files', async () => {
    const runs = await committed('a', 'b', 'c');
    const removed = ['part-2.parquet'].map((path) => ({ remove: { path, dataChange: true } }));
    const parameters = { version: null, timestamp: '2026-06-01 12:00:00' };
    await runs.table.commit({ operation: 'RESTORE', parameters, actions: removed });
    expect(told(await runs.freeze()).files).toEqual(['c']);
  });

  test('by an older copy of its folder gets what it lacks', async () => {
    const runs = await committed('a', 'b', 'c');
    await runs.table.setBackTo(1);
    expect(told(await runs.freeze())).toMatchObject({
      files: ['c'],
      notices: [expect.stringContaining('was set back (it ends at version 1): 1 batch was committed to it and is not')],
    });
  });

  test('by an older copy that others wrote on is noticed by the bytes of its log', async () => {
    const runs = await committed('a', 'b', 'c');
    await runs.table.setBackTo(0);
    for (let more = 0; more < 4; more += 1) await runs.table.commit();
    expect(told(await runs.freeze())).toMatchObject({
      files: ['b', 'c'],
      notices: [
        expect.stringContaining('its version 2 is another one by now'),
        'Others changed rows of the table after version 0: WRITE as version 1, WRITE as version 2, WRITE as version 3, and 1 more.',
      ],
    });
  });

  test('says so while nothing takes the place of what it lacks', async () => {
    const runs = await committed('a', 'b');
    await runs.table.restore(0);
    await runs.store.remove('/raw/b.csv');
    for (let time = 0; time < 2; time += 1) {
      expect(told(await runs.freeze()).notices).toEqual([
        expect.stringContaining('was set back'),
        expect.stringContaining('all matching files (1) are committed'),
      ]);
    }
  });
});

test('what others did to the rows is told, and upkeep is not', async () => {
  const runs = await committed('a');
  await runs.table.commit({ operation: 'OPTIMIZE', actions: [{ add: { path: 'x', dataChange: false } }] });
  await runs.table.commit({ operation: 'DELETE', actions: [{ remove: { path: 'x', dataChange: true } }] });
  await runs.table.commit({ operation: 'MERGE', stepKey: 'other/customer_sales/d/commit' });
  expect(told(await runs.freeze()).notices[0]).toBe(
    'Others changed rows of the table after version 0: DELETE as version 2.',
  );
});

test('where the log was cleaned, the id of the table speaks for old batches, and it is told', async () => {
  const runs = await committed('a', 'b');
  await runs.table.commit({ actions: [{ metaData: { id: runs.table.id } }] });
  await runs.table.clean(2);
  expect(told(await runs.freeze())).toEqual({
    files: [],
    notices: [
      'The log of the table begins at version 2: 2 batches were committed before, and only the id of the table speaks for them.',
      expect.stringContaining('(2) are committed'),
    ],
  });
});

test('a log that nobody can read is an error, not a table without rows', async () => {
  const runs = await committed('a');
  runs.store.place(runs.table.pathOf(1), '{"commitInfo": {"op');
  await expect(runs.freeze()).rejects.toMatchObject({
    type: 'TableLogUnreadable',
    fields: { file: runs.table.pathOf(1) },
  });
});

describe('two tables of one name and one state folder', () => {
  test('know nothing of each other’s batches', async () => {
    const runs = await committed('a');
    const prod = createSampleRuns({
      ...runs.pipeline,
      target: { ...runs.pipeline.target, table: '/prod/customer_sales' as never },
    });
    const here = await runs.freezeNew({ ignoreLedger: true });
    const { pipeline } = prod;
    const there = await runs.freezeNew({ pipeline });
    expect(there.digest).not.toBe(here.digest);
    expect(there.sample).toEqual(['a.csv']);
  });
});

describe('entries of an earlier version', () => {
  test('are not counted, which is told until a batch is committed; then they are void', async () => {
    const runs = await committed();
    bring(runs, 'a');
    const path = `${runs.pipeline.state}/ledger/5d41402abc4b2a76b9719d911017c592.json`;
    runs.store.place(path, '{"protocol": 1, "digest": "5d41402abc4b2a76b9719d911017c592", "table": "customer_sales"}');
    for (let time = 0; time < 2; time += 1) {
      expect(told(await runs.freeze())).toEqual({
        files: ['a'],
        notices: [expect.stringContaining('an earlier version of Headgate committed (1) do not count')],
      });
    }
    await runs.run();
    expect(told(await runs.freeze()).notices).toEqual([expect.stringContaining('(1) are committed')]);
    expect(runs.store.paths()).toContain(path.replace('/ledger/', '/ledger/void/'));
  });
});

describe('a report of a commit', () => {
  const report = (runs: Runs, digest: string, version: number): void => {
    const golden = {
      protocol: 1,
      job: 'commit',
      generation: 1,
      attempt: 1,
      digest,
      warnings: [],
      seconds: {},
      environment: {},
    };
    const rows = { staged: 1, inserted: 1, updated: 0, unchanged: 0 };
    const table = { path: '/lake/customer_sales', version, recovered: false };
    const files = { added: 1, removed: 0, bytesAdded: 1 };
    const key = stepKey('customer-sales', '/lake/customer_sales', digest as never, 'commit');
    runs.store.place(
      `${runs.pipeline.state}/batches/${digest}/commit.report.json`,
      JSON.stringify({ ...golden, stepKey: key, rows, table, files }),
    );
  };

  test('that is true of the table keeps the name of its batch: the next run finds the commit', async () => {
    const runs = await committed('a');
    bring(runs, 'b');
    const batch = await runs.freezeNew();
    report(runs, batch.digest, await runs.merge(batch));
    expect((await runs.freezeNew()).digest).toBe(batch.digest);
  });

  test.each([
    ['after the table was moved away', (runs: Runs) => runs.table.moveAway()],
    ['after a RESTORE', (runs: Runs) => runs.table.restore(0)],
    ['after an older copy was put back', (runs: Runs) => runs.table.setBackTo(0)],
    ['that others made', async (runs: Runs) => [await runs.table.setBackTo(0), await runs.table.commit()]],
  ])('%s gives its batch another name', async (_, change) => {
    const runs = await committed('a');
    bring(runs, 'b');
    const batch = await runs.freezeNew();
    report(runs, batch.digest, await runs.merge(batch));
    await change(runs);
    expect((await runs.freezeNew()).digest).not.toBe(batch.digest);
  });

  test('in a table that was replaced in place gives its batch another name, also where the ledger knows of none', async () => {
    const runs = await committed();
    bring(runs, 'a');
    const batch = await runs.freezeNew();
    report(runs, batch.digest, await runs.merge(batch));
    expect((await runs.freezeNew()).digest).toBe(batch.digest);
    await runs.table.commit({ operation: 'CREATE OR REPLACE TABLE', actions: [{ metaData: { id: 'another' } }] });
    expect((await runs.freezeNew()).digest).not.toBe(batch.digest);
  });

  test('of before the newest batch is looked at too', async () => {
    const runs = await committed('a');
    bring(runs, 'b');
    const batch = await runs.freezeNew();
    report(runs, batch.digest, await runs.merge(batch));
    await runs.table.restore(0);
    await runs.store.remove('/raw/b.csv');
    bring(runs, 'c');
    await runs.run();
    bring(runs, 'b');
    const again = await runs.freezeNew();
    expect(again.sample).toEqual(['b.csv']);
    expect(again.digest).not.toBe(batch.digest);
  });

  test('that is missing after a RESTORE: the transaction in the log gives the batch another name', async () => {
    const runs = await committed('a');
    bring(runs, 'b');
    const batch = await runs.freezeNew();
    await runs.merge(batch);
    expect((await runs.freezeNew()).digest).toBe(batch.digest);
    await runs.table.restore(0);
    expect((await runs.freezeNew()).digest).not.toBe(batch.digest);
  });
});

describe('publish proves the commit', () => {
  test.each([
    ['there is no table', (runs: Runs) => runs.table.moveAway(), 'there is no table'],
    ['the log ends before it', (runs: Runs) => runs.table.setBackTo(0), 'its log has versions up to 0'],
    ['a RESTORE took it back', (runs: Runs) => runs.table.restore(0), 'a RESTORE took it back'],
    [
      'somebody else made that version',
      async (runs: Runs) => [await runs.table.setBackTo(0), await runs.table.commit()],
      'by somebody else',
    ],
    [
      'another table took its place',
      (runs: Runs) =>
        runs.table.commit({ operation: 'CREATE OR REPLACE TABLE', actions: [{ metaData: { id: 'another' } }] }),
      'another table took its place',
    ],
  ])('%s: the run fails, and nothing is written down', async (_, change, found) => {
    const runs = await committed('a');
    bring(runs, 'b');
    const batch = await runs.freezeNew();
    const version = await runs.merge(batch);
    await change(runs);
    const before = runs.store.paths();
    await expect(
      runs.publish({ digest: batch.digest, table: { path: '/lake/customer_sales', version } }),
    ).rejects.toMatchObject({ kind: 'data', type: 'CommitGone', message: expect.stringContaining(found) });
    expect(runs.store.paths()).toEqual(before);
  });

  test('a log that cannot be read is an error, not a proof', async () => {
    const runs = await committed('a');
    bring(runs, 'b');
    const batch = await runs.freezeNew();
    const version = await runs.merge(batch);
    runs.store.before = (operation, path) => {
      if (operation === 'readText' && path === runs.table.pathOf(version)) throw new Error('no access');
    };
    await expect(
      runs.publish({ digest: batch.digest, table: { path: '/lake/customer_sales', version } }),
    ).rejects.toThrow('no access');
  });
});
