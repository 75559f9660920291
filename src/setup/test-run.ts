// Owns `npm test`: every jest project and pytest, two at a time, then one closing line. Only here are the results of both added up.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  closingLine,
  crashed,
  jestOutcome,
  pytestOutcome,
  secondsLine,
  slowestTests,
  timeOver,
  type Outcome,
} from './closing-line';
import { createContext, setting } from './context';
import { endLeftovers, runVariable } from './leftovers';
import { sampleOnly, sparkChanged } from './other-sparks';
import { ensureTools, type SparkPaths } from './tools';

type Command = { readonly file: string; readonly args: readonly string[]; readonly cwd: string; readonly env: object };

/** Counted from the start of this process, so that a caller with a limit of its own can rely on it. */
const defaultMinutes = 75;

/** Tests of what must do the same on every Spark. */
const bothLines = join('tests', 'spark', 'both_lines');

/** A JVM that lives for a few small jobs spends more on its full compiler than it gets back. */
const briefJvm = { JAVA_TOOL_OPTIONS: '-XX:TieredStopAtLevel=1' };

/** `--all`: on the other Sparks too every test, whatever has changed. */
export async function runAll(args: readonly string[]): Promise<void> {
  const { root, env, shell } = createContext();
  const tools = await ensureTools('every-spark');
  const folder = await mkdtemp(join(tmpdir(), 'headgate-test-'));
  const runId = randomUUID();
  const minutes = Number(setting(env, 'HEADGATE_TEST_MINUTES') ?? defaultMinutes);
  const deadline = performance.timeOrigin + minutes * 60_000;
  const outcomes: Outcome[] = [];
  const seconds: string[] = [];
  const started = performance.now();

  async function suite(name: string, command: Omit<Command, 'env'> & { readonly env?: object }): Promise<number> {
    const since = performance.now();
    console.error(`${name}: begins`);
    const ended = await run({ ...command, env: { [runVariable]: runId, ...command.env } }, deadline);
    const took = (performance.now() - since) / 1000;
    console.error(`${name}: ended with ${ended.code} after ${took.toFixed(0)} s\n${ended.output}`);
    seconds.push(secondsLine(took, name));
    return ended.code;
  }
  const jest = async (name: string, jestArgs: readonly string[], variables: object = {}): Promise<void> => {
    const report = join(folder, `${name}.json`);
    const program = join(root, 'node_modules', 'jest', 'bin', 'jest.js');
    // A test that failed may leave calls open, which would keep jest from ever ending.
    const all = [program, '--json', `--outputFile=${report}`, '--passWithNoTests', '--forceExit', ...jestArgs];
    const code = await suite(name, { file: process.execPath, args: all, cwd: root, env: variables });
    outcomes.push(jestOutcome(name, code, await text(report)));
  };
  const pytest = async (name: string, spark: SparkPaths, pytestArgs: readonly string[]): Promise<void> => {
    const xml = join(folder, `${name}.xml`);
    const all = ['-m', 'pytest', `--junitxml=${xml}`, ...pytestArgs];
    const variables = { ...sparkVariables(spark, tools.javaHome), HEADGATE_S3_SERVER: tools.s3Server };
    const code = await suite(name, { file: spark.python, args: all, cwd: join(root, 'spark'), env: variables });
    outcomes.push(pytestOutcome(name, code, await text(xml)));
  };

  const whole = args.includes('--all') || (await sparkChanged(shell, root)) !== false;
  // The longest first: each of the two lanes takes the next when it is through.
  const suites = [
    () => jest('end to end', ['--selectProjects', 'e2e', 'shared', '--runInBand'], briefJvm),
    () => jest('aws', ['--selectProjects', 'aws', '--runInBand'], briefJvm),
    () => jest('jest', ['--selectProjects', 'unit', 'workflow', '--maxWorkers=1']),
    () => pytest('pytest', tools, []),
    ...Object.entries(tools.otherSparks).map(([version, spark]) => () => {
      const name = `pytest on Spark ${version}${whole ? '' : ', a sample'}`;
      return pytest(name, spark, [bothLines, ...(whole ? [] : sampleOnly)]);
    }),
  ];
  const lane = async (): Promise<void> => {
    for (let next = suites.shift(); next !== undefined; next = suites.shift()) await next();
  };
  try {
    // What waits for timers and processes runs beside what computes.
    await Promise.all([lane(), lane()]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  outcomes.push(await nothingLeft(runId));
  for (const { name, crash } of outcomes) if (crash !== undefined) console.error(`${name}: ${crash}`);
  console.error(`\nby suite\n${seconds.join('\n')}`);
  console.error(secondsLine((performance.now() - started) / 1000, 'all, two at a time'));
  console.error(`\nslowest tests\n${slowestTests(outcomes, 10).join('\n')}\n`);
  const { line, allPassed } = closingLine(outcomes);
  console.log(line);
  process.exitCode = allPassed ? 0 : 1;
}

function sparkVariables(spark: SparkPaths, javaHome: string | undefined): Command['env'] {
  return {
    HEADGATE_JARS: spark.jars,
    PYSPARK_PYTHON: spark.python,
    SPARK_HOME: spark.sparkHome,
    ...(javaHome === undefined ? {} : { JAVA_HOME: javaHome }),
  };
}

type Ended = { readonly code: number; readonly output: string };

/** What a program prints is kept to its end: lines of two at a time would be told apart by nobody. */
function run(command: Command, deadline: number): Promise<Ended> {
  return new Promise((resolve) => {
    const child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: { ...process.env, ...command.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
    }
    let expired = false;
    const expire = (): void => {
      expired = true;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(expire, Math.max(0, deadline - Date.now()));
    child.once('error', (error) => resolve({ code: 127, output: error.message }));
    // not `close`: a process that was left behind holds the pipes
    child.once('exit', (code) => {
      clearTimeout(timer);
      for (const stream of [child.stdout, child.stderr]) stream.destroy();
      resolve({ code: expired ? timeOver : (code ?? 128), output });
    });
  });
}

async function nothingLeft(runId: string): Promise<Outcome> {
  const outcome = { name: 'processes left behind', passed: 0, failed: 0 };
  const left = await endLeftovers(runId, 10_000);
  if (left.length === 0) return outcome;
  return crashed(outcome, left.map(({ pid, command }) => `${pid} ${command.slice(0, 200)}`).join('\n  '));
}

async function text(file: string): Promise<string | undefined> {
  return readFile(file, 'utf8').catch(() => undefined);
}
