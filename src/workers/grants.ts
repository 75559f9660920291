// Pipeline files that the user of this home has run by path: its workers may read them too. The home is the user's alone, so
// whoever can write here could start a worker of their own.
import { appendFile, mkdir, readFile, realpath } from 'node:fs/promises';
import { join, resolve } from 'node:path';

const grantsPath = (home: string): string => join(home, 'pipeline-files');

/** Real paths, one a line. */
export async function grantedFiles(home: string): Promise<readonly string[]> {
  const text = await readFile(grantsPath(home), 'utf8').catch(() => '');
  return text.split('\n').filter((line) => line !== '');
}

/** A path with a line end is no path that a person gives; it is left out. */
export async function grantFile(home: string, path: string): Promise<void> {
  const real = await realpath(resolve(path)).catch(() => undefined);
  if (real === undefined || real.includes('\n') || (await grantedFiles(home)).includes(real)) return;
  await mkdir(home, { recursive: true, mode: 0o700 });
  await appendFile(grantsPath(home), `${real}\n`, { mode: 0o600 });
}
