// Runs steps of `command-runner.jar spark-submit …` as real spark-submit children, with what a cluster has and nothing of the worker's.
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { S3Server } from '../s3/server';
import { supervise } from '../supervised';
import { runVariable } from '../../../src/setup/leftovers';
import type { SparkPaths } from '../../../src/setup/tools';
import type { StepExecutor, StepExit, StepSignals, StepToRun } from './executor';
import { clusterConf, log4j2, notOnClusters } from './spark-conf';
import { translate } from './spark-submit';

export type SparkExecutorOptions = {
  /** By the beginning of the release labels that it stands for. */
  readonly sparks: Readonly<Record<string, SparkPaths>>;
  readonly javaHome?: string;
  readonly s3: S3Server;
  /** Folder for what the clusters write on their own disks. */
  readonly folder: string;
  /** Heap of a driver at most, in MB: the machine is not a cluster. Default 1024. */
  readonly driverMemoryMb?: number;
  /** Cores of a step. Default 2. */
  readonly cores?: number;
};

/** The driver dies of it before a line of the job runs: the hard case, in which no report tells the cause. */
const starvedMb = 24;

export class SparkExecutor implements StepExecutor {
  readonly #options: Required<Omit<SparkExecutorOptions, 'javaHome'>> & Pick<SparkExecutorOptions, 'javaHome'>;

  constructor(options: SparkExecutorOptions) {
    this.#options = { driverMemoryMb: 1024, cores: 2, ...options };
  }

  /** Another Spark than that of the release would prove nothing. */
  refusal(releaseLabel: string): string | undefined {
    if (this.#sparkOf(releaseLabel) !== undefined) return undefined;
    return `This emulator has no Spark for ${releaseLabel}, only for ${Object.keys(this.#options.sparks).join(', ')}.`;
  }

  #sparkOf(releaseLabel: string): SparkPaths | undefined {
    return Object.entries(this.#options.sparks).find(([label]) => releaseLabel.startsWith(label))?.[1];
  }

  async run(step: StepToRun, signals: StepSignals): Promise<StepExit> {
    const spark = this.#sparkOf(step.releaseLabel);
    if (spark === undefined) throw new Error(this.refusal(step.releaseLabel));
    const place = join(this.#options.folder, step.clusterId, step.stepId);
    await mkdir(join(place, 'conf'), { recursive: true });
    const [stdout, stderr] = [join(place, 'stdout'), join(place, 'stderr')];
    await Promise.all([writeFile(stdout, ''), writeFile(stderr, '')]);
    const command = translate(step.config, step.starved ? 0 : this.#options.driverMemoryMb);
    if (command.kind === 'refused') {
      return { code: 1, logs: { controller: '', stdout: '', stderr: `${command.reason}\n` } };
    }
    if (signals.kill.aborted || signals.interrupt.aborted) {
      return { code: 137, logs: { controller: '', stdout: '', stderr: '' } };
    }
    await this.#configure(step, spark, place);
    const heap = step.starved ? ['--driver-memory', `${starvedMb}m`] : [];
    const child = supervise({
      python: spark.python,
      command: [join(spark.sparkHome, 'bin', 'spark-submit'), ...heap, ...command.args],
      env: this.#environment(spark, place),
      cwd: place,
      stdout,
      stderr,
    });
    signals.interrupt.addEventListener('abort', child.interrupt);
    signals.kill.addEventListener('abort', child.kill);
    if (signals.kill.aborted) child.kill();
    else if (signals.interrupt.aborted) child.interrupt();
    const code = await child.ended;
    const controller = `${command.notes.map((note) => `INFO ${note}\n`).join('')}INFO spark-submit ended with ${code}\n`;
    return {
      code,
      logs: { controller, stdout: await readFile(stdout, 'utf8'), stderr: await readFile(stderr, 'utf8') },
    };
  }

  async #configure({ configurations }: StepToRun, spark: SparkPaths, place: string): Promise<void> {
    const conf = clusterConf({ ...this.#options, spark, configurations, place });
    await Promise.all([
      writeFile(join(place, 'conf', 'spark-defaults.conf'), conf),
      writeFile(join(place, 'conf', 'log4j2.properties'), log4j2),
      writeFile(join(place, 'sitecustomize.py'), notOnClusters),
    ]);
  }

  /** The keys stand for the role of the machines, which a cluster gets by itself. */
  #environment(spark: SparkPaths, place: string): NodeJS.ProcessEnv {
    const { javaHome, s3 } = this.#options;
    const run = process.env[runVariable];
    return {
      PATH: '/usr/local/bin:/usr/bin:/bin',
      HOME: place,
      LANG: 'C.UTF-8',
      TZ: 'UTC',
      ...s3.env,
      SPARK_HOME: spark.sparkHome,
      SPARK_CONF_DIR: join(place, 'conf'),
      SPARK_LOCAL_IP: '127.0.0.1',
      PYSPARK_PYTHON: spark.python,
      PYTHONPATH: place,
      ...(javaHome === undefined ? {} : { JAVA_HOME: javaHome }),
      ...(run === undefined ? {} : { [runVariable]: run }),
    };
  }
}
