// A home folder for tests of the local runtime: real processes, jobs that last and end as the test says, nothing left. What is
// behind the resident's engine, pyspark and Java, is a stand-in where only lives and ends of processes are looked at.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import type { ResidentSettings } from '../../src/adapters/runtimes/local/resident-process';
import { createLocalRuntime, type LocalRuntime } from '../../src/adapters/runtimes/local/runtime';
import { createStores } from '../../src/adapters/stores';
import type { JobSubmission, ObjectStore } from '../../src/activities/ports';
import { submissionAt, type LaterAttempt, type SuiteBehaviour } from '../adapters/runtimes/spark-runtime-suite';
import { digestOf } from '../fakes/ids';
import { crash, listProcesses, processesOf } from '../support/processes';
import { sparkFolder, testTools } from '../support/tools';
import { until } from '../support/waiting';

export type ResidentPids = { readonly python: number; readonly java: number };

/** `stand-in`: all of the resident, but a pyspark and a Java that start at once and compute nothing. */
export type Engine = 'spark' | 'stand-in';

export type LocalHome = {
  readonly home: string;
  /** A new runtime object, as another worker would build it. */
  readonly runtime: (options?: Partial<ResidentSettings>) => LocalRuntime;
  readonly store: ObjectStore;
  readonly submission: (
    behaviour?: SuiteBehaviour & { readonly crash?: boolean; readonly table?: string },
    of?: LaterAttempt,
  ) => JobSubmission;
  readonly release: (submission: JobSubmission) => void;
  readonly runs: (submission: JobSubmission) => number;
  /** The two processes, once both are there. */
  readonly pids: () => Promise<ResidentPids>;
  /** Waits until both are gone. */
  readonly gone: (pids: ResidentPids) => Promise<void>;
  /** Ends what is left, and throws when something had outlived its test. */
  readonly remove: () => Promise<void>;
};

const alive = (pid: number): boolean =>
  listProcesses().some((process) => process.pid === pid && !process.state.startsWith('Z'));

export async function createLocalHome(engine: Engine, inside = ''): Promise<LocalHome> {
  const { python, jars } = await testTools();
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'headgate-local-')));
  const home = join(folder, inside, 'home');
  const runtimes: LocalRuntime[] = [];
  const standIn = engine === 'spark' ? undefined : makeStandIn(folder, python);
  let steps = 0;

  const residents = () => processesOf(home).filter(({ command }) => command.includes('headgate_spark.resident'));

  return {
    home,
    store: createStores(),
    runtime: (options = {}) => {
      const runtime = createLocalRuntime({
        home,
        python,
        pythonPath: [sparkFolder, join(sparkFolder, 'tests'), ...(standIn?.pythonPath ?? [])].join(delimiter),
        ...(standIn === undefined ? {} : { java: standIn.java }),
        jars,
        cacheDir: process.env['HEADGATE_TEST_CACHE'] ?? join(folder, 'cache'),
        memory: '1g',
        cores: 2,
        parallel: 2,
        idleSeconds: 120,
        orphanSeconds: 60,
        warmUp: false,
        runner: 'resident_stand_in:run_job',
        log: () => {},
        ...options,
      });
      runtimes.push(runtime);
      return runtime;
    },
    submission: ({ job = 'commit', hold = false, failure, crash: crashes = false, table } = {}, of) => {
      steps += 1;
      const submission = submissionAt(steps, join(folder, `step-${steps}`), { job }, of);
      const { requestPath, ...names } = submission;
      const behaviour = { hold, crash: crashes, ...(failure === undefined ? {} : { failure }) };
      const request = {
        ...names,
        ...behaviour,
        digest: digestOf('d'),
        target: { table: table ?? `/lake/table-${steps}` },
      };
      writeFileSync(requestPath, JSON.stringify(request));
      return submission;
    },
    release: ({ requestPath }) => writeFileSync(`${requestPath}.go`, ''),
    runs: ({ reportPath }) =>
      existsSync(`${reportPath}.runs`) ? readFileSync(`${reportPath}.runs`, 'utf8').trim().split('\n').length : 0,
    pids: () =>
      until('the resident and its JVM', () => {
        const all = listProcesses();
        const [resident] = residents().filter(({ command }) => !command.includes('PythonGatewayServer'));
        const jvm = all.find(({ parent, command }) => parent === resident?.pid && command.includes('java'));
        return resident !== undefined && jvm !== undefined && { python: resident.pid, java: jvm.pid };
      }),
    gone: async ({ python: first, java }) => {
      await until('the resident is gone', () => !alive(first), 40_000);
      await until('its JVM is gone', () => !alive(java), 20_000);
    },
    remove: async () => {
      for (const runtime of runtimes) await runtime.stop();
      // A process whose home was replaced under it ends by itself, a moment later.
      await until('the processes of the home are gone', () => processesOf(home).length === 0, 20_000).catch(
        () => undefined,
      );
      const left = processesOf(home);
      for (const { pid } of left) await crash(pid);
      rmSync(folder, { recursive: true, force: true });
      if (left.length > 0)
        throw new Error(`left behind: ${left.map(({ command }) => command.slice(0, 120)).join('; ')}`);
    },
  };
}

const withoutSpark = join(sparkFolder, 'tests', 'without_spark');

/** pyspark is looked for where its jars are: a folder that holds none of any weight. */
function makeStandIn(folder: string, python: string) {
  const [java, packages] = [join(folder, 'bin', 'java'), join(folder, 'packages')];
  mkdirSync(join(folder, 'bin'));
  writeFileSync(java, `#!/bin/sh\nexec '${python}' '${join(withoutSpark, 'java.py')}' "$@"\n`, { mode: 0o755 });
  cpSync(join(withoutSpark, 'pyspark'), join(packages, 'pyspark'), { recursive: true });
  mkdirSync(join(packages, 'pyspark', 'jars'));
  writeFileSync(join(packages, 'pyspark', 'jars', 'none.jar'), '');
  return { java, pythonPath: [packages] };
}
