// Owns the one jar of our own: Delta's log of tables in folders and on S3, compiled on this machine by what Spark carries. No JDK, no binary in the package.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { HeadgateError } from '../contracts/errors';
import type { Progress, SetupContext } from './context';
import { lastLines } from './shell';

export const logStoreSources = ['ConditionalLogStore.java', 'LinkLogStore.java'];

/** Named after its sources, as `headgate_spark.log_store` does: that of another release never passes for this one. */
export function logStoreJar({ root }: Pick<SetupContext, 'root'>): string {
  const digest = createHash('sha256');
  for (const source of logStoreSources) digest.update(readFileSync(join(root, 'spark', 'headgate_spark', source)));
  return `headgate-log-stores-${digest.digest('hex').slice(0, 16)}.jar`;
}

export type LogStoreTools = { readonly java: string; readonly python: string };

/** Into the folder of the Delta that it is compiled against. */
export async function makeLogStore(
  context: SetupContext,
  jars: string,
  { java, python }: LogStoreTools,
  progress: Progress,
): Promise<void> {
  progress('compiling the log stores of Delta tables');
  const result = await context.shell.run(python, ['-m', 'headgate_spark.log_store', jars, '--java', java], {
    timeoutMs: 300_000,
    env: { PYTHONPATH: join(context.root, 'spark') },
  });
  if (result.code === 0 && existsSync(join(jars, logStoreJar(context)))) return;
  throw new HeadgateError({
    kind: 'config',
    type: 'LogStoreNotMade',
    message: `The log stores of Delta tables could not be compiled (exit code ${result.code}):\n${lastLines(result)}`,
    remedy: 'Check Java and the Python environment with `headgate doctor`; without them no table is written.',
    fields: { jars, java, python },
  });
}
