// What only a real file system has: links, rights, odd names, readers beside writers.
import { chmod, mkdir, mkdtemp, readdir, realpath, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createFolderStore } from '../../../src/adapters/stores/folder';

const store = createFolderStore();
let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'headgate-folder-'));
});

afterEach(() => rm(root, { recursive: true, force: true }));

const names = async (pattern: string): Promise<readonly string[]> =>
  (await store.list(join(root, pattern))).map(({ path }) => path.slice(root.length + 1));

/** Root may read everything: rights are tried as nobody. */
async function withoutRights<T>(work: () => Promise<T>): Promise<T> {
  if (process.getuid?.() !== 0) return work();
  process.seteuid?.(65534);
  try {
    return await work();
  } finally {
    process.seteuid?.(0);
  }
}

test('follows links to files and folders, and passes over a link to nothing', async () => {
  await mkdir(join(root, 'real'));
  await writeFile(join(root, 'real/a.csv'), 'a');
  await mkdir(join(root, 'in'));
  await symlink(join(root, 'real/a.csv'), join(root, 'in/linked.csv'));
  await symlink(join(root, 'real'), join(root, 'in/folder'));
  await symlink(join(root, 'gone'), join(root, 'in/nothing.csv'));
  expect(await names('in')).toEqual(['in/folder/a.csv', 'in/linked.csv']);
  expect(await names('in/*.csv')).toEqual(['in/linked.csv']);
  expect(await names('in/folder/*.csv')).toEqual(['in/folder/a.csv']);
  expect(await names('in/nothing.csv')).toEqual([]);
  expect((await store.stat(join(root, 'in/linked.csv')))?.size).toBe(1);
});

test('a folder that links to itself ends', async () => {
  await mkdir(join(root, 'in'));
  await writeFile(join(root, 'in/a.csv'), 'a');
  await symlink(join(root, 'in'), join(root, 'in/again'));
  expect(await names('in/*.csv')).toEqual(['in/a.csv']);
  expect(await names('in')).toEqual(['in/a.csv', 'in/again/a.csv']);
});

test('a folder named like a pattern is taken as written, and a pattern below it works', async () => {
  await mkdir(join(root, '[ab] {x}'), { recursive: true });
  await mkdir(join(root, 'a'));
  await writeFile(join(root, '[ab] {x}/s1.csv'), '1');
  await writeFile(join(root, 'a/s2.csv'), '2');
  expect(await names('[ab] {x}/s*.csv')).toEqual(['[ab] {x}/s1.csv']);
  expect(await names('[ab]/s*.csv')).toEqual(['a/s2.csv']);
});

test('a name with a line break is a name', async () => {
  await writeFile(join(root, 'a\nb.csv'), '1');
  expect(await names('*.csv')).toEqual(['a\nb.csv']);
});

test('a name that is not UTF-8 is an error, not a missing file', async () => {
  await writeFile(Buffer.concat([Buffer.from(`${root}/a`), Buffer.from([0xff]), Buffer.from('.csv')]), '1');
  await expect(names('*.csv')).rejects.toMatchObject({ kind: 'data', type: 'NameNotUnicode' });
});

test('a file that may not be read is a permission error that names it', async () => {
  const path = join(root, 'secret.csv');
  await writeFile(path, '1');
  await chmod(path, 0o000);
  await chmod(root, 0o755);
  const expected = { kind: 'permission', type: 'AccessDenied', fields: { path } };
  await withoutRights(async () => {
    await expect(store.fingerprint({ path, size: 1, modifiedMs: 0 })).rejects.toMatchObject(expected);
    await expect(store.readText(path)).rejects.toMatchObject(expected);
  });
});

test('a folder below that may not be read is an error, not an empty folder', async () => {
  await mkdir(join(root, 'in/secret'), { recursive: true });
  await writeFile(join(root, 'in/secret/a.csv'), '1');
  await chmod(join(root, 'in/secret'), 0o000);
  await chmod(root, 0o755);
  await withoutRights(async () => {
    await expect(names('in')).rejects.toMatchObject({ kind: 'permission' });
    await expect(names('in/**/*.csv')).rejects.toMatchObject({ kind: 'permission' });
  });
});

