// What the lines of EMR releases differ in for a submit, and the memory of larger sizes. The cluster's own settings decide the rest.
import { HeadgateError } from '../../../contracts/errors';
import type { ClusterView } from './api';

type ReleaseLine = {
  /** Begins the labels of the line. */
  readonly prefix: string;
  /** The release that the suite is run for. */
  readonly release: string;
  readonly conf: Readonly<Record<string, string>>;
  /** Whether a step may say where its logs go; else the cluster says it for all. */
  readonly stepLogs: boolean;
};

/** The cluster brings Delta's jars (`delta-defaults`), and nobody but the session says that it is to be used. */
const delta = {
  'spark.sql.extensions': 'io.delta.sql.DeltaSparkSessionExtension',
  'spark.sql.catalog.spark_catalog': 'org.apache.spark.sql.delta.catalog.DeltaCatalog',
} as const;

/** Python 3.9 is the default of EMR 7, and too old for the package. */
const newerPython = { 'spark.pyspark.python': 'python3.11', 'spark.pyspark.driver.python': 'python3.11' } as const;

const releaseLines = {
  spark4: { prefix: 'emr-spark-8.', release: 'emr-spark-8.2.0', conf: delta, stepLogs: true },
  spark35: { prefix: 'emr-7.', release: 'emr-7.13.0', conf: { ...delta, ...newerPython }, stepLogs: false },
} as const satisfies Record<string, ReleaseLine>;

export function releaseLineOf({ releaseLabel = '' }: ClusterView): ReleaseLine {
  const lines: readonly ReleaseLine[] = Object.values(releaseLines);
  const line = lines.find(({ prefix }) => releaseLabel.startsWith(prefix));
  if (line !== undefined) return line;
  const known = lines.map(({ release }) => release).join(', ');
  throw new HeadgateError({
    kind: 'config',
    type: 'UnknownRelease',
    message: `The cluster has the EMR release '${releaseLabel}', and Headgate knows what to do with ${known} and their like.`,
    remedy: `Use a cluster of one of these, best ${releaseLines.spark4.release}.`,
    fields: { release: releaseLabel },
  });
}

const memoryKeys = ['spark.driver.memory', 'spark.executor.memory'] as const;

/** What EMR gives when a cluster says nothing depends on its instances; larger sizes then begin here. */
const usualMemoryMiB = 4096;

/** Of one submit. Size 1 is as the cluster is configured; each further one has twice the memory. */
export function confOf(cluster: ClusterView, size: number): Readonly<Record<string, string>> {
  const { conf } = releaseLineOf(cluster);
  if (size <= 1) return conf;
  const memory = memoryKeys.map((key) => [key, `${memoryMiB(cluster.sparkDefaults[key]) * 2 ** (size - 1)}m`] as const);
  return { ...conf, ...Object.fromEntries(memory) };
}

const mebibytes = { k: 1 / 1024, m: 1, g: 1024, t: 1024 * 1024 } as const;

/** As Java writes it, `4743M` or `8g`. What is written otherwise is taken for nothing said. */
function memoryMiB(written: string | undefined): number {
  const [, amount, unit] = /^(\d+)([kmgt])b?$/.exec(written?.trim().toLowerCase() ?? '') ?? [];
  const factor = Object.entries(mebibytes).find(([name]) => name === unit)?.[1];
  return amount === undefined || factor === undefined ? usualMemoryMiB : Math.ceil(Number(amount) * factor);
}
