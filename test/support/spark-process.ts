// The resident Spark process of a home: found, held still, killed in the middle of a job.
import { crash, isAlive, processesOf } from './processes';
import type { NamedFailure } from './retries';
import { until } from './waiting';

export type SparkProcess = { readonly python: number; readonly java: number };

function find(home: string): SparkProcess | undefined {
  const all = processesOf(home);
  const python = all.find(({ command }) => command.includes('headgate_spark.resident'));
  const java = all.find(({ command }) => command.includes('PythonGatewayServer'));
  return python === undefined || java === undefined ? undefined : { python: python.pid, java: java.pid };
}

/** How a job tells that its JVM was killed: in the words of Python, where that still had some. */
export const killedJvm: NamedFailure = { activity: 'watchJob', type: ['ProcessLost', 'SparkLost'] };

export function sparkProcess(home: string): SparkProcess {
  const spark = find(home);
  if (spark === undefined) throw new Error(`no resident Spark process of ${home}`);
  return spark;
}

export const countJvms = (home: string): number =>
  processesOf(home).filter(({ command }) => command.includes('PythonGatewayServer')).length;

/** No job goes on, and none ends, while `act` runs. */
export async function whileHeld<T>(spark: SparkProcess, act: () => Promise<T>): Promise<T> {
  process.kill(spark.java, 'SIGSTOP');
  try {
    return await act();
  } finally {
    if (isAlive(spark.java)) process.kill(spark.java, 'SIGCONT');
  }
}

type Shot = {
  readonly home: string;
  /** The command whose job is meant: when it ends first, the shot has missed. */
  readonly running: Promise<unknown>;
  /** Seen from the files of the job. */
  readonly isInTheMiddle: () => boolean;
  readonly victim: (spark: SparkProcess) => number | undefined;
};

/** Kills in the middle of a job, as a crash would; the job cannot end between the look and the shot. */
export async function killInTheMiddle({ home, running, isInTheMiddle, victim }: Shot): Promise<SparkProcess> {
  let ended: { readonly with: unknown } | undefined;
  running.then(
    (result) => (ended = { with: result }),
    (error: unknown) => (ended = { with: error }),
  );
  let spark: SparkProcess | undefined;
  const look = (): SparkProcess | false => {
    // it may be started for this job only
    if (spark === undefined || !isAlive(spark.java)) spark = find(home);
    return spark !== undefined && isInTheMiddle() && spark;
  };
  const aimed = await until('the job is in the middle of its work', () => ended ?? look(), 200_000);
  if ('with' in aimed) throw new Error('the job was over before it was seen', { cause: aimed.with });
  await whileHeld(aimed, async () => {
    if (!isInTheMiddle()) throw new Error('the job ended while it was aimed at');
    const pid = victim(aimed);
    if (pid === undefined) throw new Error('the process to kill is not there');
    await crash(pid);
  });
  return aimed;
}
