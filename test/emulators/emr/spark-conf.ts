// The configuration that an emulated cluster gives its Spark: where it runs, how it reads s3://, and its own Delta if that was asked for.
import { readdirSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import type { Configuration } from '@aws-sdk/client-emr';
import type { S3Server } from '../s3/server';
import type { SparkPaths } from '../../../src/setup/tools';

type ClusterSettings = {
  readonly spark: SparkPaths;
  readonly s3: S3Server;
  readonly cores: number;
  readonly driverMemoryMb: number;
  readonly configurations: readonly Configuration[];
  readonly place: string;
};

export function clusterConf({ spark, s3, cores, driverMemoryMb, configurations, place }: ClusterSettings): string {
  const classPath = clusterJars(spark.jars, isDeltaOn(configurations)).join(delimiter);
  const settings: Readonly<Record<string, string>> = {
    'spark.sql.shuffle.partitions': '2',
    ...propertiesOf(configurations, 'spark-defaults'),
    'spark.master': `local[${cores}]`,
    'spark.submit.deployMode': 'client',
    'spark.driver.memory': `${driverMemoryMb}m`,
    'spark.driver.host': '127.0.0.1',
    'spark.driver.bindAddress': '127.0.0.1',
    'spark.driver.extraClassPath': classPath,
    'spark.driver.extraJavaOptions': '-XX:TieredStopAtLevel=1 -XX:+UseSerialGC',
    'spark.executor.extraClassPath': classPath,
    'spark.local.dir': join(place, 'tmp'),
    'spark.sql.warehouse.dir': join(place, 'warehouse'),
    'spark.ui.enabled': 'false',
    // EMR's connector for s3://, s3n:// and s3a:// is S3A since release 7.10.
    'spark.hadoop.fs.s3.impl': 'org.apache.hadoop.fs.s3a.S3AFileSystem',
    'spark.hadoop.fs.s3n.impl': 'org.apache.hadoop.fs.s3a.S3AFileSystem',
    'spark.hadoop.fs.s3a.endpoint': s3.endpoint,
    'spark.hadoop.fs.s3a.endpoint.region': s3.env.AWS_REGION,
    'spark.hadoop.fs.s3a.path.style.access': 'true',
    'spark.hadoop.fs.s3a.connection.ssl.enabled': 'false',
    'spark.hadoop.fs.s3a.aws.credentials.provider':
      'software.amazon.awssdk.auth.credentials.EnvironmentVariableCredentialsProvider',
    'spark.hadoop.fs.s3a.buffer.dir': join(place, 's3a'),
  };
  return Object.entries(settings)
    .map(([name, value]) => `${name} ${value}\n`)
    .join('');
}

/** A release brings its Delta, but a cluster has it only when it was asked for. */
const isDeltaOn = (configurations: readonly Configuration[]): boolean =>
  propertiesOf(configurations, 'delta-defaults')['delta.enabled'] === 'true';

/** Of the folder of our set-up only what a cluster has by itself: nothing of the product. */
function clusterJars(folder: string, withDelta: boolean): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith('.jar') && !/^(?:headgate-|hadoop-bare)/.test(name))
    .filter((name) => withDelta || !name.startsWith('delta-'))
    .map((name) => join(folder, name));
}

function propertiesOf(configurations: readonly Configuration[], classification: string): Record<string, string> {
  return Object.assign(
    {},
    ...configurations.filter((one) => one.Classification === classification).map((one) => one.Properties ?? {}),
  ) as Record<string, string>;
}

export const log4j2 = `rootLogger.level = info
rootLogger.appenderRef.stderr.ref = stderr
appender.stderr.type = Console
appender.stderr.name = stderr
appender.stderr.target = SYSTEM_ERR
appender.stderr.layout.type = PatternLayout
appender.stderr.layout.pattern = %d{yy/MM/dd HH:mm:ss} %p %c{1}: %m%n%ex
`;

/** The Python of the set-up has packages that the machines of a cluster have not: a job that needs one fails here as it does there. */
export const notOnClusters = `import sys
class NotOnClusters:
    names = {"deltalake", "arro3", "pyarrow", "duckdb", "pytest"}
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in self.names:
            raise ModuleNotFoundError(f"No module named {name!r} (clusters of the emulator have what Spark brings)", name=name)
sys.meta_path.insert(0, NotOnClusters())
`;
