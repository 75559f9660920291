// Owns the list of tools that Headgate needs and the order to install them in. The one entry for the CLI, workers and tests.
import { HeadgateError } from '../contracts/errors';
import { createContext, type Progress, type SetupContext } from './context';
import { findSparkJars, installSparkJars } from './jars';
import { findJava, findPython, javaHomeOf, type Located } from './locate';
import { findPythonEnv, installPythonEnv } from './python-env';
import { createReporter, silentReporter, type Reporter, type SetupTask } from './reporter';
import { findTemporal, installTemporal } from './temporal-server';
import { findTestServer, installTestServer } from './test-server';

export type ToolSet = 'runtime' | 'test';

export type ToolPaths = {
  /** The Python of the environment, with pyspark in it. */
  readonly python: string;
  readonly java: string;
  readonly javaHome?: string;
  readonly sparkHome: string;
  /** The folder with Delta and what else our Spark needs. */
  readonly jars: string;
  /** The Temporal CLI. */
  readonly temporal: string;
  /** The time-skipping test server: with the set `test` only. */
  readonly testServer?: string;
  readonly cache: string;
};

/** Installs what is missing. Silent, and done within tenths of a second, when nothing is. */
export async function ensureTools(
  set: ToolSet,
  options: { readonly quiet?: boolean; readonly reporter?: Reporter } = {},
  context: SetupContext = createContext(),
): Promise<ToolPaths> {
  if (process.platform === 'win32') throw windows();
  const [java, env, jars, temporal] = await Promise.all([
    findJava(context),
    findPythonEnv(context, set === 'test'),
    findSparkJars(context),
    findTemporal(context),
  ]);
  const python = env === undefined ? await findPython(context) : undefined;
  if (java.kind !== 'found' || (python !== undefined && python.kind !== 'found')) throw missing([java, python]);
  const testServer = set === 'test' ? await findTestServer(context, java.version) : undefined;

  const installEnv = shared((progress) => installPythonEnv(context, set === 'test', progress), env);
  const installJars = shared(async (progress) => {
    const { sparkHome } = await installEnv.result;
    return installSparkJars(context, { java: java.path, sparkHome }, progress);
  }, jars);
  const installServer = shared((progress) => installTemporal(context, progress), temporal);
  const installTests = shared(async (progress) => {
    if (set !== 'test') return undefined;
    const { sparkHome } = await installEnv.result;
    return installTestServer(context, { java: java.path, sparkHome, javaVersion: java.version }, progress);
  }, testServer);

  const tasks = [
    ...installEnv.task('Python packages'),
    ...installJars.task('Spark jars'),
    ...installServer.task('Temporal server'),
    ...(set === 'test' ? installTests.task('Temporal test server') : []),
  ];
  if (tasks.length > 0) {
    await (options.reporter ?? (options.quiet === true ? silentReporter : createReporter())).run(tasks);
  }

  const home = await javaHomeOf(java.path);
  const server = set === 'test' ? await installTests.result : undefined;
  return {
    ...(await installEnv.result),
    java: java.path,
    ...(home === undefined ? {} : { javaHome: home }),
    jars: await installJars.result,
    temporal: (await installServer.result).path,
    ...(server === undefined ? {} : { testServer: server }),
    cache: context.cache,
  };
}

type Shared<T> = { readonly result: Promise<T>; readonly task: (title: string) => SetupTask[] };

/** A step whose result others wait for; when it is there already, it is no task at all. */
function shared<T>(install: (progress: Progress) => Promise<T>, present: T | undefined): Shared<T> {
  if (present !== undefined) return { result: Promise.resolve(present), task: () => [] };
  const { promise, resolve, reject } = deferred<T>();
  promise.catch(() => {
    // reported by the task itself; those who wait for it fail with the same error
  });
  const run: SetupTask['run'] = async (progress) => {
    install(progress).then(resolve, reject);
    await promise;
  };
  return { result: promise, task: (title) => [{ title, run }] };
}

function deferred<T>(): { promise: Promise<T>; resolve: (value: T) => void; reject: (error: unknown) => void } {
  let settle: { resolve: (value: T) => void; reject: (error: unknown) => void } | undefined;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  if (settle === undefined) throw new Error('a promise runs its executor at once');
  return { promise, ...settle };
}

function missing(found: readonly (Located | undefined)[]): HeadgateError {
  const bad = found.filter((item) => item !== undefined && item.kind !== 'found');
  return new HeadgateError({
    kind: 'config',
    type: 'MissingTools',
    message: bad.map((item) => item.problem).join(' '),
    remedy: bad.map((item) => item.remedy).join(' '),
  });
}

function windows(): HeadgateError {
  return new HeadgateError({
    kind: 'config',
    type: 'UnsupportedSystem',
    message: 'Headgate does not run on Windows itself.',
    remedy: 'Run it in WSL 2 (wsl --install), where everything else is the same.',
  });
}
