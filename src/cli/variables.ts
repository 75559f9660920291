// Values for ${…} in pipeline files: --set first, then the environment; only names that the file uses are read.
import { readFile } from 'node:fs/promises';
import { InvalidArgumentError } from 'commander';
import { createStores } from '../adapters/stores';
import { listVariables, loadPipeline, looksSecret, pipelinePath, type Withhold } from '../pipeline-file';
import type { Pipeline } from '../contracts/pipeline';
import type { Config } from '../workers/config';

export type Variables = Readonly<Record<string, string>>;

/** Collector of commander for `--set NAME=value`, which may be given many times. */
export function collectVariable(text: string, previous: Variables): Variables {
  const split = text.indexOf('=');
  if (split < 1) throw new InvalidArgumentError('write it as NAME=value');
  return { ...previous, [text.slice(0, split)]: text.slice(split + 1) };
}

const withhold: Withhold = (name) =>
  process.env[name] === undefined || !looksSecret(name)
    ? undefined
    : {
        problem: `the variable ${name} looks like a secret and is not taken from the environment: it would stand in the history of the run`,
        remedy: `Give it another name, or pass --set ${name}=… if it is none.`,
      };

export type OpenedPipeline = { readonly pipeline: Pipeline; readonly variables: Variables };

/** Reads and checks a pipeline file with the values that it needs. Errors name file, line, field and remedy. */
export async function openPipeline(config: Config, nameOrFile: string, set: Variables): Promise<OpenedPipeline> {
  const text = await readFile(pipelinePath(nameOrFile, config.pipelines), 'utf8').catch(() => '');
  const variables = Object.fromEntries(
    listVariables(text).flatMap((name) => {
      const value = set[name] ?? (looksSecret(name) ? undefined : process.env[name]);
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
  const options = { variables, withhold, folder: config.pipelines, places: createStores() };
  return { variables, pipeline: await loadPipeline(nameOrFile, options) };
}
