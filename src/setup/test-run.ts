// Owns `npm test`: every jest project, then pytest, then one closing line. Only here are the results of both added up.
import { spawn } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { closingLine, crashed, jestOutcome, pytestOutcome, timeOver, type Outcome } from './closing-line';
import { createContext, setting } from './context';
import { endLeftovers, runVariable } from './leftovers';
import { ensureTools, type SparkPaths } from './tools';

type Command = { readonly file: string; readonly args: readonly string[]; readonly cwd: string; readonly env: object };

/** Counted from the start of this process, so that a caller with a limit of its own can rely on it. */
const defaultMinutes = 75;

/** Tests of what must do the same on every Spark. */
const bothLines = join('tests', 'spark', 'both_lines');

export async function runAll(): Promise<void> {
  const { root, env } = createContext();
  const tools = await ensureTools('every-spark');
  const folder = await mkdtemp(join(tmpdir(), 'headgate-test-'));
  const runId = randomUUID();
  const minutes = Number(setting(env, 'HEADGATE_TEST_MINUTES') ?? defaultMinutes);
  const deadline = performance.timeOrigin + minutes * 60_000;
  const outcomes: Outcome[] = [];
  try {
    const jest = async (name: string, args: readonly string[]): Promise<void> => {
      const report = join(folder, `${name}.json`);
      const code = await run(
        {
          file: process.execPath,
          args: [
            join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
            ...['--json', `--outputFile=${report}`, '--passWithNoTests', ...args],
          ],
          cwd: root,
          env: { [runVariable]: runId },
        },
        deadline,
      );
      outcomes.push(jestOutcome(name, code, await text(report)));
    };
    await jest('jest', ['--selectProjects', 'unit', 'workflow']);
    const pytest = async (name: string, spark: SparkPaths, args: readonly string[]): Promise<void> => {
      const xml = join(folder, `${name}.xml`);
      const code = await run(
        {
          file: spark.python,
          args: ['-m', 'pytest', `--junitxml=${xml}`, ...args],
          cwd: join(root, 'spark'),
          env: { [runVariable]: runId, ...sparkVariables(spark, tools.javaHome) },
        },
        deadline,
      );
      outcomes.push(pytestOutcome(name, code, await text(xml)));
    };
    await pytest('pytest', tools, []);
    for (const [version, spark] of Object.entries(tools.otherSparks)) {
      await pytest(`pytest on Spark ${version}`, spark, [bothLines]);
    }
    // each of these starts Spark and a server: together they would only measure each other
    await jest('end to end', ['--selectProjects', 'e2e', '--runInBand']);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  outcomes.push(await nothingLeft(runId));
  for (const { name, crash } of outcomes) if (crash !== undefined) console.error(`${name}: ${crash}`);
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

/** Runs in the foreground; what it prints on stdout goes to stderr, so that stdout is the closing line alone. */
function run(command: Command, deadline: number): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(command.file, command.args, {
      cwd: command.cwd,
      env: { ...process.env, ...command.env },
      stdio: ['ignore', 2, 2],
    });
    let expired = false;
    const expire = (): void => {
      expired = true;
      child.kill('SIGKILL');
    };
    const timer = setTimeout(expire, Math.max(0, deadline - Date.now()));
    child.once('error', () => resolve(127));
    child.once('exit', (code) => {
      clearTimeout(timer);
      resolve(expired ? timeOver : (code ?? 128));
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
