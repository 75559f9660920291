import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { parseTableUri } from '../../src/contracts/ids';
import type { LedgerEntry } from '../../src/contracts/ledger';
import type { Pipeline, Source } from '../../src/contracts/pipeline';
import { planBatch, digestInput, type BatchPlan, type ListedFile, type ListedSource } from '../../src/domain/batch';
import { digestOf } from '../fakes/ids';
import { sampleTable, viewOf } from '../fakes/ledger';
import { samplePipeline, sampleSource } from '../fakes/pipeline';

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex');
const day = { start: '2010-12-01T00:00:00.000Z', end: '2010-12-02T00:00:00.000Z' };

const file = (source: string, path: string, etag: string): ListedFile => ({
  source,
  path,
  size: etag.length,
  modifiedMs: 1000,
  etag,
});

type Contents = Readonly<Record<string, Readonly<Record<string, string>>>>;

/** Sources as listed: `{ sales: { 'a.csv': 'content 1' } }`. */
const list = (sources: readonly Source[], contents: Contents): readonly ListedSource[] =>
  sources.map((source) => ({
    source,
    files: Object.entries(contents[source.name] ?? {}).map(([path, etag]) => file(source.name, path, etag)),
  }));

/** A world of one pipeline: freeze and commit, as runs do. */
function createWorld(pipeline: Pipeline) {
  const ledger: LedgerEntry[] = [];
  const hasInterval = pipeline.sources.some((source) => source.arrives === 'interval');
  const plan = (contents: Contents, options: { ignoreLedger?: boolean; interval?: typeof day } = {}): BatchPlan =>
    planBatch(
      {
        pipeline,
        listed: list(pipeline.sources, contents),
        ledger: viewOf(ledger, sampleTable),
        untrue: new Set(),
        tableVersion: 7,
        ignoreLedger: options.ignoreLedger ?? false,
        ...(hasInterval ? { interval: options.interval ?? day } : {}),
      },
      sha256,
    );
  const commit = (contents: Contents, options: { interval?: typeof day } = {}): BatchPlan => {
    const planned = plan(contents, options);
    if (planned.kind === 'batch') {
      ledger.push({
        protocol: 2,
        digest: planned.digest,
        ...sampleTable,
        definitionDigest: pipeline.definitionDigest,
        frozenAt: '2026-01-01T00:00:00.000Z',
        committedAt: '2026-01-01T00:00:00.000Z',
        tableVersion: ledger.length,
        commit: 'c',
        files: planned.files.map((taken) => ({ ...taken, delivery: 'd' })),
        ...(hasInterval ? { interval: options.interval ?? day } : {}),
      });
    }
    return planned;
  };
  return { plan, commit, ledger };
}

const pathsOf = (plan: BatchPlan): readonly string[] =>
  plan.kind === 'batch' ? plan.files.map(({ source, path }) => `${source} ${path}`) : [];

const snapshotOnly = samplePipeline({ sources: [sampleSource({ arrives: 'snapshot' })] });
const byDay = samplePipeline({
  sources: [
    sampleSource({ arrives: 'interval', every: 'day' }),
    sampleSource({ name: 'rates', arrives: 'interval', every: 'day' }),
    sampleSource({ name: 'customers', arrives: 'snapshot' }),
  ],
});

