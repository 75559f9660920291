// The one identity of a pipeline's places: whoever loads a pipeline names table and state as everybody else does.
import { parseTableUri } from '../contracts/ids';
import { defaultStateRoot } from '../contracts/layout';
import type { Pipeline } from '../contracts/pipeline';

/** Knows the one name of a place: what a store knows. */
export interface Places {
  canonical(path: string): Promise<string>;
}

/** A state folder that nobody chose lies beside the table, whatever name the table was called by. */
export async function withCanonicalPlaces(pipeline: Pipeline, places: Places): Promise<Pipeline> {
  const { name, target, state } = pipeline;
  const table = parseTableUri(await places.canonical(target.table));
  const chosen = state === defaultStateRoot(target.table, name) ? defaultStateRoot(table, name) : state;
  return { ...pipeline, target: { ...target, table }, state: await places.canonical(chosen) };
}
