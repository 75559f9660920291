// kill -9 of the worker under a running job: how long until a new worker watches the same job.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { eventually, root, type BenchStack } from './stack';

const run = promisify(execFile);
/** Long enough to be killed in, also warm. */
const rows = '1000000';

type Tools = { readonly python: string; readonly env: NodeJS.ProcessEnv; readonly work: string };

export async function measureRecovery(stack: BenchStack, { python, env, work }: Tools): Promise<number> {
  const raw = join(work, 'raw-large');
  await run(python, ['-m', 'headgate_spark.sample', '--out', raw, '--rows', rows, '--seed', '8'], { env });
  const handle = await stack.client.workflow.start('runPipeline', {
    workflowId: 'bench/recovery',
    taskQueue: 'headgate',
    args: [
      {
        pipeline: join(root, 'pipelines', 'customer-sales.yaml'),
        variables: { RAW: raw, LAKE: join(work, 'lake-large') },
      },
    ],
  });
  const watching = async (attempt: number): Promise<true | undefined> => {
    const { raw: description } = await handle.describe();
    const watch = description.pendingActivities?.find(({ activityType }) => activityType?.name === 'watchJob');
    return watch !== undefined && (watch.attempt ?? 1) >= attempt && watch.state === 2 && watch.lastHeartbeatTime
      ? true
      : undefined;
  };
  await eventually('the job', () => watching(1));
  const { worker } = stack.record().pids;
  if (worker === undefined) throw new Error('no worker to kill');
  process.kill(worker, 'SIGKILL');
  const since = performance.now();
  await eventually('a worker that watches again', () => watching(2));
  const seconds = (performance.now() - since) / 1000;
  await handle.result();
  return Number(seconds.toFixed(2));
}
