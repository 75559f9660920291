// Which files a worker reads as pipelines: those of its folders, and those that its own user has run. Others are refused by
// their path alone: nothing of their content, nor whether they exist, comes back to whoever asked.
import { realpath } from 'node:fs/promises';
import { isAbsolute, relative, resolve } from 'node:path';
import { HeadgateError } from '../contracts/errors';

/** Absolute paths. */
export type Allowed = { readonly folders: readonly string[]; readonly files: readonly string[] };

function isInside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way !== '' && !way.startsWith('..') && !isAbsolute(way);
}

const realOf = (path: string): Promise<string | undefined> => realpath(path).catch(() => undefined);

const isYaml = (path: string): boolean => /\.ya?ml$/i.test(path);

/** The real path of a file that may be read; of one that is not there, the path as it was given. */
export async function demandAllowed(path: string, { folders, files }: Allowed): Promise<string> {
  const given = resolve(path);
  const real = await realOf(given);
  const realFolders = await Promise.all(folders.map(async (folder) => (await realOf(folder)) ?? folder));
  const isAllowed = (one: string): boolean =>
    files.includes(one) || [...folders, ...realFolders].some((folder) => isInside(folder, one));
  if (isYaml(given) && real !== undefined && isYaml(real) && isAllowed(real)) return real;
  // A link that leads out of a folder is refused like the place that it leads to.
  if (isYaml(given) && real === undefined && isAllowed(given)) return given;
  throw new HeadgateError({
    kind: 'permission',
    type: 'PipelineNotAllowed',
    message: `The worker does not read ${given}: it reads .yaml files in ${folders.join(', ')}, and those that its own user has run by path.`,
    remedy:
      'Put the file there, list its folder in HEADGATE_PIPELINES of the worker, or run it once with `headgate run <file>` as the user and with the HEADGATE_HOME of the worker.',
    fields: { file: given, folders: folders.join(', ') },
  });
}

/** What some key of a pipeline file looks like: a text without any is none, and its lines are nobody's business. */
export const looksLikePipeline = (text: string): boolean => /(^|[\s{,])["']?(sources|target)["']?\s*:/.test(text);

export const notAPipeline = (file: string): HeadgateError =>
  new HeadgateError({
    kind: 'config',
    type: 'NotAPipeline',
    message: `${file} is not a pipeline file: it has neither sources nor a target.`,
    remedy: 'Name a pipeline file. `headgate validate` tells its author more.',
    fields: { file },
  });
