// Owns the list of tools that Headgate needs and the order to install them in. The one entry for the CLI, workers and tests.
import { HeadgateError } from '../contracts/errors';
import { hasClassData, makeClassData } from './class-data';
import { createContext, type Progress, type SetupContext } from './context';
import { findSparkJars, installSparkJars } from './jars';
import { findJava, findPython, javaHomeOf, type Located } from './locate';
import { emr7Spark, ownSpark, type SparkLine } from './pins';
import { findPythonEnv, installPythonEnv, type PythonEnv } from './python-env';
import { createReporter, silentReporter, type Reporter, type SetupTask } from './reporter';
import { findS3Server, installS3Server } from './s3-server';
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
  /** The folder with the jars of the S3 server: not with the set `runtime`. */
  readonly s3Server?: string;
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
  const [testServer, s3Server] = tests
    ? await Promise.all([findTestServer(context, java.version), findS3Server(context)])
    : [];

  const spark = ensureSpark(context, own, java.path);
  const otherSparks = found.map((other) => ensureSpark(context, other, java.path));
  const server = ensured('Temporal server', temporal, (progress) => installTemporal(context, progress));
  const serverOfTests = ensured('Temporal test server', testServer, async (progress) => {
    const { sparkHome } = await spark.env.get();
    return installTestServer(context, { java: java.path, sparkHome, javaVersion: java.version }, progress);
  });
  const serverOfS3 = ensured('S3 server of the tests', s3Server, async (progress) => {
    const { sparkHome } = await spark.env.get();
    return installS3Server(context, { java: java.path, sparkHome }, progress);
  });

  const ownPaths = own.env !== undefined && own.jars !== undefined ? { ...own.env, jars: own.jars } : undefined;
  const javaTools = { java: java.path, javaVersion: java.version };
  const archived = ownPaths !== undefined && hasClassData(context, { ...ownPaths, ...javaTools });
  const classData = ensured('Spark class data', archived ? true : undefined, async (progress) => {
    await makeClassData(context, { ...(await spark.paths()), ...javaTools }, progress);
    return true as const;
  });

  const tasks = [
    ...spark.tasks,
    ...classData.tasks,
    ...server.tasks,
    ...(tests ? [...serverOfTests.tasks, ...serverOfS3.tasks] : []),
    ...otherSparks.flatMap((other) => other.tasks),
  ];
  if (tasks.length > 0) {
    await (options.reporter ?? (options.quiet === true ? silentReporter : createReporter())).run(tasks);
  }

  const home = await javaHomeOf(java.path);
  const installed = otherSparks.map(async ({ version, paths }) => [version, await paths()] as const);
  return {
    ...(await spark.paths()),
    java: java.path,
    ...(home === undefined ? {} : { javaHome: home }),
    temporal: (await server.get()).path,
    ...(tests ? { testServer: await serverOfTests.get(), s3Server: await serverOfS3.get() } : {}),
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

type EnsuredSpark = {
  readonly version: string;
  readonly tasks: readonly SetupTask[];
  readonly env: Ensured<PythonEnv>;
  readonly paths: () => Promise<SparkPaths>;
};

function ensureSpark(context: SetupContext, { line, tests, env, jars }: FoundSpark, java: string): EnsuredSpark {
  const python = ensured(`Python packages for Spark ${line.version}`, env, (progress) =>
    installPythonEnv(context, line, tests, progress),
  );
  const ownJars = ensured(`Spark ${line.version} jars`, jars, async (progress) => {
    const tools = { java, ...(await python.get()) };
    return installSparkJars(context, line, tools, progress);
  });
  return {
    version: line.version,
    tasks: [...python.tasks, ...ownJars.tasks],
    env: python,
    paths: async () => ({ ...(await python.get()), jars: await ownJars.get() }),
  };
}

type Ensured<T> = {
  /** Installs it, unless it is there or someone has begun to. */
  readonly get: (progress?: Progress) => Promise<T>;
  /** None when it is there. */
  readonly tasks: readonly SetupTask[];
};

function ensured<T>(title: string, present: T | undefined, install: (progress: Progress) => Promise<T>): Ensured<T> {
  let result: Promise<T> | undefined = present === undefined ? undefined : Promise.resolve(present);
  const get: Ensured<T>['get'] = (progress = () => {}) => (result ??= install(progress));
  const run: SetupTask['run'] = async (progress) => void (await get(progress));
  return { get, tasks: present === undefined ? [{ title, run }] : [] };
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
