// Owns the list of tools that Headgate needs and the order to install them in. The one entry for the CLI, workers and tests.
import { HeadgateError } from '../contracts/errors';
import { createContext, type Progress, type SetupContext } from './context';
import { findSparkJars, installSparkJars } from './jars';
import { findJava, findPython, javaHomeOf, type Located } from './locate';
import { emr7Spark, ownSpark, type SparkLine } from './pins';
import { findPythonEnv, installPythonEnv, type PythonEnv } from './python-env';
import { createReporter, silentReporter, type Reporter, type SetupTask } from './reporter';
import { findTemporal, installTemporal } from './temporal-server';
import { findTestServer, installTestServer } from './test-server';

/** `every-spark`: what `test` has, and the other Sparks that jobs are tested on. */
export type ToolSet = 'runtime' | 'test' | 'every-spark';

export type SparkPaths = {
  /** The Python of the environment, with pyspark in it. */
  readonly python: string;
  readonly sparkHome: string;
  /** The folder with Delta and what else our Spark needs. */
  readonly jars: string;
};

export type ToolPaths = SparkPaths & {
  readonly java: string;
  readonly javaHome?: string;
  /** The Temporal CLI. */
  readonly temporal: string;
  /** The time-skipping test server: not with the set `runtime`. */
  readonly testServer?: string;
  /** By version, with the set `every-spark` only. */
  readonly otherSparks: Readonly<Record<string, SparkPaths>>;
  readonly cache: string;
};

/** Installs what is missing. Silent, and done within tenths of a second, when nothing is. */
export async function ensureTools(
  set: ToolSet,
  options: { readonly quiet?: boolean; readonly reporter?: Reporter } = {},
  context: SetupContext = createContext(),
): Promise<ToolPaths> {
  if (process.platform === 'win32') throw windows();
  const tests = set !== 'runtime';
  const others = set === 'every-spark' ? [emr7Spark] : [];
  const [java, own, temporal, ...found] = await Promise.all([
    findJava(context),
    findSpark(context, ownSpark, tests),
    findTemporal(context),
    ...others.map((line) => findSpark(context, line, false)),
  ]);
  const python = [own, ...found].some(({ env }) => env === undefined) ? await findPython(context) : undefined;
  if (java.kind !== 'found' || (python !== undefined && python.kind !== 'found')) throw missing([java, python]);
  const testServer = tests ? await findTestServer(context, java.version) : undefined;

  const spark = installSpark(context, own, java.path);
  const otherSparks = found.map((other) => installSpark(context, other, java.path));
  const installServer = shared((progress) => installTemporal(context, progress), temporal);
  const installTests = shared(async (progress) => {
    if (!tests) return undefined;
    const { sparkHome } = await spark.env;
    return installTestServer(context, { java: java.path, sparkHome, javaVersion: java.version }, progress);
  }, testServer);

  const tasks = [
    ...spark.tasks,
    ...installServer.task('Temporal server'),
    ...(tests ? installTests.task('Temporal test server') : []),
    ...otherSparks.flatMap((other) => other.tasks),
  ];
  if (tasks.length > 0) {
    await (options.reporter ?? (options.quiet === true ? silentReporter : createReporter())).run(tasks);
  }

  const home = await javaHomeOf(java.path);
  const server = tests ? await installTests.result : undefined;
  const installed = otherSparks.map(async ({ version, paths }) => [version, await paths()] as const);
  return {
    ...(await spark.paths()),
    java: java.path,
    ...(home === undefined ? {} : { javaHome: home }),
    temporal: (await installServer.result).path,
    ...(server === undefined ? {} : { testServer: server }),
    otherSparks: Object.fromEntries(await Promise.all(installed)),
    cache: context.cache,
  };
}

type FoundSpark = {
  readonly line: SparkLine;
  readonly tests: boolean;
  readonly env: PythonEnv | undefined;
  readonly jars: string | undefined;
};

async function findSpark(context: SetupContext, line: SparkLine, tests: boolean): Promise<FoundSpark> {
  const [env, jars] = await Promise.all([findPythonEnv(context, line, tests), findSparkJars(context, line)]);
  return { line, tests, env, jars };
}

type InstallingSpark = {
  readonly version: string;
  readonly tasks: readonly SetupTask[];
  readonly env: Promise<PythonEnv>;
  /** To be asked for when the tasks have ended. */
  readonly paths: () => Promise<SparkPaths>;
};

function installSpark(context: SetupContext, { line, tests, env, jars }: FoundSpark, java: string): InstallingSpark {
  const installEnv = shared((progress) => installPythonEnv(context, line, tests, progress), env);
  const installJars = shared(async (progress) => {
    const { sparkHome } = await installEnv.result;
    return installSparkJars(context, line, { java, sparkHome }, progress);
  }, jars);
  return {
    version: line.version,
    tasks: [
      ...installEnv.task(`Python packages for Spark ${line.version}`),
      ...installJars.task(`Spark ${line.version} jars`),
    ],
    env: installEnv.result,
    paths: async () => ({ ...(await installEnv.result), jars: await installJars.result }),
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
