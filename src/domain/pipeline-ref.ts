// Makes the reference of a pipeline. Pure.
import type { Pipeline } from '../contracts/pipeline';
import type { Definition, PipelineRef, PublishedPipeline } from '../contracts/pipeline-ref';

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
    ...(latestBy === undefined ? {} : { latestBy }),
  };
}

/** A run that was loaded by an older worker has the whole pipeline in its history. */
export const asReference = (loaded: Pipeline | PipelineRef): PipelineRef =>
  'definition' in loaded ? loaded : referTo(loaded, loaded);

export const publishedPart = ({ state, definitionDigest, gateWaitSeconds }: PipelineRef): PublishedPipeline => ({
  state,
  definitionDigest,
  gateWaitSeconds,
});
