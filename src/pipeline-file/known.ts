// What the schema has read before, read again.
import type { Parsed } from '../contracts/pipeline-file-notation';

/** The schema has parsed the text before; a problem here is a fault of ours. */
export function known<T>(parsed: Parsed<T>): T {
  if ('value' in parsed) return parsed.value;
  throw new Error(`a checked text could not be read again: ${parsed.problem}`);
}
