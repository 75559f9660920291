// Owns the class-data archive of the resident's JVM: made once per Java, Spark and set of flags, a fifth less work at each
// start. Only a help: a machine where it cannot be made does without.
import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Progress, SetupContext } from './context';

type ClassDataTools = {
  readonly python: string;
  readonly sparkHome: string;
  readonly jars: string;
  readonly java: string;
  readonly javaVersion: string;
};

/** Java itself compares the rest when it starts: an archive that does not fit is passed over. */
const madeOf = ['jvm.py', 'archive.py'];

/** Says that it was tried with just these tools: the archive lies beside it, or could not be made. */
function mark({ cache, root }: SetupContext, tools: Omit<ClassDataTools, 'sparkHome'>): string {
  const key = createHash('sha256').update(JSON.stringify([tools.python, tools.jars, tools.java, tools.javaVersion]));
  for (const file of madeOf) key.update(readFileSync(join(root, 'spark', 'headgate_spark', 'resident', file)));
  return join(cache, `spark-classes-${key.digest('hex').slice(0, 16)}`);
}

export function hasClassData(context: SetupContext, tools: Omit<ClassDataTools, 'sparkHome'>): boolean {
  return existsSync(mark(context, tools));
}

export async function makeClassData(context: SetupContext, tools: ClassDataTools, progress: Progress): Promise<void> {
  progress('archiving the classes of Spark for quick starts (half a minute, once)');
  await mkdir(context.cache, { recursive: true });
  const { code, stderr } = await context.shell.run(
    tools.python,
    ['-m', 'headgate_spark.resident.archive', '--cache', context.cache, '--java', tools.java],
    {
      timeoutMs: 600_000,
      env: {
        PYTHONPATH: join(context.root, 'spark'),
        HEADGATE_JARS: tools.jars,
        PYSPARK_PYTHON: tools.python,
        SPARK_HOME: tools.sparkHome,
      },
    },
  );
  if (code !== 0)
    progress(`no archive: ${stderr.trim().split('\n').at(-1) ?? `exit code ${code}`}; Spark starts slower`);
  await writeFile(mark(context, tools), '');
}
