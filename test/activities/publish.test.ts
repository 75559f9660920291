import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { stagingRemovedMark } from '../../src/activities/housekeeping';
import { listRuns } from '../../src/activities/publish';
import { createJsonLinesSink } from '../../src/adapters/metrics/json-lines';
import { ledgerEntry } from '../../src/contracts/layout';
import { parseLedgerEntry } from '../../src/contracts/ledger-schema';
import { preparedOf } from '../../src/domain/source-fates';
import { pipelineRef, prepareReport } from '../fakes/reports';
import { createSampleRuns, dayMs, hourMs } from '../fakes/runs';

const rows = { read: 3, inserted: 1, updated: 1, unchanged: 0, quarantined: 1, duplicates: 0, unjoined: 0 };

describe('publishing a committed run', () => {
  test('enters its files into the ledger, keeps a record and tells the metrics', async () => {
    const { run, freeze, store, table, pipeline, time, metrics } = createSampleRuns();
    const { digest } = await run();
    const path = ledgerEntry(pipeline.state, digest);
    const entry = parseLedgerEntry((await store.readText(path)) ?? '', path);
    expect(entry).toEqual({
      protocol: 2,
      digest,
      table: '/lake/customer_sales',
      tableId: table.id,
      definitionDigest: 'd1',
      frozenAt: new Date(time.ms).toISOString(),
      committedAt: new Date(time.ms + 5000).toISOString(),
      tableVersion: 0,
      commit: expect.stringMatching(/^[0-9a-f]{16}$/),
      files: [
        expect.objectContaining({ source: 'sales', path: '/raw/sales1.csv', size: 7 }),
        expect.objectContaining({ source: 'customers', path: '/raw/customers.parquet', size: 9 }),
      ],
    });
    expect(JSON.stringify(entry)).not.toContain('readPath');
    expect(await listRuns(pipeline.state, { store })).toMatchObject([{ digest, outcome: 'committed' }]);
    expect(metrics).toMatchObject([
      { name: 'run', outcome: 'committed', digest, tableVersion: 0, 'seconds.commit': 2, failure: null },
    ]);
    expect((await freeze()).kind).toBe('nothing-new');
  });

  test('keeps the fate of the rows of every source, and counts all that went aside', async () => {
    const { freezeNew, merge, publish, store, pipeline, metrics } = createSampleRuns();
    const { digest } = await freezeNew();
    const told = preparedOf({ ...prepareReport, quarantine: { UnreadableValue: 9 } }, pipelineRef);
    const { sources, quarantine } = told;
    if (quarantine === undefined) throw new Error('rows are aside');
    const table = { path: '/lake/customer_sales', version: await merge({ digest }) };
    await publish({ digest, rows: { ...rows, quarantined: 0 }, sources, quarantine, table });
    expect(await listRuns(pipeline.state, { store })).toMatchObject([{ sources, quarantine: { rows: 9 } }]);
    expect(metrics).toMatchObject([{ 'rows.quarantined': 0, quarantined: 9 }]);
  });

  test('twice changes nothing', async () => {
    const { freezeNew, merge, publish, store, metrics } = createSampleRuns();
    const { digest } = await freezeNew();
    const end = { digest, rows, table: { path: '/lake/customer_sales', version: await merge({ digest }) } };
    await publish(end);
    const once = await Promise.all(store.paths().map((path) => store.readText(path)));
    await publish(end);
    expect(await Promise.all(store.paths().map((path) => store.readText(path)))).toEqual(once);
    expect(metrics).toMatchObject([{ 'rows.read': 3, 'rows.quarantined': 1 }]);
  });

  test('stopped after the ledger, the next attempt does the rest', async () => {
    const { freeze, freezeNew, merge, publish, store, metrics, pipeline } = createSampleRuns();
    const { digest } = await freezeNew();
    const end = { digest, table: { path: '/lake/customer_sales', version: await merge({ digest }) } };
    store.before = (operation, path) => {
      if (operation === 'putIfAbsent' && path.includes('/runs/')) throw new Error('the process died');
    };
    await expect(publish(end)).rejects.toThrow('the process died');
    expect((await freeze()).kind).toBe('nothing-new');
    store.before = () => undefined;
    await publish(end);
    expect(await listRuns(pipeline.state, { store })).toHaveLength(1);
    expect(metrics).toHaveLength(2);
    expect(metrics[0]).toEqual(metrics[1]);
  });

  test('removes the copies of its inputs', async () => {
    const { freezeNew, merge, publish, store, pipeline } = createSampleRuns();
    const { digest } = await freezeNew();
    store.place(`${pipeline.state}/batches/${digest}/inputs/a.csv`, 'copy');
    store.place(`${pipeline.state}/batches/other/inputs/a.csv`, 'copy');
    await publish({ digest, table: { path: '/lake/customer_sales', version: await merge({ digest }) } });
    expect(store.paths().filter((path) => path.includes('/inputs/'))).toEqual([
      `${pipeline.state}/batches/other/inputs/a.csv`,
    ]);
  });

  test('without metrics or room to clear up it is published all the same', async () => {
    const { freezeNew, merge, publish, store, pipeline, deps } = createSampleRuns();
    const { digest } = await freezeNew();
    deps.metrics.emit = () => Promise.reject(new Error('no metrics today'));
    store.before = (operation) => {
      if (operation === 'remove') throw new Error('may not remove');
    };
    const { warnings } = await publish({
      digest,
      table: { path: '/lake/customer_sales', version: await merge({ digest }) },
    });
    expect(warnings).toEqual(['metrics: no metrics today', 'copies of inputs: may not remove']);
    expect(await listRuns(pipeline.state, { store })).toHaveLength(1);
  });

  test('must say which batch and which version', async () => {
    const { publish } = createSampleRuns();
    await expect(publish()).rejects.toMatchObject({ kind: 'config', type: 'IncompleteRecord' });
  });
});

