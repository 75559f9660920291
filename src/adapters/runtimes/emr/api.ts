// The calls of EMR that jobs need, and their errors. Implementations: sdk.ts over the SDK, and a fake of the tests.
import { HeadgateError } from '../../../contracts/errors';
import type { FailureKind } from '../../../contracts/failure';

export type EmrOperation = keyof EmrApi;

export type NewStep = {
  /** At most 256 characters. */
  readonly name: string;
  readonly args: readonly string[];
  /** Where this step's logs go. Default: the cluster's place. */
  readonly logUri?: string;
  readonly executionRole?: string;
};

export type StepView = {
  readonly id: string;
  readonly name: string;
  /** As EMR says it: a word that nobody here knows must come through. */
  readonly state: string;
  readonly args: readonly string[];
  readonly createdMs?: number;
  readonly startedMs?: number;
  readonly reason?: string;
  readonly failure?: { readonly reason?: string; readonly message?: string; readonly logFile?: string };
};

export type ClusterView = {
  readonly state: string;
  readonly reason?: { readonly code?: string; readonly message?: string };
  readonly releaseLabel?: string;
  readonly logUri?: string;
  /** Properties of its `spark-defaults`. */
  readonly sparkDefaults: Readonly<Record<string, string>>;
};

export type StepFilter =
  /** At most ten. */
  { readonly ids: readonly string[] } | { readonly states?: readonly string[] };

/** Every method sends one request, and throws `EmrError` for whatever EMR or the way to it answers. */
export interface EmrApi {
  /** The id of the new step. EMR has no token for it: a second request is a second step. */
  addStep(cluster: string, step: NewStep): Promise<string>;
  /** Newest first, page by page. */
  listSteps(
    cluster: string,
    filter: StepFilter,
    marker?: string,
  ): Promise<{ readonly steps: readonly StepView[]; readonly marker?: string }>;
  describeStep(cluster: string, step: string): Promise<StepView>;
  /** Asks for the end; `kill` does not let the driver finish anything. */
  cancelStep(cluster: string, step: string, how: 'interrupt' | 'kill'): Promise<void>;
  describeCluster(cluster: string): Promise<ClusterView>;
}

/** A call that EMR did not answer well. */
export class EmrError extends HeadgateError {
  readonly operation: EmrOperation;
  /** The request may have been carried out all the same: the answer was lost, or says nothing. */
  readonly mayBeDone: boolean;

  constructor(input: {
    readonly operation: EmrOperation;
    readonly kind: FailureKind;
    readonly type: string;
    readonly cluster: string;
    readonly text: string;
    readonly remedy: string;
    readonly mayBeDone: boolean;
    readonly code?: string;
    readonly cause?: unknown;
  }) {
    const { operation, kind, type, cluster, text, remedy, mayBeDone, code = null, cause } = input;
    const message = `EMR did not answer ${operation} for cluster ${cluster}: ${text}.`;
    super({ kind, type, message, remedy, fields: { operation, cluster, code }, cause });
    this.operation = operation;
    this.mayBeDone = mayBeDone;
  }
}

/** EMR says no to what was asked: the cluster, the step or the request is not as it wants it. */
export const isRefusal = (error: unknown): error is EmrError =>
  error instanceof EmrError && error.type === emrErrorTypes.refused;

export const emrErrorTypes = {
  throttled: 'EmrThrottled',
  denied: 'EmrAccessDenied',
  refused: 'EmrRefused',
  failed: 'EmrFailed',
  credentials: 'NoCredentials',
} as const;
