// The S3 server of tests and try-outs: S3Proxy in a JVM of its own, over a folder whose subfolders are the buckets.
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { freePort, isOpen } from '../../../src/setup/ports';
import { ensureTools } from '../../../src/setup/tools';
import { supervise } from '../supervised';

export type S3Server = {
  readonly endpoint: string;
  /** What makes a worker, the AWS SDKs and our Spark jobs use this server. */
  readonly env: Readonly<
    Record<'AWS_ENDPOINT_URL_S3' | 'AWS_REGION' | 'AWS_ACCESS_KEY_ID' | 'AWS_SECRET_ACCESS_KEY', string>
  >;
  readonly stop: () => Promise<void>;
};

/** Anybody on this machine may know them: the server listens on loopback, on a folder of tests. */
const credentials = { AWS_ACCESS_KEY_ID: 'headgate', AWS_SECRET_ACCESS_KEY: 'headgate-emulator' };

const startSeconds = 60;

const properties = (endpoint: string, folder: string, signed: boolean): string =>
  `s3proxy.authorization=${signed ? 'aws-v2-or-v4' : 'none'}
s3proxy.endpoint=${endpoint}
s3proxy.identity=${credentials.AWS_ACCESS_KEY_ID}
s3proxy.credential=${credentials.AWS_SECRET_ACCESS_KEY}
jclouds.provider=filesystem-nio2
jclouds.filesystem.basedir=${folder}
`;

/** Without it every request is logged. */
const logging = `<configuration>
  <appender name="ERR" class="ch.qos.logback.core.ConsoleAppender">
    <target>System.err</target>
    <encoder><pattern>%d %-5level %logger{20} %msg%n</pattern></encoder>
  </appender>
  <root level="WARN"><appender-ref ref="ERR"/></root>
</configuration>
`;

/** `data` holds a folder `buckets`, which stays, and the server's settings and log. */
export async function startS3Server(options: {
  readonly data: string;
  readonly buckets: readonly string[];
  readonly port?: number;
  /** Whether requests must be signed. Default true; a proxy that changes them breaks the signature. */
  readonly signed?: boolean;
}): Promise<S3Server> {
  const { java, python, s3Server } = await ensureTools('test');
  if (s3Server === undefined) throw new Error('no S3 server was installed');
  const endpoint = `http://127.0.0.1:${await freePort(options.port)}`;
  const folder = join(options.data, 'buckets');
  for (const bucket of options.buckets) await mkdir(join(folder, bucket), { recursive: true });
  const settings = join(options.data, 's3.properties');
  await writeFile(settings, properties(endpoint, folder, options.signed ?? true), { mode: 0o600 });
  await writeFile(join(options.data, 'logback.xml'), logging);
  const log = join(options.data, 's3.log');
  const command = [
    ...[java, '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1'],
    `-Dlogback.configurationFile=${join(options.data, 'logback.xml')}`,
    ...['-cp', join(s3Server, '*'), 'org.gaul.s3proxy.Main', '--properties', settings],
  ];
  const child = supervise({ python, command, env: process.env, stdout: log, stderr: log });
  let hasEnded = false;
  void child.ended.finally(() => (hasEnded = true));
  const stop = async (): Promise<void> => {
    child.kill();
    await child.ended;
    await rm(settings, { force: true });
  };
  for (const end = Date.now() + startSeconds * 1000; !(await isOpen(Number(new URL(endpoint).port)));) {
    if (hasEnded || Date.now() > end) {
      await stop();
      throw new Error(`The S3 server does not start: see ${log}.`);
    }
    await delay(50);
  }
  return { endpoint, env: { AWS_ENDPOINT_URL_S3: endpoint, AWS_REGION: 'us-east-1', ...credentials }, stop };
}
