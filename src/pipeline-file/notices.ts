// What is right in a pipeline but may surprise: one sentence each, for validate and for the notices of a batch.
import type { Pipeline } from '../contracts/pipeline';

export function pipelineNotices(pipeline: Pipeline): readonly string[] {
  const { transform, sources } = pipeline;
  const joined = transform.kind === 'columns' ? transform.joins.map((join) => join.source) : [];
  return sources
    .filter(({ name, arrives }) => joined.includes(name) && arrives === 'new-files')
    .map(
      ({ name }) =>
        `Source ${name} is joined and arrives as new-files: a run joins only the files that are new in it. ` +
        'Write arrives: snapshot to join all of them each time.',
    );
}
