// The JSON Schema of pipeline files on disk, for editors.
import { writeFile } from 'node:fs/promises';
import { pipelineJsonSchema } from '../contracts/pipeline-file-schema';

/** Generates the schema anew; the file is committed, and a test compares it. */
export async function writePipelineSchema(path = 'pipelines/pipeline.schema.json'): Promise<void> {
  await writeFile(path, `${JSON.stringify(pipelineJsonSchema(), null, 2)}\n`);
}
