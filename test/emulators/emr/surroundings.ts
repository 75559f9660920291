// What a cluster has around it: time, what runs its steps, where its logs go, and what shall go wrong.
import type { Clock } from './clock';
import type { LogStore, StepExecutor } from './executor';
import type { Switches } from './switches';

export type Timings = {
  readonly startMs: number;
  readonly bootstrapMs: number;
  readonly terminateMs: number;
  /** A minute of Spot's provisioning time-out. */
  readonly spotMinuteMs: number;
  /** A second of auto-termination's idle time. */
  readonly idleSecondMs: number;
  /** From a machine's loss until another runs. */
  readonly replaceMs: number;
  /** From the end of a step until its logs are on S3. */
  readonly logMs: number;
};

export type Surroundings = {
  readonly clock: Clock;
  readonly timings: Timings;
  readonly executor: StepExecutor;
  readonly logs: LogStore;
  readonly switches: Switches;
  readonly region: string;
  readonly account: string;
};
