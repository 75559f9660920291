// Large input and long life, each on a stack of its own: five million rows at once, and sixty runs in a row.
import { join } from 'node:path';
import { late, load, makeSample, median, note, round, tell, type Bench } from './bench';
import { createHand } from './peer';
import { runOnce } from './product';
import { measureDuck } from './runs';
import { memoryMb, residentStats, withStack } from './stack';

/** What the JVM may take beside its heap: classes, code, direct memory, the collector's tables. MB. */
const besideHeap = 1.4 * 1024;

export function heapMb(memory: string): number {
  const [, size = '', unit] = /^(\d+)([gm])$/.exec(memory) ?? [];
  return Number(size) * (unit === 'g' ? 1024 : 1);
}

/** The first run of a session of each, one after the other, so that neither lies in the other's memory. */
export async function measureLarge(bench: Bench, rows: number): Promise<void> {
  const part = 'large';
  const raw = await makeSample(bench, 'raw-large', rows);
  let wall = Number.NaN;
  let inserted: number | undefined;
  await withStack(bench, part, async (stack) => {
    const run = await runOnce(stack.client, { id: part, raw, lake: join(bench.work, 'lake-large') });
    wall = run.wall;
    inserted = run.result.rows?.inserted;
    bench.details[part] = { rows, phases: run.result.seconds, load: load() };
    tell(bench, { part, name: `${rows} rows, first run`, value: wall, unit: 's' });
    const { javaPid } = await residentStats(stack.home);
    const most = heapMb(bench.spark.memory) + besideHeap;
    tell(bench, {
      part,
      name: `memory of Java after ${rows} rows`,
      value: await memoryMb(javaPid),
      unit: 'MB',
      goal: most,
    });
  });
  const hand = createHand(bench);
  try {
    const inputs = { raw, format: 'csv' } as const;
    const first = await hand.run(inputs, join(bench.work, 'hand-large-1'));
    if (first.rows !== inserted) throw new Error(`a table of ${inserted} rows, by hand of ${first.rows}`);
    tell(bench, { part, name: `${rows} rows, first run by hand`, value: first.seconds, unit: 's' });
    tell(bench, { part, name: 'large run over hand', value: wall / first.seconds, unit: 'times', goal: 1.15 });
    // The product warms itself before its first run; nobody does that by hand, and this tells what it hides.
    const second = await hand.run(inputs, join(bench.work, 'hand-large-2'));
    tell(bench, { part, name: 'large run over a second one by hand', value: wall / second.seconds, unit: 'times' });
  } finally {
    await hand.stop();
  }
  await measureDuck(bench, part, { raw, format: 'csv' }, 1);
}

/** Whether a resident process grows with what it did: each run is into a table of its own. */
export async function measureSoak(
  bench: Bench,
  options: { readonly rows: number; readonly runs: number },
): Promise<void> {
  const part = 'soak';
  const raw = await makeSample(bench, 'raw-soak', options.rows);
  await withStack(bench, part, async (stack) => {
    const java: number[] = [];
    const python: number[] = [];
    for (let number = 1; number <= options.runs; number += 1) {
      const run = await runOnce(stack.client, {
        id: `${part}-${number}`,
        raw,
        lake: join(bench.work, `soak-${number}`),
      });
      const { pid, javaPid } = await residentStats(stack.home);
      java.push(await memoryMb(javaPid));
      python.push(await memoryMb(pid));
      note(
        `  run ${number}: ${round(run.wall)} s, Java ${java.at(-1)} MB, Python ${python.at(-1)} MB (load ${load()})`,
      );
    }
    const growth = (values: readonly number[]): number => (values.at(-1) ?? 0) / (values[9] ?? late(values)[0] ?? 0);
    const over = `after ${options.runs} runs over the tenth`;
    tell(bench, { part, name: `memory of Java ${over}`, value: growth(java), unit: 'times', goal: 1.1 });
    tell(bench, { part, name: `memory of Python ${over}`, value: growth(python), unit: 'times', goal: 1.1 });
    bench.details[part] = { java, python, median: median(java) };
  });
}
