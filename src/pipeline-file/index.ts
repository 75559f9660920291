// The way in to pipeline files for activities and the command line.
export type { Allowed } from './allowed';
export { PipelineFileError, type PipelineFileIssue } from './issue';
export { loadPipeline, pipelinePath } from './load-pipeline';
export { pipelineNotices } from './notices';
export { listVariables, parsePipeline } from './parse-pipeline';
export { writePipelineSchema } from './schema-file';
export { looksSecret, type Withhold } from './variables';
