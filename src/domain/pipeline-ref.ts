// Makes the reference of a pipeline. Pure.
import type { Pipeline } from '../contracts/pipeline';
import type { ChosenCluster, Definition, PipelineRef, PublishedPipeline } from '../contracts/pipeline-ref';

function withoutShape(cluster: NonNullable<Pipeline['cluster']>): ChosenCluster {
  if (cluster.kind === 'existing') return cluster;
  const { shape: _, ...chosen } = cluster;
  return chosen;
}

export function referTo(pipeline: Pipeline, definition: Definition): PipelineRef {
  const { name, target, maintenance, runtime, timezone, gateWaitSeconds, state, definitionDigest } = pipeline;
  const latestBy = pipeline.sources.find((source) => source.name === pipeline.transform.from)?.latestBy;
  return {
    ...{ definition, name, target, maintenance, runtime, timezone, gateWaitSeconds, state, definitionDigest },
    rules: pipeline.expectations.map(({ name: rule, action, holdAbove }) => ({
      name: rule,
      action,
      ...(holdAbove === undefined ? {} : { holdAbove }),
    })),
    reading: pipeline.sources.map(({ name: source, holdAbove, csv }) => ({
      source,
      ...(holdAbove === undefined ? {} : { holdAbove }),
      ...(csv === undefined ? {} : { delimiter: csv.delimiter }),
    })),
    from: pipeline.transform.from,
    ...(pipeline.cluster === undefined ? {} : { cluster: withoutShape(pipeline.cluster) }),
    ...(latestBy === undefined ? {} : { latestBy }),
  };
}

/** A run that was loaded by an older worker has the whole pipeline in its history. Its gate stays what it was. */
export function asReference(loaded: Pipeline | PipelineRef): PipelineRef {
  if ('definition' in loaded) return loaded;
  const { reading: _, ...older } = referTo(loaded, loaded);
  return older;
}

export const publishedPart = ({ state, definitionDigest, gateWaitSeconds }: PipelineRef): PublishedPipeline => ({
  state,
  definitionDigest,
  gateWaitSeconds,
});
