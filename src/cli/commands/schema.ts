// headgate schema: the JSON Schema of pipeline files, to stdout or into a file.
import { writePipelineSchema } from '../../pipeline-file';
import { pipelineJsonSchema } from '../../contracts/pipeline-file-schema';
import { exitCodes, note, out } from '../output';
import { ours } from '../terminal';

export async function schemaCommand(options: { readonly write?: string }): Promise<number> {
  if (options.write === undefined) out(ours(JSON.stringify(pipelineJsonSchema(), null, 2)));
  else {
    await writePipelineSchema(options.write);
    note(`wrote ${options.write}`);
  }
  return exitCodes.done;
}
