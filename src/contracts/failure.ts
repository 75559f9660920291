// Failure kinds, named after what happens next. One table, used by both languages.

export const failureKinds = {
  /** The input is wrong: stop, a person must look at the data. */
  data: { terminal: true },
  /** The pipeline, the worker or the request is wrong: stop. */
  config: { terminal: true },
  /** Access was refused: stop. */
  permission: { terminal: true },
  /** A frozen file changed or vanished before it was read: freeze a new batch. */
  'inputs-changed': { terminal: true },
  /** A service asked to slow down: retry later. */
  throttle: { terminal: false },
  /** A process, machine or network broke: retry. */
  infrastructure: { terminal: false },
  /** Another writer was faster: retry with a fresh read. */
  conflict: { terminal: false },
  /** Out of memory: retry with more, or stop and say so. */
  memory: { terminal: false },
  /** Someone asked for it: stop. */
  cancelled: { terminal: true },
  /** Not in this table: loud, and retried a bounded number of times. */
  unknown: { terminal: false },
} as const satisfies Record<string, { terminal: boolean }>;

export type FailureKind = keyof typeof failureKinds;

/** What is known of a failure wherever it came from: enough to tell a person, and to decide what happens next. */
export type FailureSummary = {
  readonly kind: FailureKind;
  /** Stable name, e.g. `MissingColumn`, `InputChanged`. */
  readonly type: string;
  /** Problem and cause, one or two sentences. */
  readonly message: string;
  readonly remedy: string;
  /** The values in the message: file, line, column, … */
  readonly fields: Readonly<Record<string, string | number | boolean | null>>;
};
