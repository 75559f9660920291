// The emulator with real Spark and an S3 server of its own, in one folder: what tests and the try-out start.
import { join } from 'node:path';
import type { S3Client } from '@aws-sdk/client-s3';
import { ensureTools, type ToolPaths } from '../../../src/setup/tools';
import { startS3Server, type S3Server } from '../s3/server';
import { startEmrEmulator, type EmrEmulator, type EmrEmulatorOptions } from './emulator';
import { createS3Client, createS3Logs } from './s3-logs';
import { SparkExecutor } from './spark-executor';

export type EmulatorOnS3 = {
  readonly tools: ToolPaths;
  readonly s3Server: S3Server;
  readonly s3: S3Client;
  readonly emulator: EmrEmulator;
  /** Ends the clusters, then the S3 server; once, however often it is asked. */
  readonly stop: () => Promise<void>;
};

type Options = Pick<EmrEmulatorOptions, 'port' | 'timings'> & {
  readonly data: string;
  readonly buckets: readonly string[];
  readonly s3Port?: number;
};

export async function startEmulatorOnS3({ data, buckets, s3Port, ...more }: Options): Promise<EmulatorOnS3> {
  const tools = await ensureTools('test');
  const s3Server = await startS3Server({ data, buckets, ...(s3Port === undefined ? {} : { port: s3Port }) });
  const s3 = createS3Client(s3Server);
  const { javaHome } = tools;
  const executor = new SparkExecutor({
    sparks: { 'emr-spark-8.': tools },
    s3: s3Server,
    folder: join(data, 'clusters'),
    ...(javaHome === undefined ? {} : { javaHome }),
  });
  const emulator = await startEmrEmulator({ ...more, executor, logs: createS3Logs(s3) });
  const end = async (): Promise<void> => {
    await emulator.stop();
    s3.destroy();
    await s3Server.stop();
  };
  let ending: Promise<void> | undefined;
  return { tools, s3Server, s3, emulator, stop: () => (ending ??= end()) };
}
