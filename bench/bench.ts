// What the parts of the bench share: tools, a work folder, the figures, and how numbers are told.
import { loadavg } from 'node:os';
import type { ToolPaths } from '../src/setup/tools';

export type Bench = {
  readonly tools: ToolPaths;
  readonly env: NodeJS.ProcessEnv;
  /** Removed at the end. */
  readonly work: string;
  /** Name to number or to a small object of numbers. */
  readonly figures: Record<string, unknown>;
};

export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
};
export const round = (value: number, digits = 3): number => Number(value.toFixed(digits));
export const load = (): number => round(loadavg()[0] ?? 0, 1);
export const note = (text: string): void => void process.stderr.write(`${text}\n`);
