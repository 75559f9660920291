// Pipeline files on disk: by path, or by name in the folder of pipelines.
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { HeadgateError } from '../contracts/errors';
import type { Pipeline } from '../contracts/pipeline';
import { suggest } from '../domain/suggest';
import { demandAllowed, looksLikePipeline, notAPipeline, type Allowed } from './allowed';
import { withCanonicalPlaces, type Places } from './canonical';
import { errorCode } from './issue';
import { parsePipeline } from './parse-pipeline';
import type { Variables, Withhold } from './variables';

export type LoadOptions = {
  readonly variables: Variables;
  readonly withhold?: Withhold;
  /** For a worker, which reads files for whoever may start a run. Default: any file, for the user's own commands. */
  readonly allowed?: Allowed;
  /** Where names are looked up. Default `pipelines`. */
  readonly folder?: string;
  /** Where relative paths in the file start. Default: the working directory. */
  readonly cwd?: string;
  /** Two names of one table are one table. */
  readonly places: Places;
};

const isPath = (pathOrName: string): boolean => /[/\\]|\.ya?ml$/i.test(pathOrName);

/** Path of a pipeline file: a path stays, a name becomes `<folder>/<name>.yaml`. */
export const pipelinePath = (pathOrName: string, folder = 'pipelines'): string =>
  isPath(pathOrName) ? pathOrName : join(folder, `${pathOrName}.yaml`);

export async function loadPipeline(pathOrName: string, options: LoadOptions): Promise<Pipeline> {
  return withCanonicalPlaces(await readPipeline(pathOrName, options), options.places);
}

async function readPipeline(pathOrName: string, { allowed, folder, ...rest }: LoadOptions): Promise<Pipeline> {
  const path = pipelinePath(pathOrName, folder);
  if (allowed === undefined)
    return parsePipeline(await readPipelineFile(path, pathOrName, folder), { ...rest, file: path });
  const real = await demandAllowed(path, allowed);
  const text = await readPipelineFile(real, pathOrName, folder);
  if (!looksLikePipeline(text)) throw notAPipeline(path);
  return parsePipeline(text, { ...rest, file: real, sqlFolders: allowed.folders });
}

async function readPipelineFile(path: string, pathOrName: string, folder = 'pipelines'): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const code = errorCode(error);
    const names = isPath(pathOrName) ? [] : await namesIn(folder);
    throw new HeadgateError({
      kind: code === 'EACCES' ? 'permission' : 'config',
      type: 'PipelineFileUnreadable',
      message:
        code === 'ENOENT'
          ? `There is no pipeline file ${path}.`
          : `The pipeline file ${path} cannot be read (${code}).`,
      remedy: names.length > 0 ? suggest(pathOrName, names, 'Pipelines there') : 'Give the path of a YAML file.',
      fields: { file: path, code },
      cause: error,
    });
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  const entries = await readdir(folder).catch(() => []);
  return entries.filter((entry) => entry.endsWith('.yaml')).map((entry) => entry.slice(0, -'.yaml'.length));
}
