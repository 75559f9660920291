// The code of a job lies beside the state of its pipeline, whole, once, and under the hash of its content.
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createShipping } from '../../../../src/adapters/runtimes/emr/ship-code';
import { createFolderStore } from '../../../../src/adapters/stores/folder';
import type { ObjectStore } from '../../../../src/activities/ports';

const sparkFolder = join(__dirname, '../../../../spark');
const state = 's3://lake/_headgate/p';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ship-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** A bucket that is a folder. */
function bucket() {
  const files = createFolderStore();
  const local = (path: string): string => path.replace('s3://', `${folder}/`);
  const copies: string[] = [];
  const store: ObjectStore = {
    ...files,
    stat: (path) => files.stat(local(path)),
    copy: async (from, to) => {
      copies.push(to);
      await files.copy(from, local(to));
    },
  };
  return { store, copies, local };
}

it('is shipped once for a worker and a state folder, and not again by the next worker', async () => {
  const { store, copies } = bucket();
  const ship = createShipping({ store, sparkFolder });
  const [one, two] = await Promise.all([ship(state), ship(state)]);
  expect(two).toEqual(one);
  expect(copies.toSorted()).toEqual([one.entry, one.package].toSorted());
  await createShipping({ store, sparkFolder })(state);
  expect(copies).toHaveLength(2);
  await ship('s3://lake/_headgate/q');
  expect(copies).toHaveLength(4);
});

it('has the same name and bytes whatever the clock of the files, and another name for other code', async () => {
  const { store, local } = bucket();
  const code = join(folder, 'spark');
  await mkdir(join(code, 'headgate_spark', 'jobs'), { recursive: true });
  const file = join(code, 'headgate_spark', 'jobs', 'commit.py');
  await writeFile(file, 'print(1)\n');
  await writeFile(join(code, 'headgate_spark', '__main__.py'), '');
  const first = await createShipping({ store, sparkFolder: code })(state);
  const bytes = await readFile(local(first.package));
  await utimes(file, 1, 1);
  await writeFile(join(code, 'headgate_spark', 'notes.txt'), 'no code');
  const second = await createShipping({ store, sparkFolder: code })('s3://lake/other');
  expect(second.package.split('/').at(-2)).toBe(first.package.split('/').at(-2));
  expect(await readFile(local(second.package))).toEqual(bytes);
  await writeFile(file, `${await readFile(file, 'utf8')}\n`);
  const third = await createShipping({ store, sparkFolder: code })(state);
  expect(third.package).not.toBe(first.package);
});

it('runs from where it lies', async () => {
  const { store, local } = bucket();
  const { entry, package: zip } = await createShipping({ store, sparkFolder })(state);
  const says = execFileSync('python3', ['-c', 'import headgate_spark.protocol as p; print(p.__file__)'], {
    env: { ...process.env, PYTHONPATH: local(zip), PYTHONDONTWRITEBYTECODE: '1' },
    encoding: 'utf8',
  });
  expect(says.trim()).toBe(join(local(zip), 'headgate_spark', 'protocol.py'));
  expect(await readFile(local(entry), 'utf8')).toContain('from headgate_spark.__main__ import main');
  const listed = execFileSync('python3', ['-m', 'zipfile', '-t', local(zip)], { encoding: 'utf8' });
  expect(listed).toContain('Done testing');
});

it('is written again where it is not whole', async () => {
  const { store, local } = bucket();
  const { entry } = await createShipping({ store, sparkFolder })(state);
  const { size } = await stat(local(entry));
  await writeFile(local(entry), 'half');
  await createShipping({ store, sparkFolder })(state);
  expect((await stat(local(entry))).size).toBe(size);
});

it('that does not arrive whole is told, tried again at the next job, and leaves nothing behind', async () => {
  const { store } = bucket();
  const before = (await readdir(tmpdir())).filter((name) => name.startsWith('headgate-code-'));
  let isBroken = true;
  const ship = createShipping({
    store: { ...store, copy: async (...copy) => (isBroken ? undefined : store.copy(...copy)) },
    sparkFolder,
  });
  await expect(ship(state)).rejects.toMatchObject({ kind: 'infrastructure', type: 'CodeNotShipped' });
  isBroken = false;
  await expect(ship(state)).resolves.toBeDefined();
  const after = (await readdir(tmpdir())).filter((name) => name.startsWith('headgate-code-'));
  expect(after.filter((name) => !before.includes(name))).toEqual([]);
});

it.each(['/lake/_headgate/p', 'file:///lake'])('does not go to %s, which a cluster cannot read', async (local) => {
  const { store } = bucket();
  const refused = createShipping({ store, sparkFolder })(local);
  await expect(refused).rejects.toMatchObject({ kind: 'config', type: 'StateNotOnS3' });
});
