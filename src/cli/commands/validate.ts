// headgate validate: is the pipeline file right? Nothing is started and nothing is written.
import { pipelineNotices } from '../../pipeline-file';
import type { Config } from '../../workers/config';
import { exitCodes, out, printJson } from '../output';
import { openPipeline, type Variables } from '../variables';
import { paint } from '../terminal';

export async function validateCommand(
  config: Config,
  nameOrFile: string,
  options: { readonly set: Variables; readonly json: boolean },
): Promise<number> {
  const { pipeline } = await openPipeline(config, nameOrFile, options.set);
  const notices = pipelineNotices(pipeline);
  if (options.json) {
    printJson({ valid: true, pipeline, notices });
    return exitCodes.done;
  }
  out(`${paint.green('valid')}  ${pipeline.name}`);
  for (const source of pipeline.sources) {
    out(`  source  ${source.name}: ${source.format}, ${source.arrives}, ${source.path}, key ${source.key.join(', ')}`);
  }
  out(`  table   ${pipeline.target.table}, key ${pipeline.target.key.join(', ')}`);
  if (pipeline.target.partitionBy.length > 0) out(`          partitioned by ${pipeline.target.partitionBy.join(', ')}`);
  out(`  state   ${pipeline.state}`);
  for (const notice of notices) out(`  ${paint.yellow('note')}    ${notice}`);
  return exitCodes.done;
}
