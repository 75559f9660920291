// What runtimes differ in, as far as workflows and activities must know. One row each: a new runtime compiles with its answers.
import type { RuntimeName } from './pipeline';

export type RuntimeTraits = {
  /**
   * What the runtime tells of its jobs may lag so long, and no submit takes longer. A job that was asked for, or that it
   * suddenly does not know, is looked for until then: it is neither lost nor asked for again.
   */
  readonly settlingSeconds: number;
  /** Between two looks at a job lies a tenth of its age, within these bounds. */
  readonly pollSeconds: { readonly shortest: number; readonly longest: number };
  /** A watcher that says nothing so long is dead. It beats four times as often. */
  readonly heartbeatSeconds: number;
  /** Most that a submit takes, with the start of what runs the job. */
  readonly startSeconds: number;
  /** A job lives on the host of the worker that submitted it, and no other worker can ask for it. */
  readonly hostBound: boolean;
  /** Sizes that a job can have: 1 is as configured, each further one has twice the memory. */
  readonly largestSize: number;
};

/** A worker that says nothing so long is dead, and what it did is begun again elsewhere. It beats four times as often. */
export const silentWorkerSeconds = 4;

const cloud = {
  settlingSeconds: 120,
  pollSeconds: { shortest: 5, longest: 60 },
  heartbeatSeconds: 60,
  startSeconds: 300,
  hostBound: false,
  largestSize: 3,
} as const;

export const runtimeTraits = {
  local: {
    settlingSeconds: 0,
    pollSeconds: { shortest: 1, longest: 1 },
    heartbeatSeconds: silentWorkerSeconds,
    startSeconds: 300,
    hostBound: true,
    largestSize: 1,
  },
  emr: {
    // A submit is sent within 60 s or not at all, its answer takes 20 s at most; the rest is for lists that tell late.
    settlingSeconds: 120,
    // Of one look at all jobs of a cluster.
    pollSeconds: { shortest: 5, longest: 60 },
    heartbeatSeconds: 30,
    startSeconds: 300,
    hostBound: false,
    largestSize: 3,
  },
  'emr-serverless': cloud,
  databricks: cloud,
} as const satisfies Record<RuntimeName, RuntimeTraits>;
