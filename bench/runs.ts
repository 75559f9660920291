// What a run costs beside the same work by hand, in turn on one machine: the seed pair, bad rows, many files, cold starts.
import { execFile } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { countActions } from './actions';
import { late, load, makeSample, median, note, python, root, round, tell, type Bench } from './bench';
import { measureDiscovery } from './discovery';
import { createDuck, createHand, type Inputs, type Peer, type PeerRun } from './peer';
import { runOnce, shippedPipeline, type Run } from './product';
import { measureRecovery } from './recovery';
import { memoryMb, residentStats, withStack, type BenchStack } from './stack';

export const runParts = ['pair', 'bad', 'files', 'cold', 'recovery', 'discovery'] as const;

export type RunOptions = {
  readonly rows: number;
  readonly rounds: number;
  /** Files of the many: as many as the rows are spread over. */
  readonly files: number;
  /** Folder with a pair of input files; default: a sample is made. */
  readonly raw?: string;
};

/** As many as a table of some years has seen. */
const committedFiles = 100_000;

type Session = {
  readonly bench: Bench;
  readonly stack: BenchStack;
  readonly options: RunOptions;
  /** The pair of input files. */
  readonly raw: string;
  readonly hand: Peer;
};

type Pairing = { readonly id: string; readonly inputs: Inputs; readonly pipeline?: string; readonly rounds: number };
type Compared = { readonly product: readonly Run[]; readonly hand: readonly PeerRun[] };

const walls = ({ product }: Compared): readonly number[] => product.map(({ wall }) => wall);
const handSeconds = ({ hand }: Compared): readonly number[] => hand.map(({ seconds }) => seconds);
const warm = (values: readonly number[]): number => median(late(values));
const perHand = (compared: Compared): number => warm(walls(compared)) / warm(handSeconds(compared));

/** One after the other, each the first in half of the rounds: a machine that slows down slows both. */
async function inTurn(session: Session, { id, inputs, pipeline, rounds }: Pairing): Promise<Compared> {
  const { bench, stack, hand } = session;
  const product: Run[] = [];
  const byHand: PeerRun[] = [];
  const ours = async (number: number): Promise<void> => {
    const lake = join(bench.work, `lake-${id}-${number}`);
    const request = { id: `${id}-${number}`, raw: inputs.raw, lake };
    product.push(await runOnce(stack.client, pipeline === undefined ? request : { ...request, pipeline }));
  };
  const theirs = async (number: number): Promise<void> => {
    byHand.push(await hand.run(inputs, join(bench.work, `hand-${id}-${number}`)));
  };
  for (let number = 1; number <= rounds; number += 1) {
    // The very first run of a stack is a figure of its own: nothing else runs yet.
    for (const side of number % 2 === 1 ? [ours, theirs] : [theirs, ours]) await side(number);
    const [run, peer] = [product.at(-1), byHand.at(-1)];
    note(`  ${id} ${number}: ${round(run?.wall ?? 0)} s, by hand ${round(peer?.seconds ?? 0)} s (load ${load()})`);
  }
  return { product, hand: byHand };
}

/** Hand and product must have done the same: `lost` are rows that only one of them may have left out. */
function checkRows({ product, hand }: Compared, lost = 0): void {
  const [ours = Number.NaN, theirs = Number.NaN] = [product.at(-1)?.result.rows?.inserted, hand.at(-1)?.rows];
  if (!(Math.abs(ours - theirs) <= lost)) throw new Error(`a table of ${ours} rows, by hand of ${theirs}`);
}

