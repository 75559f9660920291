import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { secureHome } from '../../src/workers/home';

let root: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'headgate-home-'));
});
afterEach(() => rmSync(root, { recursive: true }));

const modeOf = (path: string): string => (statSync(path).mode & 0o777).toString(8);

it('makes a home that is its user’s alone', () => {
  secureHome(join(root, 'new', 'home'));
  expect(modeOf(join(root, 'new', 'home'))).toBe('700');
});

it('closes what was left open, and nothing that is not ours', () => {
  const home = join(root, 'home');
  mkdirSync(home);
  const files = ['temporal.db', 'temporal.db-wal', 'worker.log', 'resident.log.1', 'dev.json', 'metrics.jsonl'];
  for (const name of [...files, 'of-others.sh']) {
    writeFileSync(join(home, name), '');
    chmodSync(join(home, name), 0o755);
  }
  writeFileSync(join(root, 'outside'), '');
  chmodSync(join(root, 'outside'), 0o644);
  symlinkSync(join(root, 'outside'), join(home, 'temporal.log'));
  chmodSync(home, 0o755);
  secureHome(home);
  expect(modeOf(home)).toBe('700');
  expect(files.map((name) => modeOf(join(home, name)))).toEqual(files.map(() => '600'));
  expect(modeOf(join(home, 'of-others.sh'))).toBe('755');
  expect(modeOf(join(root, 'outside'))).toBe('644');
});
