// One suite for every ObjectStore, fake or real: what freeze, extract and publish rely on.
import { rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import type { ObjectStore } from '../../../src/activities/ports';
import { plainAddress } from '../../../src/contracts/ids';

export type StoreUnderTest = {
  readonly create: () => ObjectStore;
  /** An address under which nothing lies yet; a folder of the system's is removed after the test. */
  readonly newRoot: () => Promise<string>;
  /** A server over a file system has no key below another one. */
  readonly hasKeysBelowKeys?: false;
};

const join = (root: string, name: string): string => `${root}/${name}`;

const oddNames = [
  'a b.csv',
  ' lead and trail .csv',
  'a+b.csv',
  'a%20b.csv',
  '100%.csv',
  'ü 漢字 🙂.csv',
  'what?.csv',
  'no#1.csv',
  'a&b=c;d,e$f.csv',
  `it's "so".csv`,
  '<tag>.csv',
  'a:b@c~d^e`f|g.csv',
  'day=2026-11-27/part-0.csv',
];

/** `create` and `newRoot` are asked before every test. */
export function storeSuite({ create, newRoot, hasKeysBelowKeys }: StoreUnderTest): void {
  let root: string;
  let store: ObjectStore;

  beforeEach(async () => {
    root = await newRoot();
    store = create();
  });

  afterEach(async () => {
    if (root.startsWith(tmpdir())) await rm(root, { recursive: true });
  });

  const fill = async (...names: readonly string[]): Promise<void> => {
    for (const name of names) await store.writeText(join(root, name), name);
  };
  const names = async (pattern: string): Promise<readonly string[]> =>
    (await store.list(join(root, pattern))).map(({ path }) => path.slice(plainAddress(root).length + 1));

  test.each([
    ['a path', 'raw/a.csv', ['raw/a.csv']],
    ['a star', 'raw/*.csv', ['raw/a.csv', 'raw/b 1.csv', 'raw/ü.csv']],
    ['a star that needs a slash', 'raw/*a.csv', ['raw/a.csv']],
    ['a question mark', 'raw/?.csv', ['raw/a.csv', 'raw/ü.csv']],
    ['a class', 'raw/[ab].csv', ['raw/a.csv']],
    ['a choice', 'raw/{a,ü}.csv', ['raw/a.csv', 'raw/ü.csv']],
    ['two stars', 'raw/**/*.csv', ['raw/a.csv', 'raw/b 1.csv', 'raw/deep/er/c.csv', 'raw/ü.csv']],
    ['a folder', 'raw/deep', ['raw/deep/d.txt', 'raw/deep/er/c.csv']],
    ['a folder with a slash', 'raw/deep/', ['raw/deep/d.txt', 'raw/deep/er/c.csv']],
    ['a star over folders', 'raw/de*', ['raw/deep/d.txt', 'raw/deep/er/c.csv']],
    ['upper case', 'raw/A.csv', []],
    ['nothing there', 'none/a.csv', []],
    ['a glob with nothing there', 'none/*.csv', []],
  ])('lists %s', async (_what, pattern, expected) => {
    await fill('raw/a.csv', 'raw/b 1.csv', 'raw/ü.csv', 'raw/deep/er/c.csv', 'raw/deep/d.txt');
    expect(await names(pattern)).toEqual(expected);
  });

  test('leaves hidden names out of folders and globs, and takes one that is named', async () => {
    await fill('t.parquet/part-0.parquet', 't.parquet/_SUCCESS', 't.parquet/.part-0.crc', 't.parquet/_log/x.json');
    await fill('t.parquet/half.csv._COPYING_', 't.parquet/_day=1/part-1.parquet');
    const visible = ['t.parquet/_day=1/part-1.parquet', 't.parquet/part-0.parquet'];
    expect(await names('t.parquet')).toEqual(visible);
    expect(await names('*.parquet')).toEqual(visible);
    expect(await names('**/*')).toEqual(visible);
    expect(await names('t.parquet/_SUCCESS')).toEqual(['t.parquet/_SUCCESS']);
  });

  test('lists below a folder whose own name is hidden', async () => {
    await fill('_state/ledger/a.json', '_state/ledger/_b.json');
    expect(await names('_state/ledger')).toEqual(['_state/ledger/a.json']);
    expect(await names('_state/ledger/*.json')).toEqual(['_state/ledger/a.json']);
  });

  test.each([
    'a[1].csv',
    'a{b,c}.csv',
    'a*b.csv',
    'a?b.csv',
    'a\\b.csv',
    '2010-12-01T00:00.csv',
    'sales (1)!+@.csv',
    '%20.csv',
  ])('takes an existing path as written: %s', async (name) => {
    await fill(name, 'a1.csv', 'ab.csv', 'axb.csv');
    expect(await names(name)).toEqual([name]);
  });

  test('round brackets and ! @ + | mean themselves in a glob', async () => {
    await fill('sales (1).csv', 'sales 1.csv', '!a.csv', 'a+b.csv', 'aab.csv');
    expect(await names('sales (*).csv')).toEqual(['sales (1).csv']);
    expect(await names('!*.csv')).toEqual(['!a.csv']);
    expect(await names('a+*.csv')).toEqual(['a+b.csv']);
  });

  test('an escaped path means only itself, below hidden folders too', async () => {
    await fill('_s [x]{y}/b*.csv', '_s [x]{y}/b1.csv', '_s x{y}/b1.csv');
    expect(await names('_s \\[x\\]\\{y\\}/b\\*.csv')).toEqual(['_s [x]{y}/b*.csv']);
    expect(await names('_s \\[x\\]\\{y\\}/b?.csv')).toEqual(['_s [x]{y}/b*.csv', '_s [x]{y}/b1.csv']);
    expect(await names('_s \\[x\\]\\{y\\}')).toEqual(['_s [x]{y}/b*.csv', '_s [x]{y}/b1.csv']);
    expect(await names('_n \\[x\\]')).toEqual([]);
  });

  test('a backslash takes the meaning from a special character', async () => {
    await fill('a*1.csv', 'ab1.csv');
    expect(await names('a\\**.csv')).toEqual(['a*1.csv']);
  });

  test('tells size and time, and nothing of what is missing or a folder', async () => {
    await fill('raw/ü.csv');
    expect(await store.stat(join(root, 'raw/ü.csv'))).toMatchObject({
      path: plainAddress(join(root, 'raw/ü.csv')),
      size: 10,
    });
    expect(await store.stat(join(root, 'raw'))).toBeUndefined();
    if (hasKeysBelowKeys !== false) expect(await store.stat(join(root, 'raw/ü.csv/under'))).toBeUndefined();
    expect(await store.hasFolder(join(root, 'raw'))).toBe(true);
    expect(await store.hasFolder(join(root, 'raw/ü.csv'))).toBe(false);
    expect(await store.hasFolder(join(root, 'ra'))).toBe(false);
    expect(await store.readText(join(root, 'raw/none'))).toBeUndefined();
  });

  test('the fingerprint is that of the content', async () => {
    await store.writeText(join(root, 'a'), 'abc');
    const stat = await store.stat(join(root, 'a'));
    const sha256 = 'sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad';
    const expected = root.startsWith('/') ? sha256 : '900150983cd24fb0d6963f7d28e17f72';
    expect(stat && (await store.fingerprint(stat))).toBe(expected);
  });

  test('reads a part of an object, and tells when it is gone', async () => {
    await store.writeText(join(root, 'a'), 'häadgate');
    const part = async (start: number, end: number) =>
      Buffer.from(await store.readRange(join(root, 'a'), start, end)).toString('utf8');
    expect([await part(0, 3), await part(3, 6), await part(6, 100)]).toEqual(['hä', 'adg', 'ate']);
    await store.writeText(join(root, 'empty'), '');
    expect(await store.readRange(join(root, 'empty'), 0, 0)).toHaveLength(0);
    expect(await store.readRange(join(root, 'empty'), 0, 9)).toHaveLength(0);
    expect([await part(2, 2), await part(50, 60)]).toEqual(['', '']);
    await expect(store.readRange(join(root, 'none'), 0, 3)).rejects.toMatchObject({ type: 'InputVanished' });
    await expect(store.readRange(join(root, 'none'), 0, 0)).rejects.toMatchObject({ type: 'InputVanished' });
  });

  test('putIfAbsent: of many at once one wins, and its content stays', async () => {
    const path = join(root, 'deep/report.json');
    const won = await Promise.all(Array.from({ length: 20 }, (_, index) => store.putIfAbsent(path, `writer ${index}`)));
    expect(won.filter(Boolean)).toHaveLength(1);
    expect(await store.readText(path)).toBe(`writer ${won.indexOf(true)}`);
    expect(await names('**')).toEqual(['deep/report.json']);
  });

  test('writeText replaces', async () => {
    await store.writeText(join(root, 'a'), 'a longer first');
    await store.writeText(join(root, 'a'), 'second');
    expect(await store.readText(join(root, 'a'))).toBe('second');
  });

  test('copies with progress, and leaves nothing of an aborted copy', async () => {
    await store.writeText(join(root, 'from'), 'content');
    let bytes = 0;
    await store.copy(join(root, 'from'), join(root, 'new/to'), { onBytes: (count) => (bytes += count) });
    expect(bytes).toBe(7);
    expect(await store.readText(join(root, 'new/to'))).toBe('content');
    const signal = AbortSignal.abort();
    await expect(store.copy(join(root, 'from'), join(root, 'new/other'), { signal })).rejects.toThrow(/abort/i);
    expect(await names('new')).toEqual(['new/to']);
  });

  test('removes a file, a folder with all in it, and nothing', async () => {
    await fill('a', 'b/c/d', 'b/_hidden', 'bc');
    await store.remove(join(root, 'a'));
    await store.remove(join(root, 'b'));
    await store.remove(join(root, 'none'));
    expect(await names('**')).toEqual(['bc']);
    expect(await store.stat(join(root, 'b/_hidden'))).toBeUndefined();
  });

  test('a place has one name, however it is spelled', async () => {
    const there = await store.canonical(join(root, 't'));
    expect(await store.canonical(`${join(root, 't')}//`)).toBe(there);
    expect(there).not.toMatch(/^s3a:/);
  });

  test.each(oddNames)('lists, reads, copies and removes %s', async (name) => {
    await fill(`raw/${name}`, 'raw/other.csv');
    const listed = await store.list(join(root, 'raw'));
    expect(listed.map(({ path }) => path.slice(plainAddress(root).length + 1)).toSorted()).toEqual(
      [`raw/${name}`, 'raw/other.csv'].toSorted(),
    );
    const [seen] = listed.filter(({ path }) => path.endsWith(`raw/${name}`));
    if (seen === undefined) throw new Error('not listed');
    expect(await store.stat(seen.path)).toMatchObject({ path: seen.path, size: seen.size });
    expect(Buffer.from(await store.readRange(seen.path, 0, 1000, seen)).toString()).toBe(`raw/${name}`);
    await store.copy(seen.path, join(root, `copies/${name}`), { seen });
    expect(await store.readText(join(root, `copies/${name}`))).toBe(`raw/${name}`);
    expect(await store.putIfAbsent(seen.path, 'second')).toBe(false);
    await store.remove(seen.path);
    expect(await names('raw')).toEqual(['raw/other.csv']);
  });

  const changed = { kind: 'inputs-changed', type: 'InputChanged' };

  /** As another program writes, after a while. */
  async function seeThenRewrite(text: string) {
    const path = join(root, 'raw/a.csv');
    await store.writeText(path, 'first');
    const stat = await store.stat(path);
    if (stat === undefined) throw new Error('not there');
    const seen = { ...stat, etag: await store.fingerprint(stat) };
    await store.writeText(path, text);
    return { path, seen };
  }

  test.each([
    ['the same size', 'other'],
    ['another size', 'a longer one'],
  ])('what was seen and is now another file of %s is not read', async (_what, text) => {
    const { path, seen } = await seeThenRewrite(text);
    await expect(store.readRange(path, 0, 3, seen)).rejects.toMatchObject(changed);
    expect(Buffer.from(await store.readRange(path, 0, 3)).toString()).toBe(text.slice(0, 3));
  });

  test.each([
    ['the same size', 'other'],
    ['another size', 'a longer one'],
  ])('what was seen and is now another file of %s is not copied, and leaves nothing', async (_what, text) => {
    const { path, seen } = await seeThenRewrite(text);
    await expect(store.copy(path, join(root, 'copies/a.csv'), { seen })).rejects.toMatchObject(changed);
    expect(await store.stat(join(root, 'copies/a.csv'))).toBeUndefined();
    await store.remove(path);
    await expect(store.copy(path, join(root, 'copies/a.csv'), { seen })).rejects.toMatchObject({
      kind: 'inputs-changed',
    });
    expect(await names('copies')).toEqual([]);
  });

  test('doubled slashes and one at the end change nothing', async () => {
    await fill('raw/a.csv');
    const there = plainAddress(join(root, 'raw/a.csv'));
    expect(await store.stat(`${root}//raw///a.csv`)).toMatchObject({ path: there });
    expect((await store.list(`${root}//raw//`)).map(({ path }) => path)).toEqual([there]);
    expect((await store.list(`${root}//raw//*.csv`)).map(({ path }) => path)).toEqual([there]);
    expect(await store.hasFolder(`${root}//raw//`)).toBe(true);
    expect(await store.readText(`${root}//raw//a.csv`)).toBe('raw/a.csv');
    expect(await store.putIfAbsent(`${root}//raw//a.csv`, 'second')).toBe(false);
    await store.remove(`${root}//raw//`);
    expect(await names('**')).toEqual([]);
  });
}
