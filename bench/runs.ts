// What a run costs: the product warm, the same Spark code bare and by cold spark-submit, memory, actions, recovery.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { RunPipelineResult } from '../src/contracts/run';
import { countActions, type ActionCount } from './actions';
import { load, median, note, round, type Bench } from './bench';
import { measureRecovery } from './recovery';
import { eventually, memoryMb, residentStats, root, startDev, type BenchStack } from './stack';

const run = promisify(execFile);

export type RunOptions = {
  readonly rows: number;
  readonly rounds: number;
  /** Folder with a pair of input files; default: a sample is made. */
  readonly raw?: string;
  readonly skip: ReadonlySet<string>;
};

type Round = {
  readonly wall: number;
  readonly seconds: RunPipelineResult['seconds'];
  readonly load: number;
  readonly lake: string;
};

async function pipelineRun(
  stack: BenchStack,
  raw: string,
  lake: string,
  id: string,
): Promise<Round & { workflowId: string }> {
  const since = performance.now();
  const result: RunPipelineResult = await stack.client.workflow.execute('runPipeline', {
    workflowId: `bench/${id}`,
    taskQueue: 'headgate',
    args: [{ pipeline: join(root, 'pipelines', 'customer-sales.yaml'), variables: { RAW: raw, LAKE: lake } }],
  });
  if (result.outcome !== 'committed') throw new Error(`run ${id} ended ${result.outcome}`);
  return {
    wall: (performance.now() - since) / 1000,
    seconds: result.seconds,
    load: load(),
    lake,
    workflowId: `bench/${id}`,
  };
}

function requestsOf(lake: string): string {
  const batches = join(lake, '_headgate', 'customer-sales', 'batches');
  const [digest] = readdirSync(batches);
  return join(batches, digest ?? '');
}

export async function measureRuns({ tools, env, work, figures }: Bench, options: RunOptions): Promise<void> {
  const { rounds, skip } = options;
  figures['rows'] = options.rows;
  figures['rounds'] = rounds;
  const raw = options.raw ?? join(work, 'raw');
  if (options.raw === undefined) {
    note(`sample of ${options.rows} sales …`);
    await run(
      tools.python,
      ['-m', 'headgate_spark.sample', '--out', raw, '--rows', String(options.rows), '--seed', '7'],
      {
        env,
      },
    );
  }

  note('headgate dev: start, warm up …');
  const home = join(work, 'home');
  const stack = await startDev(home);
  let first: Round & { workflowId: string };
  const warm: Round[] = [];
  let actions: ActionCount;
  try {
    figures['commandToWorker'] = round(stack.startSeconds);
    const since = Date.now();
    await eventually(
      'the warm-up of Spark',
      async () => ((await residentStats(home)).warmed ? true : undefined),
      300,
      200,
    );
    figures['workerToWarm'] = round((Date.now() - since) / 1000);
    first = await pipelineRun(stack, raw, join(work, 'lake-1'), 'round-1');
    for (let number = 2; number <= rounds; number += 1) {
      warm.push(await pipelineRun(stack, raw, join(work, `lake-${number}`), `round-${number}`));
      note(`  run ${number}: ${round(warm.at(-1)?.wall ?? 0)} s (load ${load()})`);
    }
    actions = await countActions(stack.client, first.workflowId, `table/${join(first.lake, 'customer_sales')}`);
    const spark = await residentStats(home);
    figures['memoryMb'] = {
      worker: await memoryMb(stack.record().pids.worker ?? 0),
      server: await memoryMb(stack.record().pids.server ?? 0),
      sparkPython: await memoryMb(spark.pid),
      sparkJava: await memoryMb(spark.javaPid),
    };
    if (!skip.has('recovery')) {
      note('kill -9 of the worker under a job …');
      figures['killToWatching'] = await measureRecovery(stack, { python: tools.python, env, work });
    }
  } finally {
    await stack.stop();
  }
  const last = warm.slice(-Math.max(3, Math.floor(rounds / 2))).map(({ wall }) => wall);
  const product = median(last);
  figures['firstRun'] = round(first.wall);
  figures['warmRun'] = round(product);
  figures['firstOverTenth'] = round(first.wall / (warm.at(-1)?.wall ?? Number.NaN), 2);
  figures['phases'] = warm.at(-1)?.seconds;
  figures['temporal'] = actions;

  note('the same Spark code in one warm session …');
  const requests = requestsOf(first.lake);
  const bare = await run(
    tools.python,
    [join(root, 'bench', 'spark', 'rounds.py'), requests, join(work, 'bare'), String(rounds)],
    { env },
  );
  const totals = bare.stdout
    .trim()
    .split('\n')
    .map((line) => (JSON.parse(line) as { total: number }).total);
  const floor = median(totals.slice(-last.length));
  figures['bareWarm'] = round(floor);
  figures['overBare'] = round(product / floor, 2);
  figures['overheadSeconds'] = round(product - floor);

  if (!skip.has('cold')) {
    note('cold spark-submit: fused, then one per job …');
    const submit = join(tools.sparkHome, 'bin', 'spark-submit');
    const classPath = readdirSync(tools.jars)
      .map((jar) => join(tools.jars, jar))
      .join(':');
    const options = [
      ...['--driver-class-path', classPath, '--driver-memory', '2g'],
      ...['--conf', 'spark.driver.extraJavaOptions=-XX:+UseSerialGC -XX:TieredStopAtLevel=1'],
    ];
    const timed = async (script: string, args: readonly string[]): Promise<number> => {
      const since = performance.now();
      await run(submit, [...options, join(root, 'bench', 'spark', script), ...args], { env });
      return (performance.now() - since) / 1000;
    };
    const fused = await timed('rounds.py', [requests, join(work, 'fused'), '1']);
    mkdirSync(join(work, 'separate'));
    const prepare = await timed('one_job.py', [requests, join(work, 'separate'), 'prepare']);
    const commit = await timed('one_job.py', [requests, join(work, 'separate'), 'commit']);
    figures['coldFused'] = round(fused);
    figures['coldSeparate'] = round(prepare + commit);
    figures['overColdFused'] = round(product / fused, 3);
    figures['overColdSeparate'] = round(product / (prepare + commit), 3);
  }
}
