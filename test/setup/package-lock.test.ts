import { readdirSync, readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { z } from 'zod';

const root = resolve(__dirname, '..', '..');
const entry = z.object({
  version: z.string().optional(),
  optionalDependencies: z.record(z.string(), z.string()).optional(),
});
const text = readFileSync(join(root, 'package-lock.json'), 'utf8');
const { packages } = z.object({ packages: z.record(z.string(), entry) }).parse(JSON.parse(text));

/** `npm ci` refuses a lock that lacks them, and npm leaves them out when the registry could not show them that day. */
it('package-lock.json names the binaries of every platform, not only of the one it was made on', () => {
  const missing = Object.entries(packages).flatMap(([name, { optionalDependencies }]) =>
    Object.keys(optionalDependencies ?? {}).filter(
      (wanted) =>
        packages[`node_modules/${wanted}`] === undefined && packages[`${name}/node_modules/${wanted}`] === undefined,
    ),
  );
  expect(missing).toEqual([]);
});

const locks = ['package-lock.json', ...readdirSync(join(root, 'spark')).filter((name) => name.endsWith('.lock'))];

it.each(locks)('%s names no registry', (name) => {
  const lock = readFileSync(name === 'package-lock.json' ? join(root, name) : join(root, 'spark', name), 'utf8');
  expect(lock).not.toMatch(/"resolved"|index-url|https?:\/\/[^"\s]*(registry|pypi|pythonhosted)/);
});
