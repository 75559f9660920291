// Owns the question which tests run on the other Sparks: all where the Python side has changed, else the marked sample.
import type { Shell } from './shell';

/** What to give pytest beside the folder. */
export const sampleOnly: readonly string[] = ['-m', 'sample'];

/**
 * Whether anything under `spark` differs from where this branch left main, files that git does not know yet included. Undefined when
 * git cannot tell: no repository, no main, history cut off.
 */
export async function sparkChanged(shell: Pick<Shell, 'run'>, root: string): Promise<boolean | undefined> {
  const git = async (...args: readonly string[]): Promise<string | undefined> => {
    const { code, stdout } = await shell.run('git', ['-C', root, ...args]);
    return code === 0 ? stdout.trim() : undefined;
  };
  const base = (await git('merge-base', 'HEAD', 'main')) ?? (await git('merge-base', 'HEAD', 'origin/main'));
  if (base === undefined) return undefined;
  const changed = await git('diff', '--name-only', base, '--', 'spark');
  const unknown = await git('ls-files', '--others', '--exclude-standard', '--', 'spark');
  if (changed === undefined || unknown === undefined) return undefined;
  return changed !== '' || unknown !== '';
}