test('a folder that may not be written is a permission error and leaves nothing', async () => {
  await chmod(root, 0o555);
  await withoutRights(async () => {
    await expect(store.writeText(join(root, 'a.json'), '1')).rejects.toMatchObject({ kind: 'permission' });
    await expect(store.putIfAbsent(join(root, 'a.json'), '1')).rejects.toMatchObject({ kind: 'permission' });
  });
  expect(await readdir(root)).toEqual([]);
});

test('a file that vanishes before it is read is a changed input', async () => {
  await expect(store.fingerprint({ path: join(root, 'gone'), size: 1, modifiedMs: 0 })).rejects.toMatchObject({
    kind: 'inputs-changed',
    type: 'InputVanished',
  });
});

test('what only wrong code asks for is its own error, not one of the store to be tried again', async () => {
  await writeFile(join(root, 'a'), 'abc');
  await expect(store.readRange(join(root, 'a'), -1, 2)).rejects.toMatchObject({ name: 'RangeError' });
});

test('a failed copy leaves neither the file nor a part of it', async () => {
  await writeFile(join(root, 'from'), Buffer.alloc(3 << 20));
  const abort = new AbortController();
  const copy = store.copy(join(root, 'from'), join(root, 'to/file'), {
    onBytes: () => abort.abort(),
    signal: abort.signal,
  });
  await expect(copy).rejects.toThrow(/abort/i);
  expect(await readdir(join(root, 'to'))).toEqual([]);
});

test('a reader beside a writer sees one text or the other', async () => {
  const path = join(root, 'report.json');
  const texts = ['a', 'b'].map((char) => char.repeat(1 << 16));
  await store.writeText(path, texts[0] ?? '');
  const write = async (): Promise<void> => {
    for (let round = 0; round < 40; round += 1) await store.writeText(path, texts[round % 2] ?? '');
  };
  const read = async (): Promise<void> => {
    for (let round = 0; round < 200; round += 1) {
      expect(texts.includes((await store.readText(path)) ?? '')).toBe(true);
    }
  };
  await Promise.all([write(), read()]);
});

test('times are whole milliseconds, as the manifest keeps them', async () => {
  const path = join(root, 'a');
  await writeFile(path, '1');
  await utimes(path, 1_700_000_000.1239, 1_700_000_000.1239);
  expect((await store.stat(path))?.modifiedMs).toBe(Math.floor((await stat(path)).mtimeMs));
});

test('a relative path is refused', async () => {
  await expect(store.list('raw/*.csv')).rejects.toMatchObject({ kind: 'config', type: 'RelativePath' });
});

describe('the one name of a place', () => {
  test.each([
    ['itself', 'lake/t', 'lake/t'],
    ['with doubled and trailing slashes', 'lake//t/', 'lake/t'],
    ['through a linked folder', 'link/t', 'lake/t'],
    ['through a linked folder, not there yet', 'link/new/deep', 'lake/new/deep'],
    ['a link to what is not there yet', 'later', 'lake/coming'],
    ['a relative link', 'near/t', 'lake/t'],
    ['below a file', 'lake/file/t', 'lake/file/t'],
    ['up through a link', 'link/../lake/t', 'lake/t'],
  ])('%s', async (_, from, to) => {
    await mkdir(join(root, 'lake/t'), { recursive: true });
    await writeFile(join(root, 'lake/file'), '');
    await symlink(join(root, 'lake'), join(root, 'link'));
    await symlink('lake', join(root, 'near'));
    await symlink('lake/coming', join(root, 'later'));
    expect(await store.canonical(`${root}/${from}`)).toBe(`${await realpath(root)}/${to}`);
    expect(await store.canonical(await store.canonical(`${root}/${from}`))).toBe(`${await realpath(root)}/${to}`);
  });

  test('links in a circle are an error that names one', async () => {
    await symlink('b', join(root, 'a'));
    await symlink('a', join(root, 'b'));
    await expect(store.canonical(join(root, 'a/t'))).rejects.toMatchObject({ kind: 'config', type: 'LinkLoop' });
  });
});
