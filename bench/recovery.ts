// kill -9 of the worker under a running job: how long until a new worker watches the same job.
import { join } from 'node:path';
import { keeperWorkflowId } from '../src/contracts/names';
import { makeSample, note, tell, type Bench } from './bench';
import { shippedPipeline } from './product';
import { eventually, type BenchStack } from './stack';

/** Long enough to be killed in, also warm. */
const rows = 1_000_000;

export async function measureRecovery({ bench, stack }: { readonly bench: Bench; readonly stack: BenchStack }) {
  const raw = await makeSample(bench, 'raw-recovery', rows);
  const lake = join(bench.work, 'lake-recovery');
  const workflowId = 'bench/recovery';
  stack.provoked.add(workflowId).add(keeperWorkflowId(join(lake, 'customer_sales')));
  const handle = await stack.client.workflow.start('runPipeline', {
    workflowId,
    taskQueue: 'headgate',
    args: [{ pipeline: shippedPipeline, variables: { RAW: raw, LAKE: lake } }],
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
  note(`  kill -9 of worker ${worker} under a job …`);
  process.kill(worker, 'SIGKILL');
  const since = performance.now();
  await eventually('a worker that watches again', () => watching(2));
  const seconds = (performance.now() - since) / 1000;
  await handle.result();
  const name = 'kill -9 of the worker until a job is watched again';
  tell(bench, { part: 'recovery', name, value: seconds, unit: 's', goal: 6 });
}
