// Settings of a worker and of the CLI: read once from the environment. The only reader of process.env besides set-up.
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { z } from 'zod';
import { HeadgateError } from '../contracts/errors';
import { defaultTaskQueue } from '../contracts/names';
import { versionings, type Versioning } from './versioning';

const seconds = z.coerce.number().int().positive();

const schema = z.object({
  HEADGATE_HOME: z.string().optional(),
  HEADGATE_CACHE: z.string().optional(),
  XDG_STATE_HOME: z.string().optional(),
  XDG_CACHE_HOME: z.string().optional(),
  HEADGATE_PIPELINES: z.string().default('pipelines'),
  HEADGATE_VARIABLES: z.string().default('RAW,LAKE'),
  HEADGATE_DEFAULT_PIPELINE: z.string().default('customer-sales'),
  HEADGATE_TASK_QUEUE: z.string().default(defaultTaskQueue),
  HEADGATE_VERSIONING: z.enum(versionings).default('follow'),
  HEADGATE_LOG_LEVEL: z.enum(['debug', 'info', 'warn', 'error']).default('info'),
  HEADGATE_SPARK_MEMORY: z
    .string()
    .regex(/^\d+[gm]$/, 'write it as 2g or 1500m')
    .default('2g'),
  HEADGATE_SPARK_CORES: z.coerce.number().int().positive().default(2),
  HEADGATE_SPARK_PARALLEL: z.coerce.number().int().positive().default(2),
  HEADGATE_SPARK_IDLE_SECONDS: seconds.default(1800),
  HEADGATE_SPARK_ORPHAN_SECONDS: seconds.default(60),
  HEADGATE_SPARK_WARM_UP: z.enum(['true', 'false']).default('true'),
  HEADGATE_EMR_EXECUTION_ROLE: z
    .string()
    .regex(/^arn:[\w-]+:iam::\d{12}:role\/.+$/, 'write the ARN of a role')
    .optional(),
});

export type Config = {
  /** State of this installation: Temporal database, resident Spark, logs. */
  readonly home: string;
  /** Installed tools: Python environment, jars, Temporal server. */
  readonly cache: string;
  /** Folder in which pipelines are found by name. */
  readonly pipelines: string;
  /** That one and others, from which the worker reads pipelines. */
  readonly pipelineFolders: readonly string[];
  /** Variables of its own environment that the worker gives to pipelines. */
  readonly variables: readonly string[];
  /** Pipeline of a run that names none. */
  readonly defaultPipeline: string;
  readonly taskQueue: string;
  /** Which build of the code open workflows go on with. */
  readonly versioning: Versioning;
  readonly logLevel: 'debug' | 'info' | 'warn' | 'error';
  readonly spark: {
    /** Heap of the resident Spark process, as Java writes it. Default 2g. */
    readonly memory: string;
    readonly cores: number;
    /** Jobs that may run at the same time. */
    readonly parallel: number;
    /** The process ends itself after this long without a job. */
    readonly idleSeconds: number;
    /** … and after this long without a worker. */
    readonly orphanSeconds: number;
    /** Whether it runs sample jobs after its start, while nothing is asked of it: the first runs are quicker for it. */
    readonly warmUp: boolean;
  };
  readonly emr: {
    /** ARN of the role that steps run with. Default: that of the cluster's instances. */
    readonly executionRole?: string;
  };
};

/** Throws HeadgateError kind `config` that names every wrong variable. Home defaults follow the XDG base directories. */
export function readConfig(env: NodeJS.ProcessEnv): Config {
  const parsed = schema.safeParse(env);
  if (!parsed.success) {
    const wrong = parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`);
    throw new HeadgateError({
      kind: 'config',
      type: 'BadEnvironment',
      message: `Environment variables are wrong: ${wrong.join('; ')}.`,
      remedy: 'Correct or unset them; docs/runbook.md lists all.',
      fields: { variables: wrong.join('; ') },
    });
  }
  const values = parsed.data;
  const folders = values.HEADGATE_PIPELINES.split(delimiter).flatMap((folder) =>
    folder === '' ? [] : [resolve(folder)],
  );
  return {
    home: resolve(
      values.HEADGATE_HOME ?? join(values.XDG_STATE_HOME ?? join(homedir(), '.local', 'state'), 'headgate'),
    ),
    cache: resolve(values.HEADGATE_CACHE ?? join(values.XDG_CACHE_HOME ?? join(homedir(), '.cache'), 'headgate')),
    pipelines: folders[0] ?? resolve('pipelines'),
    pipelineFolders: folders,
    variables: values.HEADGATE_VARIABLES.split(',').flatMap((name) => (name.trim() === '' ? [] : [name.trim()])),
    defaultPipeline: values.HEADGATE_DEFAULT_PIPELINE,
    taskQueue: values.HEADGATE_TASK_QUEUE,
    versioning: values.HEADGATE_VERSIONING,
    logLevel: values.HEADGATE_LOG_LEVEL,
    spark: {
      memory: values.HEADGATE_SPARK_MEMORY,
      cores: values.HEADGATE_SPARK_CORES,
      parallel: values.HEADGATE_SPARK_PARALLEL,
      idleSeconds: values.HEADGATE_SPARK_IDLE_SECONDS,
      orphanSeconds: values.HEADGATE_SPARK_ORPHAN_SECONDS,
      warmUp: values.HEADGATE_SPARK_WARM_UP === 'true',
    },
    emr: values.HEADGATE_EMR_EXECUTION_ROLE === undefined ? {} : { executionRole: values.HEADGATE_EMR_EXECUTION_ROLE },
  };
}
