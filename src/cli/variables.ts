// Values for ${…} in pipeline files: --set first, then the environment; only names that the file uses are read.
import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { createStores } from '../adapters/stores';
import { listVariables, loadPipeline, pipelinePath } from '../pipeline-file';
import type { Pipeline } from '../contracts/pipeline';
import type { Config } from '../workers/config';

export type Variables = Readonly<Record<string, string>>;

/** Collector of commander for `--set NAME=value`, which may be given many times. */
export function collectVariable(text: string, previous: Variables): Variables {
  const split = text.indexOf('=');
  if (split < 1) throw new InvalidArgumentError('write it as NAME=value');
  return { ...previous, [text.slice(0, split)]: text.slice(split + 1) };
}

export type OpenedPipeline = { readonly pipeline: Pipeline; readonly variables: Variables };

/** Reads and checks a pipeline file with the values that it needs. Errors name file, line, field and remedy. */
export async function openPipeline(config: Config, nameOrFile: string, set: Variables): Promise<OpenedPipeline> {
  const text = await readFile(pipelinePath(nameOrFile, config.pipelines), 'utf8').catch(() => '');
  const variables = Object.fromEntries(
    listVariables(text).flatMap((name) => {
      const value = set[name] ?? process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const pipeline = await loadPipeline(nameOrFile, { variables, folder: config.pipelines, places: createStores() });
  return { variables, pipeline };
}