test('a state folder may be named like a pattern', async () => {
  const { run, freeze, store, pipeline } = createSampleRuns({ state: '/lake [x]{a,b}/_headgate/p*' });
  store.place('/lake x{a,b}/_headgate/p1/ledger/note.json', 'of another pipeline');
  await run();
  expect((await freeze()).kind).toBe('nothing-new');
  expect(await listRuns(pipeline.state, { store })).toHaveLength(1);
});

test.each(['rejected', 'failed', 'cancelled', 'nothing-new'] as const)(
  'a run that ended as %s is recorded, and its files stay new',
  async (outcome) => {
    const { freeze, freezeNew, publish, store, pipeline, metrics } = createSampleRuns();
    const batch = await freezeNew();
    const { digest } = batch;
    const failure = { kind: 'data', type: 'MissingColumn', message: 'm', remedy: 'r', fields: { line: 3 } } as const;
    await publish({ outcome, digest, failure });
    expect(await listRuns(pipeline.state, { store })).toMatchObject([{ outcome, digest, failure }]);
    expect(metrics).toMatchObject([{ outcome, failure: 'MissingColumn' }]);
    expect(await freeze()).toEqual({ kind: 'batch', batch });
  },
);

describe('records of runs', () => {
  test('come newest first, though one workflow id serves many runs', async () => {
    const { publish, store, pipeline, time } = createSampleRuns();
    for (let hour = 0; hour < 12; hour += 1) {
      await publish({ outcome: 'failed', notices: [`hour ${hour}`] });
      time.ms += hourMs;
    }
    const records = await listRuns(pipeline.state, { store }, { limit: 2 });
    expect(records.map(({ notices }) => notices[0])).toEqual(['hour 11', 'hour 10']);
    expect(await listRuns(pipeline.state, { store })).toHaveLength(12);
    expect(await listRuns('/lake/_headgate/never-ran', { store })).toEqual([]);
  });

  test('one that is damaged is an error that names it', async () => {
    const { store, pipeline } = createSampleRuns();
    store.place(`${pipeline.state}/runs/x.json`, '{');
    await expect(listRuns(pipeline.state, { store })).rejects.toMatchObject({
      type: 'InvalidRunRecord',
      fields: { file: `${pipeline.state}/runs/x.json` },
    });
  });
});

