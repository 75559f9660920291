// Where tests of the other Sparks are cut to a sample, and where never.
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sparkChanged } from '../../src/setup/other-sparks';
import { createShell } from '../../src/setup/shell';

let root: string;
const identity = ['-c', 'user.name=test', '-c', 'user.email=test@example.org'];
const git = (...args: readonly string[]): void =>
  void execFileSync('git', ['-C', root, ...identity, ...args], { stdio: 'pipe' });
const changed = (): Promise<boolean | undefined> => sparkChanged(createShell(), root);

beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'headgate-git-')));
  mkdirSync(join(root, 'spark'));
  writeFileSync(join(root, 'spark', 'job.py'), '');
  git('init', '--quiet', '--initial-branch=main');
  git('add', '.');
  git('commit', '--quiet', '--message=one');
  git('switch', '--quiet', '--create=branch');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const edit = (name: string): void => appendFileSync(join(root, name), 'x');

test('nothing changed, or nothing under spark', async () => {
  expect(await changed()).toBe(false);
  edit('README.md');
  git('add', '.');
  git('commit', '--quiet', '--message=two');
  expect(await changed()).toBe(false);
});

test.each([
  ['committed on the branch', () => git('commit', '--quiet', '--all', '--message=two')],
  ['not committed yet', () => undefined],
])('a file under spark that is changed: %s', async (_, then) => {
  edit('spark/job.py');
  then();
  expect(await changed()).toBe(true);
});

test('a new file under spark that git does not know yet', async () => {
  edit('spark/new.py');
  expect(await changed()).toBe(true);
});

test('what main has got since does not count', async () => {
  git('switch', '--quiet', 'main');
  edit('spark/job.py');
  git('commit', '--quiet', '--all', '--message=two');
  git('switch', '--quiet', 'branch');
  expect(await changed()).toBe(false);
});

test('git cannot tell without a main, or without a repository', async () => {
  git('branch', '--quiet', '--delete', '--force', 'main');
  expect(await changed()).toBeUndefined();
  rmSync(join(root, '.git'), { recursive: true });
  expect(await changed()).toBeUndefined();
});
