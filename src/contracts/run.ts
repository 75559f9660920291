// Inputs, results and views of the workflows. Plain data; every input field is optional so that `{}` works from the UI.
import type { Digest } from './ids';
import type { Interval } from './batch';
import type { Phase, RunOutcome } from './kinds';
import type { QuarantinedRows, SourceFates } from './run-record-schema';

export { phases, type Phase, type RunOutcome } from './kinds';
export type {
  QuarantinedRows,
  RunCost,
  RunPipelineResult,
  RunRows,
  SourceFate,
  SourceFates,
} from './run-record-schema';

export type RunPipelineInput = {
  /** Name in the worker's pipeline folder, or a path that the worker allows. Default: the worker's default pipeline. */
  readonly pipeline?: string;
  /** Values for `${…}` in the pipeline file; they win over what the worker gives. Never put secrets here. */
  readonly variables?: Readonly<Record<string, string>>;
  /** Where relative paths in the pipeline file start. Default: the worker's working directory. */
  readonly folder?: string;
  /** Interval to run for, e.g. `2026-11-23`, `2026-11`, `2026-11-23T05`. Default: the last complete one. */
  readonly interval?: string;
  /** Take the files again although they are in the table: the MERGE is made anew. Default false. */
  readonly redo?: boolean;
};

export type GateVerdict = {
  readonly decision: 'approve' | 'reject';
  readonly by: string;
  readonly why: string;
};

export type CancelRequest = { readonly by: string; readonly why: string };

export type PhaseState = 'waiting' | 'running' | 'held' | 'done' | 'skipped' | 'failed';

/** What became of the rows before anything reached the table: `staged` of the `read` rows of the driving source would. */
export type PreparedRows = {
  readonly read: number;
  readonly staged: number;
  readonly sources: SourceFates;
  readonly quarantine?: QuarantinedRows;
};

/** What the query `progress` answers, and what the run sheet is drawn from. */
export type RunProgress = {
  readonly pipeline?: string;
  readonly table?: string;
  readonly digest?: Digest;
  readonly interval?: Interval;
  readonly files?: number;
  readonly bytes?: number;
  readonly phases: readonly {
    readonly phase: Phase;
    readonly state: PhaseState;
    readonly seconds?: number;
    readonly note?: string;
  }[];
  /** What prepare made of the batch; from then on. */
  readonly prepared?: PreparedRows;
  /** Why a person is asked, while the gate is held. */
  readonly held?: readonly string[];
  readonly outcome?: RunOutcome;
};
