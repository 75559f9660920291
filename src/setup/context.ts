// Owns what every set-up step works with: folders, environment, the shell. Reads the environment once.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { createShell, type Shell } from './shell';

export type Environment = Readonly<Record<string, string | undefined>>;

export type SetupContext = {
  readonly env: Environment;
  /** The user's cache: everything installed lies here and may be deleted at any time. */
  readonly cache: string;
  /** The project's folder. */
  readonly root: string;
  readonly shell: Shell;
};

/** A `step` is always shown; of many a `detail` outside a terminal only now and then one. */
export type Progress = (line: string, weight?: 'step' | 'detail') => void;

export function createContext(env: Environment = process.env, shell: Shell = createShell()): SetupContext {
  return { env, cache: cacheFolder(env), root: resolve(__dirname, '..', '..'), shell };
}

function cacheFolder(env: Environment): string {
  const own = setting(env, 'HEADGATE_CACHE');
  if (own !== undefined) return resolve(own);
  return join(setting(env, 'XDG_CACHE_HOME') ?? join(setting(env, 'HOME') ?? homedir(), '.cache'), 'headgate');
}

/** A variable that is set to nothing counts as not set. */
export function setting(env: Environment, name: string): string | undefined {
  const value = env[name];
  return value === undefined || value === '' ? undefined : value;
}