describe('new files', () => {
  test('a batch has the uncommitted files and every snapshot whole', () => {
    const { plan, commit } = createWorld(samplePipeline());
    commit({ sales: { a: '1' }, customers: { c: '1' } });
    expect(pathsOf(plan({ sales: { a: '1', b: '1' }, customers: { c: '2' } }))).toEqual(['sales b', 'customers c']);
  });

  test('the same content again is nothing new; new content of an old path is', () => {
    const { plan, commit } = createWorld(samplePipeline());
    commit({ sales: { a: '1' }, customers: { c: '1' } });
    expect(plan({ sales: { a: '1' }, customers: { c: '1' } }).kind).toBe('nothing-new');
    expect(pathsOf(plan({ sales: { a: '2' }, customers: { c: '1' } }))).toEqual(['sales a', 'customers c']);
  });

  test('a changed snapshot alone is no reason for a batch', () => {
    const { plan, commit } = createWorld(samplePipeline());
    commit({ sales: { a: '1' }, customers: { c: '1' } });
    expect(plan({ sales: { a: '1' }, customers: { c: '2' } }).kind).toBe('nothing-new');
  });

  test('old content that comes back is a batch of its own each time', () => {
    const { commit } = createWorld(samplePipeline());
    const seen = ['1', '2', '1', '2', '1'].map((content) => commit({ sales: { a: content } }));
    expect(seen.map(({ kind }) => kind)).toEqual(Array(5).fill('batch'));
    const digests = seen.map((plan) => (plan.kind === 'batch' ? plan.digest : ''));
    expect(new Set(digests).size).toBe(5);
    expect(seen[2]).toMatchObject({ supersedes: digests[0] });
    expect(seen[4]).toMatchObject({ supersedes: digests[2] });
  });

  test('a retry before the commit gets the same digest', () => {
    const { plan, commit } = createWorld(samplePipeline());
    commit({ sales: { a: '1' } });
    commit({ sales: { a: '2' } });
    expect(plan({ sales: { a: '1' } })).toEqual(plan({ sales: { a: '1' } }));
  });

  test('files of a joined source wait for files of the driving one', () => {
    const sources = [sampleSource(), sampleSource({ name: 'prices', path: '/raw/prices*.csv' })];
    const { plan, commit } = createWorld(samplePipeline({ sources }));
    const waiting = plan({ prices: { p: '1' } });
    expect(waiting.kind).toBe('nothing-new');
    expect(waiting.notices.join()).toContain('prices: 1 new, waiting for files of sales');
    commit({ sales: { a: '1' }, prices: { p: '1' } });
    expect(pathsOf(plan({ sales: { a: '1', b: '1' }, prices: { p: '1', q: '1' } }))).toEqual(['sales b', 'prices q']);
  });

  test('ignoring the ledger takes every file, under the digest that it has', () => {
    const { plan, commit } = createWorld(samplePipeline());
    const first = commit({ sales: { a: '1' }, customers: { c: '1' } });
    expect(plan({ sales: { a: '1' }, customers: { c: '1' } }, { ignoreLedger: true })).toEqual(first);
  });

  test('a changed definition is told, not acted on', () => {
    const { commit, ledger } = createWorld(samplePipeline());
    commit({ sales: { a: '1' } });
    const changed = samplePipeline({ definitionDigest: 'd2' });
    const plan = planBatch(
      {
        pipeline: changed,
        listed: list(changed.sources, { sales: { a: '1' } }),
        ledger: viewOf(ledger, sampleTable),
        untrue: new Set(),
        ignoreLedger: false,
      },
      sha256,
    );
    expect(plan).toMatchObject({ kind: 'nothing-new' });
    expect(plan.notices.join()).toContain('definition changed');
  });
});

describe('intervals', () => {
  test('an interval is committed once, told with its batch', () => {
    const { plan, commit } = createWorld(byDay);
    const first = commit({ sales: { a: '1' }, rates: { r: '1' }, customers: { c: '1' } });
    const again = plan({ sales: { a: '1' }, rates: { r: '1' }, customers: { c: '2' } });
    expect(again.kind).toBe('nothing-new');
    expect(again.notices[0]).toBe(
      `sales: 2010-12-01 is already committed as ${first.kind === 'batch' ? first.digest : ''}.`,
    );
  });

  test('any changed, added or missing file does the whole interval again', () => {
    const { plan, commit } = createWorld(byDay);
    commit({ sales: { a: '1', b: '1' }, rates: { r: '1' } });
    expect(pathsOf(plan({ sales: { a: '1', b: '2' }, rates: { r: '1' } }))).toEqual(['sales a', 'sales b', 'rates r']);
    expect(pathsOf(plan({ sales: { a: '1' }, rates: { r: '1' } }))).toEqual(['sales a', 'rates r']);
    expect(pathsOf(plan({ sales: { a: '1', b: '1' }, rates: { r: '2' } }))).toHaveLength(3);
  });

  test('a day without a file of the driving source is nothing new', () => {
    const none = createWorld(byDay).plan({ rates: { r: '1' } });
    expect(none).toMatchObject({ kind: 'nothing-new', notices: ['sales: no file for 2010-12-01 (/raw/sales*.csv).'] });
  });

  test('one file may serve two days', () => {
    const { commit } = createWorld(byDay);
    const next = { start: day.end, end: '2010-12-03T00:00:00.000Z' };
    const digests = [commit({ sales: { a: '1' } }), commit({ sales: { a: '1' } }, { interval: next })].map((plan) =>
      plan.kind === 'batch' ? plan.digest : 'none',
    );
    expect(new Set(digests).size).toBe(2);
    expect(digests).not.toContain('none');
  });
});

