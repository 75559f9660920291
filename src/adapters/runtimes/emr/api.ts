// The calls of EMR that jobs need. Implementations: sdk.ts over the SDK, and a fake of the tests.
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