async function measurePair(session: Session): Promise<void> {
  const { bench, stack, options } = session;
  const part = 'pair';
  const compared = await inTurn(session, {
    id: part,
    inputs: { raw: session.raw, format: 'csv' },
    rounds: options.rounds,
  });
  checkRows(compared);
  const { product } = compared;
  const [first] = product;
  if (first === undefined) throw new Error('a pair needs at least one round');
  const beside = warm(product.map(({ wall, spark }) => wall - spark));
  const worker = await memoryMb(stack.record().pids.worker ?? 0);
  const temporal = await countActions(stack.client, first.workflowId, first.keeper);
  tell(bench, { part, name: 'warm run, by hand', value: warm(handSeconds(compared)), unit: 's' });
  tell(bench, { part, name: 'warm run', value: warm(walls(compared)), unit: 's' });
  tell(bench, { part, name: 'warm run over hand', value: perHand(compared), unit: 'times', goal: 1.25 });
  tell(bench, { part, name: 'beside its Spark jobs', value: beside, unit: 's', goal: 0.3 });
  const firstOver = first.wall / warm(walls(compared));
  tell(bench, { part, name: 'first run after a start over a warm one', value: firstOver, unit: 'times', goal: 2.5 });
  tell(bench, { part, name: 'memory of the worker', value: worker, unit: 'MB', goal: 180 });
  tell(bench, { part, name: 'Temporal actions of a run', value: temporal.actions, unit: '', goal: 30 });
  tell(bench, { part, name: 'history events of a run', value: temporal.events, unit: '', goal: 150 });
  tell(bench, { part, name: 'history of a run', value: temporal.bytes / 1024, unit: 'KB', goal: 16 });
  const spark = await residentStats(stack.home);
  bench.details[part] = {
    rows: options.rows,
    commandToWorker: round(stack.startSeconds),
    workerToWarm: round(stack.warmSeconds),
    walls: walls(compared).map((seconds) => round(seconds)),
    hand: handSeconds(compared),
    phases: product.at(-1)?.result.seconds,
    temporal,
    memoryMb: {
      worker,
      server: await memoryMb(stack.record().pids.server ?? 0),
      sparkPython: await memoryMb(spark.pid),
      sparkJava: await memoryMb(spark.javaPid),
    },
  };
  await measureDuck(bench, part, { raw: session.raw, format: 'csv' }, options.rounds);
}

export async function measureDuck(bench: Bench, part: string, inputs: Inputs, rounds: number): Promise<void> {
  const hasDuck = await python(bench, ['-c', 'import duckdb']).then(
    () => true,
    () => false,
  );
  if (!hasDuck) {
    note('  DuckDB is not installed (it is one of the test packages): its time is left out');
    return;
  }
  const duck = createDuck(bench);
  try {
    const seconds: number[] = [];
    for (let number = 1; number <= rounds; number += 1) {
      seconds.push((await duck.run(inputs, join(bench.work, `duck-${part}-${number}`))).seconds);
    }
    tell(bench, { part, name: 'the same by DuckDB and delta-rs', value: warm(seconds), unit: 's' });
  } finally {
    await duck.stop();
  }
}

/** Each a hundredth of these kinds in equal parts; all but the last are lost by hand. */
const badKinds = [
  ...['bad-number', 'bad-date', 'overflow', 'too-few-fields', 'too-many-fields', 'null-key'],
  'negative-amount',
];

async function measureBad(session: Session): Promise<void> {
  const { bench, options } = session;
  const part = 'bad';
  const raw = await makeSample(bench, 'raw-bad', options.rows);
  const ofEach = Math.max(1, Math.round(options.rows / 100 / badKinds.length));
  const parts = badKinds.flatMap((kind) => ['--part', `${kind}:${ofEach}`]);
  const sample = ['-m', 'headgate_spark.sample', '--out', raw, '--rows', String(options.rows), '--seed', '7'];
  await python(bench, [...sample, ...parts]);
  const compared = await inTurn(session, { id: part, inputs: { raw, format: 'csv' }, rounds: options.rounds });
  checkRows(compared, ofEach);
  const aside = compared.product.at(-1)?.result.rows?.quarantined;
  if (aside !== ofEach * badKinds.length) throw new Error(`${ofEach * badKinds.length} bad rows, ${aside} aside`);
  tell(bench, { part, name: '1 % bad rows, over hand', value: perHand(compared), unit: 'times', goal: 1.35 });
  bench.details[part] = {
    bad: aside,
    walls: walls(compared).map((seconds) => round(seconds)),
    hand: handSeconds(compared),
  };
}

/** The shipped pipeline with sales in Parquet. */
function parquetPipeline(folder: string): string {
  const shipped = readFileSync(shippedPipeline, 'utf8');
  const file = join(folder, 'parquet.yaml');
  writeFileSync(
    file,
    shipped
      .replace('sales_data*.csv', 'sales_data*.parquet')
      .replace('format: csv', 'format: parquet')
      .replace('date dd-MM-yyyy', 'date'),
  );
  return file;
}