describe('a driving snapshot', () => {
  test('is a batch when it differs from the last committed one', () => {
    const { plan, commit } = createWorld(snapshotOnly);
    commit({ sales: { a: '1', b: '1' } });
    expect(plan({ sales: { b: '1', a: '1' } }).kind).toBe('nothing-new');
    expect(plan({ sales: { a: '1' } }).kind).toBe('batch');
    commit({ sales: { a: '2', b: '1' } });
    expect(plan({ sales: { a: '1', b: '1' } }).kind).toBe('batch');
  });
});

const contents = fc.dictionary(
  fc.constantFrom('sales', 'customers'),
  fc.dictionary(fc.string({ minLength: 1, maxLength: 6 }), fc.string({ minLength: 1, maxLength: 3 }), { maxKeys: 6 }),
);

test('over any history each content of each path is committed once in a row, and none is lost', () => {
  fc.assert(
    fc.property(fc.array(contents, { maxLength: 8 }), (history) => {
      const { commit, plan, ledger } = createWorld(samplePipeline());
      const table = new Map<string, string>();
      for (const world of history) {
        const planned = commit(world);
        const taken = (planned.kind === 'batch' ? planned.files : []).filter(({ source }) => source === 'sales');
        const changed = Object.entries(world['sales'] ?? {}).filter(([path, etag]) => table.get(path) !== etag);
        expect(taken.map(({ path, etag }) => [path, etag])).toEqual(changed);
        for (const { path, etag } of taken) table.set(path, etag);
        expect(plan(world).kind).toBe('nothing-new');
      }
      expect(new Set(ledger.map(({ digest }) => digest)).size).toBe(ledger.length);
    }),
  );
});

const anyFile = fc.record({
  source: fc.string(),
  path: fc.string({ unit: 'grapheme' }),
  size: fc.nat(),
  modifiedMs: fc.nat(),
  etag: fc.string(),
});

test('the digest knows neither order nor times, and every other field', () => {
  fc.assert(
    fc.property(fc.uniqueArray(anyFile, { minLength: 1, selector: ({ path }) => path }), fc.nat(), (files, at) => {
      const base = { pipeline: 'p', table: parseTableUri('/lake/t'), definitionDigest: 'd', files };
      const text = digestInput(base);
      expect(digestInput({ ...base, files: files.toReversed() })).toBe(text);
      expect(digestInput({ ...base, files: files.map((known) => ({ ...known, modifiedMs: at })) })).toBe(text);
      const [first, ...rest] = files;
      const changes: readonly Partial<ListedFile>[] = [
        { source: `${first?.source}x` },
        { path: `${first?.path}x` },
        { size: (first?.size ?? 0) + 1 },
        { etag: `${first?.etag}x` },
        { version: 'v' },
      ];
      const others = [
        ...changes.map((change) => ({ ...base, files: first ? [{ ...first, ...change }, ...rest] : rest })),
        { ...base, files: rest },
        { ...base, pipeline: 'q' },
        { ...base, table: parseTableUri('/prod/t') },
        { ...base, definitionDigest: 'e' },
        { ...base, interval: day },
        { ...base, supersedes: digestOf('a') },
      ].map(digestInput);
      expect(new Set([text, ...others]).size).toBe(others.length + 1);
    }),
  );
});
