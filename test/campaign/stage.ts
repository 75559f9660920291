// Where a trial is played: the product in its cheap or its whole form, as its users meet it.
import type { Row } from './model';

/** What a user asks for. */
export type Ask = {
  readonly pipelineFile: string;
  readonly set: Readonly<Record<string, string>>;
  readonly interval?: string;
  readonly redo: boolean;
  /** `cli`: headgate run. `ui`: started from Temporal under an id of its own. */
  readonly by: 'cli' | 'ui';
};

/** What the user is told at the end. */
export type Told = {
  readonly outcome: 'committed' | 'nothing-new' | 'held' | 'rejected' | 'failed' | 'cancelled' | 'terminated' | 'hangs';
  readonly run: string;
  readonly table?: { readonly path: string; readonly version?: number };
  readonly rows?: { readonly inserted: number; readonly updated: number };
  readonly digest?: string;
  /** Type and text of a failure, as it is shown. */
  readonly failure?: { readonly kind: string; readonly type: string; readonly text: string };
  /** From start to end, in the time of the server. */
  readonly waitedSeconds: number;
};

/** `run`: its id, when it is known before the end. */
export type Started = { readonly told: Promise<Told>; readonly run?: string };

/** One version of a table as its log tells it. */
export type Version = {
  readonly digest: string | undefined;
  readonly inserted: number;
  readonly updated: number;
  /** A later RESTORE took it back. */
  readonly isUndone: boolean;
};

/** The place itself is broken, so that the trial tells nothing of the product. */
export class StageLost extends Error {}

export interface Stage {
  start(ask: Ask): Promise<Started>;
  /** A start with any input at all, as the Temporal UI allows it. */
  startWith(input: unknown): Promise<Started>;
  /** To the run's end, or until it is held; lets time pass when nothing else would help. */
  end(started: Started): Promise<Told>;
  decide(run: string, decision: 'approve' | 'reject'): Promise<Told>;
  /** Of the run that was started last and is open. */
  cancel(): Promise<void>;
  terminate(): Promise<void>;
  endKeepers(): Promise<void>;
  moveClock(ms: number): void;
  rows(table: string): Promise<readonly Row[]>;
  version(table: string, version: number): Promise<Version | undefined>;
  newestVersion(table: string): Promise<number>;
  restore(table: string, version: number): Promise<void>;
  /** By another program. */
  append(table: string, id: string): Promise<void>;
  /** By another program: a setting, and no rows. */
  alter(table: string): Promise<void>;
  /** What happens to a table at this moment a run still sees before it tells of its end. */
  isSeen(moment: string): boolean;
  /** Another team's table, made anew at the place. */
  replace(table: string, id: string): Promise<void>;
  /** Jobs that have not ended, as far as the stage can see them. */
  openJobs(): readonly string[];
  /** What goes on although nobody waits for it any more; empty when all is quiet. */
  leftovers(): Promise<readonly string[]>;
  close(): Promise<void>;
}
