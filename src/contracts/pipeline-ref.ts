// What of a pipeline travels through workflow history: where its definition lies, and what decisions need of it.
import type { ClusterChoice } from './cluster-shape';
import type { Expectation, Pipeline } from './pipeline';

/** Path of the definition in the state folder; runs that are older than such files carry the pipeline itself. */
export type Definition = string | Pipeline;

export type GateRule = Pick<Expectation, 'name' | 'action' | 'holdAbove'>;

/** Of one source: how many of its rows may be put aside by reading, and what a hint needs to know of its files. */
export type ReadingRule = {
  readonly source: string;
  readonly holdAbove?: number;
  /** Of CSV files. */
  readonly delimiter?: string;
};

export type ChosenCluster =
  | Exclude<ClusterChoice, { readonly shape: unknown }>
  | Omit<Extract<ClusterChoice, { readonly kind: 'per-run' }>, 'shape'>
  | Omit<Extract<ClusterChoice, { readonly kind: 'pool' }>, 'shape'>;

/** All that the end of a run needs. */
export type PublishedPipeline = Pick<Pipeline, 'state' | 'definitionDigest' | 'gateWaitSeconds'>;

export type PipelineRef = PublishedPipeline &
  Pick<Pipeline, 'name' | 'target' | 'maintenance' | 'runtime' | 'timezone'> & {
    readonly definition: Definition;
    /** Which cluster; what it is made of stays in the definition. */
    readonly cluster?: ChosenCluster;
    readonly rules: readonly GateRule[];
    /** One of each source. Runs that are older than this gate have none, and pass it. */
    readonly reading?: readonly ReadingRule[];
    /** The source that drives; runs that are older than the fates of all sources do not know it. */
    readonly from?: string;
    /** Column that orders versions of a row in the table: that of the driving source. */
    readonly latestBy?: string;
  };
