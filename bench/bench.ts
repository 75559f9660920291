// What the parts of the bench share: tools, a work folder, the figures, and how numbers are told.
import { execFile } from 'node:child_process';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { ToolPaths } from '../src/setup/tools';

export const root = join(__dirname, '..');

export type Figure = {
  readonly part: string;
  readonly name: string;
  readonly value: number;
  /** `times`: one thing over another, both measured in this run. */
  readonly unit: 's' | 'MB' | 'KB' | 'times' | '';
  /** The figure should be at most this. Absent: told for information. */
  readonly goal?: number;
};

/** The figure that decides the exit code. */
export const attemptsBeyondFirst = 'activity attempts beyond the first';

export type Bench = {
  readonly tools: ToolPaths;
  readonly env: NodeJS.ProcessEnv;
  /** Heap and cores of every Spark that is measured: the product's settings. */
  readonly spark: { readonly memory: string; readonly cores: number };
  /** Removed at the end. */
  readonly work: string;
  readonly figures: Figure[];
  /** What a figure was made of, by part. */
  readonly details: Record<string, unknown>;
};

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
/** Rounds are still warming up in the first half. */
export const late = (values: readonly number[]): readonly number[] => values.slice(Math.floor(values.length / 2));
export const round = (value: number, digits = 3): number => Number(value.toFixed(digits));
export const load = (): number => round(loadavg()[0] ?? 0, 1);
export const note = (text: string): void => void process.stderr.write(`${text}\n`);

/** Writes a figure down and tells it at once: a bench that is stopped has said what it knew. */
export function tell(bench: Bench, figure: Figure): void {
  const value = round(figure.value);
  bench.figures.push({ ...figure, value });
  note(`  ${figure.name}: ${value}${figure.goal === undefined ? '' : ` (goal: at most ${figure.goal})`}`);
}

export async function python({ tools, env }: Bench, args: readonly string[]): Promise<string> {
  const { stdout } = await promisify(execFile)(tools.python, args, { env });
  return stdout.trim();
}

/** A pair of input files of the shipped pipeline's shape. */
export async function makeSample(bench: Bench, name: string, rows: number): Promise<string> {
  const raw = join(bench.work, name);
  note(`  sample of ${rows} sales …`);
  await python(bench, ['-m', 'headgate_spark.sample', '--out', raw, '--rows', String(rows), '--seed', '7']);
  return raw;
}
