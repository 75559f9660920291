// Text of a pipeline file to a Pipeline, or one error that lists every problem with its place.
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import type { Pipeline } from '../contracts/pipeline';
import { parseQuery } from '../contracts/pipeline-file-notation';
import type { PipelineFile } from '../contracts/pipeline-file-schema';
import { checkRuntime } from './check-runtime';
import { checkSources } from './check-sources';
import { checkTarget } from './check-target';
import { checkTransform } from './check-transform';
import { closest } from '../domain/suggest';
import { errorCode, fieldName, PipelineFileError, type FieldPath, type PipelineFileIssue } from './issue';
import { resolvePipeline } from './resolve';
import { checkShape, type Finding } from './schema-issues';
import { substitute, variablesIn, type Variables, type Withhold } from './variables';
import { entryKey, readYaml, type Entry, type YamlText } from './yaml-text';

export type ParseOptions = {
  /** Name of the file in messages; a `sql:` file is looked for beside it. */
  readonly file: string;
  readonly variables: Variables;
  /** Variables that exist and may not be taken. */
  readonly withhold?: Withhold;
  /** Where a `sql:` file may lie, besides the folder of the pipeline file. Default: anywhere. */
  readonly sqlFolders?: readonly string[];
  /** Where relative paths start. Default: the working directory. */
  readonly cwd?: string;
};

/** Throws `PipelineFileError`. Reads nothing but the file that `transform.sql` names. */
export function parsePipeline(text: string, options: ParseOptions): Pipeline {
  const { file, variables, withhold, sqlFolders, cwd = process.cwd() } = options;
  const findings: Finding[] = [];
  const yaml = readYaml(text, (written, path) => {
    const result = substitute(written, variables, withhold);
    findings.push(...result.problems.map((problem) => ({ path, ...problem })));
    return result.text;
  });
  const syntax = yaml.issues.map(({ path, place, problem, remedy }): PipelineFileIssue => {
    return { file, ...place, field: fieldName(path), problem, remedy };
  });
  if (yaml.value === undefined && syntax.length > 0) throw new PipelineFileError(file, syntax);

  const faulty = new Set([...yaml.issues, ...findings].map(({ path }) => entryKey(path)));
  const add = (finding: Finding): void => {
    if (!faulty.has(entryKey(finding.path))) findings.push(finding);
  };
  const shape = checkShape(yaml.value ?? {}, (path) => yaml.entries.has(entryKey(path)));
  shape.findings?.forEach(add);
  const readable = shape.file ?? readableCore(yaml.value);
  const pipeline = readable && checkMeaning(readable, { file, cwd, sqlFolders }, add);
  if (syntax.length + findings.length > 0 || pipeline === undefined) {
    throw new PipelineFileError(file, [...syntax, ...findings.map((finding) => toIssue(finding, file, yaml))]);
  }
  return pipeline;
}

/** Names of the variables that a file uses, in the order of their first use; none when it is no YAML. */
export function listVariables(text: string): readonly string[] {
  const names: string[] = [];
  readYaml(text, (written) => {
    names.push(...variablesIn(written));
    return written;
  });
  return [...new Set(names)];
}

/** With a slip in an outer part only, the core can still be checked, so a person sees all in one go. */
function readableCore(value: unknown): PipelineFile | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const core = Object.fromEntries(
    Object.entries(value).filter(([key]) => ['sources', 'transform', 'target'].includes(key)),
  );
  return checkShape({ ...core, name: 'pipeline' }, () => true).file;
}

/** Undefined when the query of a SQL transform cannot be had. */
function checkMeaning(
  file: PipelineFile,
  {
    file: name,
    cwd,
    sqlFolders,
  }: Pick<ParseOptions, 'file'> & { readonly cwd: string; readonly sqlFolders: ParseOptions['sqlFolders'] | undefined },
  add: (finding: Finding) => void,
): Pipeline | undefined {
  let sql: string | undefined;
  if (file.transform?.sql !== undefined) {
    sql = readSql(file.transform.sql, resolve(dirname(name)), sqlFolders, add);
    if (sql === undefined) return undefined;
  }
  const pipeline = resolvePipeline(file, cwd, sql);
  const report = (path: FieldPath, problem: string, remedy: string, options?: { readonly atKey: boolean }): void =>
    add({ path, problem, remedy, ...options });
  checkSources(file, pipeline, report);
  checkTransform(file, pipeline, report);
  checkTarget(file, pipeline, report);
  checkRuntime(file, pipeline, report);
  return pipeline;
}

const isSqlFile = (path: string): boolean => /.\.sql$/i.test(path);

function readSql(
  written: string,
  folder: string,
  within: readonly string[] | undefined,
  add: (finding: Finding) => void,
): string | undefined {
  const path = ['transform', 'sql'];
  const isFile = isSqlFile(written) && !/\s/.test(written);
  let text = written;
  if (isFile) {
    try {
      const real = realpathSync(resolve(folder, written));
      const places = within === undefined ? undefined : [folder, ...within].map((place) => `${realpathSync(place)}/`);
      if (places !== undefined && !(isSqlFile(real) && places.some((place) => real.startsWith(place)))) {
        const remedy = 'Put it beside the pipeline file, or list its folder in HEADGATE_PIPELINES of the worker.';
        add({ path, problem: 'the worker does not read the file {value}', remedy });
        return undefined;
      }
      text = readFileSync(real, 'utf8');
    } catch (error) {
      const missing = errorCode(error) === 'ENOENT';
      const problem = missing ? 'the file {value} does not exist' : 'the file {value} cannot be read';
      add({ path, problem, remedy: 'The path is relative to the folder of the pipeline file.' });
      return undefined;
    }
  }
  const query = parseQuery(text);
  if ('value' in query) return query.value;
  add({ path, problem: isFile ? `the file {value} ${query.problem}` : query.problem, remedy: query.remedy });
  return undefined;
}

const longest = 60;

/** Puts the place and the written text in. The text is the file's own, never the value of a variable. */
function toIssue(finding: Finding, file: string, yaml: YamlText): PipelineFileIssue {
  const { entry, exact } = nearest(finding.path, yaml);
  const written = exact ? (entry.written ?? '') : '';
  const shown = written.length > longest ? `${written.slice(0, longest)}…` : written;
  const place = (finding.atKey === true || !exact) && finding.path.length > 0 ? entry.keyPlace : entry.place;
  return {
    file,
    ...place,
    field: fieldName(finding.path),
    problem: finding.problem.replace('{value}', () => `'${shown}'`),
    remedy: finding.remedy.replace(/\{suggest:(.*)\}/, (_, words: string) => {
      const best = closest(written, words.split(','));
      return `${best === undefined ? '' : `Did you mean ${best}? `}Known here: ${words.replaceAll(',', ', ')}.`;
    }),
  };
}

/** The entry of a path, or of its nearest ancestor that stands in the file. */
function nearest(path: FieldPath, yaml: YamlText): { readonly entry: Entry; readonly exact: boolean } {
  for (let length = path.length; length > 0; length -= 1) {
    const entry = yaml.entries.get(entryKey(path.slice(0, length)));
    if (entry !== undefined) return { entry, exact: length === path.length };
  }
  const start = { line: 1, column: 1 };
  return { entry: { place: start, keyPlace: start }, exact: path.length === 0 };
}