describe('old batches', () => {
  const staged = (store: ReturnType<typeof createSampleRuns>['store'], state: string) =>
    store
      .paths()
      .filter((path) => path.startsWith(`${state}/batches/`) && /\/(staging\/|prepare)/.test(path))
      .map((path) => path.slice(`${state}/batches/`.length));

  async function grow(days: number) {
    const runs = createSampleRuns();
    const digests: string[] = [];
    const dress = (digest: string): void => {
      const folder = `${runs.pipeline.state}/batches/${digest}`;
      runs.store.place(`${folder}/staging/_delta_log/0.json`, '{}');
      runs.store.place(`${folder}/prepare.report.json`, '{}');
      runs.store.place(`${folder}/prepare.report-1.json`, '{}');
    };
    for (let day = 0; day < days; day += 1) {
      runs.store.place('/raw/sales1.csv', `sales of day ${day}`);
      const { digest } = await runs.run();
      digests.push(digest);
      dress(digest);
      runs.time.ms += dayMs;
    }
    return { ...runs, digests, dress };
  }

  test('lose their staging after a week, the newest five never', async () => {
    const { digests, store, pipeline, time, run } = await grow(8);
    time.ms += 30 * dayMs;
    store.place('/raw/sales1.csv', 'the last');
    await run();
    const kept = digests.slice(-4);
    expect(new Set(staged(store, pipeline.state).filter((path) => path.includes('staging/')))).toEqual(
      new Set(kept.map((digest) => `${digest}/staging/_delta_log/0.json`)),
    );
    for (const digest of digests) {
      expect(store.paths()).toContain(`${pipeline.state}/batches/${digest}/manifest.json`);
      expect(store.paths()).toContain(`${pipeline.state}/batches/${digest}/prepare.report.json`);
    }
  });

  test('an old uncommitted one loses what would point to its staging, and may be frozen and run again', async () => {
    const { freeze, freezeNew, run, dress, store, pipeline, time } = await grow(1);
    store.place('/raw/sales1.csv', 'never committed');
    const batch = await freezeNew();
    const { digest } = batch;
    dress(digest);
    time.ms += 9 * dayMs;
    store.place('/raw/sales1.csv', 'committed');
    await run();
    expect(staged(store, pipeline.state).filter((path) => path.startsWith(digest))).toEqual([]);
    expect(store.paths()).toContain(stagingRemovedMark(pipeline.state, digest));
    store.place('/raw/sales1.csv', 'never committed');
    const { base: _, ...same } = batch;
    expect(await freeze()).toMatchObject({ kind: 'batch', batch: same });
    expect(store.paths()).not.toContain(stagingRemovedMark(pipeline.state, digest));
  });

  test('are looked for only now and then', async () => {
    const { store, time, run, pipeline } = await grow(1);
    const sweeps = (): number =>
      store.calls.filter((call) => call.startsWith('list') && call.includes('/batches/')).length;
    const before = sweeps();
    for (const minutes of [1, 1, 6 * 60, 1]) {
      time.ms += minutes * 60_000;
      store.place('/raw/sales1.csv', `at ${time.ms}`);
      await run();
    }
    expect(sweeps() - before).toBe(2);
    expect(await store.readText(`${pipeline.state}/housekeeping.txt`)).not.toBe('');
  });
});

test('metrics are lines of JSON in a file that need not be there', async () => {
  const root = await mkdtemp(`${tmpdir()}/headgate-metrics-`);
  try {
    const sink = createJsonLinesSink(`${root}/deep/metrics.jsonl`);
    await sink.emit({ name: 'run', time: 't1', note: 'line\nbreak' });
    await sink.emit({ name: 'run', time: 't2', rows: 3 });
    const lines = (await readFile(`${root}/deep/metrics.jsonl`, 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      { name: 'run', time: 't1', note: 'line\nbreak' },
      { name: 'run', time: 't2', rows: 3 },
    ]);
  } finally {
    await rm(root, { recursive: true });
  }
});
