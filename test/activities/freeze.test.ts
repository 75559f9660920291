import { mkdir, mkdtemp, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { stagingRemovedMark } from '../../src/activities/housekeeping';
import { createFolderStore } from '../../src/adapters/stores/folder';
import { parseManifest } from '../../src/contracts/batch-schema';
import { parseTableUri } from '../../src/contracts/ids';
import type { Pipeline } from '../../src/contracts/pipeline';
import { samplePipeline, sampleSource } from '../fakes/pipeline';
import { createRuns, createSampleRuns, dayMs } from '../fakes/runs';

const day = { start: '2010-12-01T00:00:00.000Z', end: '2010-12-02T00:00:00.000Z' };
const only = (changes: Parameters<typeof sampleSource>[0]): Partial<Pipeline> => ({ sources: [sampleSource(changes)] });

const count = (calls: readonly string[], operation: string): number =>
  calls.filter((call) => call.startsWith(`${operation} `)).length;

test('a batch is frozen in a manifest, and its summary travels', async () => {
  const { freeze, store, pipeline, time } = createSampleRuns();
  const frozen = await freeze();
  if (frozen.kind !== 'batch') throw new Error('no batch');
  const { batch } = frozen;
  expect(batch).toEqual({
    digest: expect.stringMatching(/^[0-9a-f]{32}$/),
    manifestPath: `${pipeline.state}/batches/${batch.digest}/manifest.json`,
    fileCount: 2,
    bytes: 16,
    toCopy: 0,
    sample: ['sales1.csv', 'customers.parquet'],
    notices: [],
  });
  const manifest = parseManifest((await store.readText(batch.manifestPath)) ?? '', batch.manifestPath);
  expect(manifest).toEqual({
    protocol: 1,
    pipeline: 'customer-sales',
    digest: batch.digest,
    frozenAt: new Date(time.ms).toISOString(),
    files: [
      {
        source: 'sales',
        path: '/raw/sales1.csv',
        readPath: '/raw/sales1.csv',
        size: 7,
        modifiedMs: time.ms - dayMs,
        changedMs: time.ms - dayMs,
        inode: expect.any(Number),
        delivery: new Date(time.ms - dayMs).toISOString(),
        etag: 'sha256:7025cc556033d96d06e732b2f0c8616fd34ddcf81473a5ec5af48bfc285b04f2',
      },
      expect.objectContaining({ source: 'customers', path: '/raw/customers.parquet' }),
    ],
  });
});

test('the manifest tells which files of the batch are alike, known from the ledger or not', async () => {
  const [, customers] = samplePipeline().sources;
  if (customers === undefined) throw new Error('no second source');
  const { run, freeze, store, pipeline, time } = createSampleRuns({
    sources: [sampleSource(), { ...customers, path: '/raw/c*.parquet', format: 'parquet' }],
  });
  const footer = await readFile('test/golden/parquet/long.parquet');
  store.place('/raw/customers.parquet', footer, time.ms - dayMs);
  store.place('/raw/c2.parquet', footer, time.ms - dayMs);
  await run();
  store.place('/raw/sales2.csv', 'sales 2');
  store.calls.length = 0;
  const frozen = await freeze();
  if (frozen.kind !== 'batch') throw new Error('no batch');
  const { files } = parseManifest((await store.readText(frozen.batch.manifestPath)) ?? '', pipeline.state);
  expect(files.map(({ path }) => path)).toEqual(['/raw/sales2.csv', '/raw/c2.parquet', '/raw/customers.parquet']);
  expect(files[1]?.shape).toMatch(/^[0-9a-f]{16}$/);
  expect(files[1]?.unpackedBytes).toBeGreaterThan(0);
  expect(files[2]).toMatchObject({ shape: files[1]?.shape, unpackedBytes: files[1]?.unpackedBytes });
  expect(count(store.calls, 'fingerprint')).toBe(1);
});

test('after the commit nothing is new, and nothing is fingerprinted again', async () => {
  const { run, freeze, store } = createSampleRuns();
  await run();
  store.calls.length = 0;
  expect(await freeze()).toEqual({
    kind: 'nothing-new',
    notices: ['sales: nothing new; all matching files (1) are committed to the table (version 0).'],
  });
  expect(count(store.calls, 'fingerprint')).toBe(0);
});

test('a file sent again is fingerprinted: the same content is nothing new, other content is', async () => {
  const { run, freeze, store } = createSampleRuns();
  await run();
  store.place('/raw/sales1.csv', 'sales 1');
  expect((await freeze()).kind).toBe('nothing-new');
  store.place('/raw/sales1.csv', 'sales 2');
  expect(await freeze()).toMatchObject({ kind: 'batch', batch: { fileCount: 2 } });
});

test('a file that was written just before its fingerprint is fingerprinted again', async () => {
  const { run, freeze, store, time } = createSampleRuns();
  store.place('/raw/sales1.csv', 'sales 1', time.ms - 500);
  await run();
  store.place('/raw/sales1.csv', 'sales 2', time.ms - 500);
  expect((await freeze()).kind).toBe('batch');
});

test('a new file comes with the snapshot, not with the old files', async () => {
  const { run, freeze, store } = createSampleRuns();
  await run();
  store.place('/raw/sales2.csv', 'sales 2');
  expect(await freeze()).toMatchObject({ batch: { sample: ['sales2.csv', 'customers.parquet'] } });
  expect(await freeze({ ignoreLedger: true })).toMatchObject({
    batch: { sample: ['sales1.csv', 'sales2.csv', 'customers.parquet'] },
  });
});

test('an interval means nothing to a pipeline without interval sources', async () => {
  const { freeze } = createSampleRuns();
  expect(await freeze({ interval: day })).toEqual(await freeze());
});

describe('what is missing', () => {
  test.each([
    ['a snapshot', { arrives: 'snapshot', path: '/raw/none.parquet' }],
    ['the files of a snapshot glob', { arrives: 'snapshot', path: '/raw/none*.parquet' }],
    ['a file that is named', { path: '/raw/none.csv' }],
  ] as const)('%s is an error', async (_, changes) => {
    const { freeze } = createSampleRuns(only(changes));
    await expect(freeze()).rejects.toMatchObject({
      kind: 'data',
      type: 'MissingInput',
      fields: { source: 'sales', path: changes.path },
    });
  });

  test('files of a glob are told, as no news', async () => {
    const { freeze } = createSampleRuns(only({ path: '/raw/none*.csv' }));
    expect(await freeze()).toEqual({ kind: 'nothing-new', notices: ['sales: no file matches /raw/none*.csv.'] });
  });

  test('an empty folder waits for files, a missing one is an error', async () => {
    const root = await mkdtemp(`${tmpdir()}/headgate-freeze-`);
    try {
      const at = (path: string) =>
        createRuns(createFolderStore(), samplePipeline({ ...only({ path }), state: `${root}/state` })).freeze();
      await mkdir(`${root}/inbox`);
      expect(await at(`${root}/inbox`)).toMatchObject({ kind: 'nothing-new' });
      await expect(at(`${root}/inbux`)).rejects.toMatchObject({ type: 'MissingInput' });
    } finally {
      await rm(root, { recursive: true });
    }
  });
});

describe('intervals', () => {
  const byDay = only({ arrives: 'interval', every: 'day', path: '/raw/{yyyy-MM-dd}*.csv' });

  test('take the files of their day, once', async () => {
    const { run, freeze, store } = createSampleRuns(byDay);
    store.place('/raw/2010-12-01.csv', '1');
    store.place('/raw/2010-12-02.csv', '2');
    expect(await run({ interval: day })).toMatchObject({ sample: ['2010-12-01.csv'], interval: day });
    expect(await freeze({ interval: day })).toMatchObject({ kind: 'nothing-new' });
    store.place('/raw/2010-12-01-late.csv', 'late');
    expect(await freeze({ interval: day })).toMatchObject({
      batch: { sample: ['2010-12-01-late.csv', '2010-12-01.csv'] },
    });
  });

  test('a day without a file is told', async () => {
    const { freeze } = createSampleRuns(byDay);
    expect(await freeze({ interval: day })).toEqual({
      kind: 'nothing-new',
      notices: ['sales: no file for 2010-12-01 (/raw/2010-12-01*.csv).'],
    });
  });

  test('none, or one of another length, is an error', async () => {
    const { freeze } = createSampleRuns(byDay);
    await expect(freeze()).rejects.toMatchObject({ kind: 'config', type: 'MissingInterval' });
    await expect(freeze({ interval: { ...day, end: '2011-01-01T00:00:00.000Z' } })).rejects.toMatchObject({
      type: 'BadInterval',
    });
  });
});

describe('files that change while they are read', () => {
  const grow = (path: string, times: number, runs: ReturnType<typeof createSampleRuns>): void => {
    let left = times;
    runs.store.before = (operation, at) => {
      if (operation !== 'fingerprint' || at !== path || left === 0) return;
      left -= 1;
      runs.store.place(path, `grown ${'x'.repeat(left)}`);
    };
  };

  test('are waited for', async () => {
    const runs = createSampleRuns();
    grow('/raw/sales1.csv', 2, runs);
    expect(await runs.freeze()).toMatchObject({
      kind: 'batch',
      batch: { bytes: 'grown customers'.length, notices: [] },
    });
    expect(runs.slept).toEqual([100, 400]);
  });

  test('are left for the next run, and told', async () => {
    const runs = createSampleRuns();
    runs.store.place('/raw/sales2.csv', 'sales 2');
    grow('/raw/sales1.csv', 99, runs);
    expect(await runs.freeze()).toMatchObject({
      batch: {
        sample: ['sales2.csv', 'customers.parquet'],
        notices: ['StillChanging: /raw/sales1.csv is still being written; left for the next run.'],
      },
    });
  });

  test('in a snapshot they are an error', async () => {
    const runs = createSampleRuns();
    grow('/raw/customers.parquet', 99, runs);
    await expect(runs.freeze()).rejects.toMatchObject({
      kind: 'inputs-changed',
      type: 'StillChanging',
      fields: { file: '/raw/customers.parquet' },
    });
  });

  test('a file that vanishes is left out', async () => {
    const runs = createSampleRuns();
    runs.store.place('/raw/sales2.csv', 'sales 2');
    runs.store.before = async (operation, path) => {
      if (operation !== 'stat' || path !== '/raw/sales1.csv') return;
      runs.store.before = () => undefined;
      await runs.store.remove(path);
    };
    expect(await runs.freeze()).toMatchObject({ batch: { sample: ['sales2.csv', 'customers.parquet'] } });
  });
});

describe('the manifest', () => {
  test('of a second freeze is that of the first, but young again, with what the store says of the files now', async () => {
    const { freeze, store, time, pipeline } = createSampleRuns();
    const first = await freeze();
    if (first.kind !== 'batch') throw new Error('no batch');
    const { manifestPath, digest } = first.batch;
    const told = async () => parseManifest((await store.readText(manifestPath)) ?? '', manifestPath);
    const before = await told();
    await store.writeText(stagingRemovedMark(pipeline.state, digest), '');
    time.ms += 30 * dayMs;
    store.place('/raw/sales1.csv', 'sales 1');
    expect(await freeze()).toEqual(first);
    const [sales, ...others] = before.files;
    const { modifiedMs, changedMs, inode } = (await store.stat('/raw/sales1.csv')) ?? {};
    expect(await told()).toEqual({ ...before, files: [{ ...sales, modifiedMs, changedMs, inode }, ...others] });
    expect((await store.stat(manifestPath))?.modifiedMs).toBe(time.ms);
    expect(await store.stat(stagingRemovedMark(pipeline.state, digest))).toBeUndefined();
  });

  test('that is damaged is an error that names it', async () => {
    const { freeze, store } = createSampleRuns();
    const first = await freeze();
    const path = first.kind === 'batch' ? first.batch.manifestPath : '';
    await store.writeText(path, '{"protocol": 1}');
    await expect(freeze()).rejects.toMatchObject({ kind: 'config', type: 'InvalidManifest', fields: { file: path } });
  });

  test('names a copy for each file that Spark cannot read where it is', async () => {
    const { freeze, store, pipeline } = createSampleRuns(only({ path: '/raw/sales*' }));
    store.place('/raw/sales 10:30.csv.gz', 'x');
    const frozen = await freeze();
    if (frozen.kind !== 'batch') throw new Error('no batch');
    expect(frozen.batch.toCopy).toBe(1);
    const { files } = parseManifest((await store.readText(frozen.batch.manifestPath)) ?? '', 'manifest');
    const inputs = `${pipeline.state}/batches/${frozen.batch.digest}/inputs/`;
    expect(files.map(({ readPath }) => readPath)).toEqual([expect.stringContaining(inputs), '/raw/sales1.csv']);
    expect(files[0]?.readPath.slice(inputs.length)).toMatch(/^[0-9a-f]{16}-sales_10_30\.csv\.gz$/);
  });

  test('many notices are cut short, for the history keeps them', async () => {
    const runs = createSampleRuns();
    for (let index = 0; index < 50; index += 1) runs.store.place(`/raw/sales-${index}.csv`, '');
    let writes = 0;
    runs.store.before = (operation, path) => {
      if (operation === 'fingerprint' && path.includes('sales-')) runs.store.place(path, 'x'.repeat((writes += 1)));
    };
    const frozen = await runs.freeze();
    expect(frozen.kind === 'batch' && frozen.batch.notices).toHaveLength(21);
    expect(frozen.kind === 'batch' && frozen.batch.notices.at(-1)).toBe('and 30 more notices.');
  });
});

describe('a ledger with a file that is not whole', () => {
  test.each([
    ['half a file', '{"protocol": 1, "dig', 'InvalidLedgerEntry'],
    ['another document', '{"protocol": 2}', 'InvalidLedgerEntry'],
  ])('%s is an error that names it', async (_, text, type) => {
    const { freeze, store, pipeline } = createSampleRuns();
    const path = `${pipeline.state}/ledger/5d41402abc4b2a76b9719d911017c592.json`;
    store.place(path, text);
    await expect(freeze()).rejects.toMatchObject({ kind: 'config', type, fields: { file: path } });
  });

  test('an entry under another name is an error that names it', async () => {
    const { run, freeze, store, pipeline } = createSampleRuns();
    const { digest } = await run();
    const text = (await store.readText(`${pipeline.state}/ledger/${digest}.json`)) ?? '';
    store.place(`${pipeline.state}/ledger/copy of it.json`, text);
    await expect(freeze()).rejects.toMatchObject({ kind: 'config', type: 'ForeignLedgerEntry' });
  });
});

describe('when content came', () => {
  const deliveries = async ({ store }: ReturnType<typeof createSampleRuns>, manifestPath: string) => {
    const { files } = parseManifest((await store.readText(manifestPath)) ?? '', manifestPath);
    return Object.fromEntries(files.map(({ path, delivery }) => [path.slice('/raw/'.length), delivery]));
  };
  const at = (runs: ReturnType<typeof createSampleRuns>, days: number): string =>
    new Date(runs.time.ms + days * dayMs).toISOString();

  test('an old file under a new name is as old as it was', async () => {
    const runs = createSampleRuns();
    await runs.run();
    runs.store.place('/raw/sales2.csv', 'sales 2', runs.time.ms);
    await runs.run();
    runs.store.place('/raw/sales3.csv', 'sales 1', runs.time.ms + dayMs);
    const { manifestPath } = await runs.freezeNew();
    expect(await deliveries(runs, manifestPath)).toMatchObject({ 'sales3.csv': at(runs, -1) });
  });

  test('content that comes twice in one batch came when the first of them did', async () => {
    const runs = createSampleRuns();
    runs.store.place('/raw/sales0.csv', 'sales 1', runs.time.ms);
    const { manifestPath } = await runs.freezeNew();
    expect(await deliveries(runs, manifestPath)).toMatchObject({
      'sales0.csv': at(runs, -1),
      'sales1.csv': at(runs, -1),
      'customers.parquet': at(runs, 0),
    });
  });

  test('a path that is sent again with an older time is not older', async () => {
    const runs = createSampleRuns();
    await runs.run();
    runs.store.place('/raw/sales1.csv', 'corrected', runs.time.ms - 9 * dayMs);
    const { manifestPath } = await runs.freezeNew();
    expect(await deliveries(runs, manifestPath)).toMatchObject({ 'sales1.csv': at(runs, -1) });
  });
});

test('other content of the same size and time is noticed, on a real folder', async () => {
  const root = await mkdtemp(`${tmpdir()}/headgate-freeze-`);
  try {
    const table = parseTableUri(`${root}/t`);
    const sources = [sampleSource({ path: `${root}/*.csv` })];
    const target = { ...samplePipeline().target, table };
    const runs = createRuns(createFolderStore(), samplePipeline({ sources, target, state: `${root}/state` }));
    const old = new Date('2026-01-01T00:00:00.000Z');
    const bring = async (content: string): Promise<void> => {
      await writeFile(`${root}/new`, content);
      await utimes(`${root}/new`, old, old);
      await rename(`${root}/new`, `${root}/a.csv`);
    };
    // As if the file had been there for a while.
    runs.time.ms = Date.now() + dayMs;
    await bring('id\n1\n');
    await runs.run();
    expect((await runs.freeze()).kind).toBe('nothing-new');
    await bring('id\n2\n');
    expect((await runs.freeze()).kind).toBe('batch');
  } finally {
    await rm(root, { recursive: true });
  }
});