async function measureFiles(session: Session): Promise<void> {
  const { bench, options } = session;
  const part = 'files';
  const rounds = Math.max(2, Math.ceil(options.rounds / 2));
  for (const format of ['csv', 'parquet'] as const) {
    const compared: Compared[] = [];
    for (const files of [1, options.files]) {
      const raw = join(bench.work, `raw-${format}-${files}`);
      await python(bench, [join(root, 'bench', 'spark', 'inputs.py'), session.raw, raw, format, String(files)]);
      const pairing = { id: `${format}-${files}`, inputs: { raw, format }, rounds };
      const pipeline = format === 'parquet' ? { pipeline: parquetPipeline(bench.work) } : {};
      compared.push(await inTurn(session, { ...pairing, ...pipeline }));
    }
    const [one, many] = compared;
    if (one === undefined || many === undefined) throw new Error('two inputs make two comparisons');
    for (const each of compared) checkRows(each);
    const name = `${options.files} files over one, ${format}`;
    tell(bench, { part, name, value: warm(walls(many)) / warm(walls(one)), unit: 'times', goal: 1.3 });
    const byHand = warm(handSeconds(many)) / warm(handSeconds(one));
    tell(bench, { part, name: `${name}, by hand`, value: byHand, unit: 'times' });
    tell(bench, { part, name: `${options.files} files of ${format}, over hand`, value: perHand(many), unit: 'times' });
    bench.details[`${part}-${format}`] = {
      one: { walls: walls(one).map((seconds) => round(seconds)), hand: handSeconds(one) },
      many: { walls: walls(many).map((seconds) => round(seconds)), hand: handSeconds(many) },
    };
  }
}

/** The product's own jobs as a scheduler without a warm process runs them. */
async function measureCold({ bench, stack, raw }: Session): Promise<void> {
  const { tools, env, work, spark } = bench;
  const part = 'cold';
  const runs: Run[] = [];
  for (let number = 1; number <= 3; number += 1) {
    const id = `${part}-${number}`;
    runs.push(await runOnce(stack.client, { id, raw, lake: join(work, `lake-${id}`) }));
  }
  const product = median(runs.map(({ wall }) => wall));
  const requests = runs.at(-1)?.batch ?? '';
  const classPath = readdirSync(tools.jars).map((jar) => join(tools.jars, jar));
  const options = [
    ...['--driver-class-path', classPath.join(':'), '--driver-memory', spark.memory],
    ...['--conf', 'spark.driver.extraJavaOptions=-XX:+UseSerialGC -XX:TieredStopAtLevel=1'],
  ];
  const timed = async (folder: string, ...jobs: readonly string[]): Promise<number> => {
    const since = performance.now();
    const script = join(root, 'bench', 'spark', 'submit.py');
    const args = [...options, script, requests, join(work, folder), ...jobs];
    await promisify(execFile)(join(tools.sparkHome, 'bin', 'spark-submit'), args, { env });
    return (performance.now() - since) / 1000;
  };
  const fused = await timed('fused', 'prepare', 'commit');
  const separate = (await timed('separate', 'prepare')) + (await timed('separate', 'commit'));
  tell(bench, { part, name: 'one cold spark-submit of both jobs', value: fused, unit: 's' });
  tell(bench, { part, name: 'warm run over one cold spark-submit', value: product / fused, unit: 'times', goal: 0.2 });
  tell(bench, { part, name: 'warm run over one per job', value: product / separate, unit: 'times' });
}

export async function measureRuns(bench: Bench, options: RunOptions, chosen: ReadonlySet<string>): Promise<void> {
  const raw = options.raw ?? (await makeSample(bench, 'raw', options.rows));
  await withStack(bench, 'runs', async (stack) => {
    const hand = createHand(bench);
    const session: Session = { bench, stack, options, raw, hand };
    const measures = {
      pair: measurePair,
      bad: measureBad,
      files: measureFiles,
      cold: measureCold,
      recovery: measureRecovery,
      discovery: () => measureDiscovery(bench, stack, committedFiles),
    } satisfies Record<(typeof runParts)[number], (session: Session) => Promise<void>>;
    try {
      for (const part of runParts) {
        if (!chosen.has(part)) continue;
        note(`${part} …`);
        await measures[part](session);
      }
    } finally {
      await hand.stop();
    }
  });
}
