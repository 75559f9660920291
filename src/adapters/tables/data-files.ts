// Asks headgate_spark.data_files whether the files of a table are all there. Only looks; one short process per call.
import { z } from 'zod';
import { askPython, type PythonRuntime } from './ask-python';

const answer = z.object({
  version: z.int(),
  files: z.int(),
  bytes: z.number(),
  /** Files that are not there, or not of their size. */
  wrong: z.int(),
  /** The first of them. */
  shown: z.array(z.object({ path: z.string(), size: z.number(), found: z.number().nullable() })),
});
export type DataFiles = z.infer<typeof answer>;

/** Throws as `askPython` does. */
export async function checkDataFiles(runtime: PythonRuntime, table: string): Promise<DataFiles> {
  const [line] = await askPython(runtime, 'headgate_spark.data_files', {}, table);
  return answer.parse(line);
}
