// Resolved pipelines in the state folder, each named by its content: every activity of a run reads the very same one,
// whatever became of the YAML file. They are small and stay.
//   keepDefinition(pipeline, store): Promise<PipelineRef>      readDefinition(definition, store): Promise<Pipeline>
import { HeadgateError } from '../contracts/errors';
import { definitionPath } from '../contracts/layout';
import type { Pipeline } from '../contracts/pipeline';
import type { Definition, PipelineRef } from '../contracts/pipeline-ref';
import { referTo } from '../domain/pipeline-ref';
import { currentSettings } from '../domain/upkeep/settings';
import type { ObjectStore } from './ports';
import { sha256 } from './sha256';

const nameOf = (text: string): string => sha256(text).slice(0, 32);

/** The name has proved that a worker wrote it. */
const isPipeline = (value: unknown): value is Pipeline =>
  typeof value === 'object' && value !== null && 'definitionDigest' in value;

export async function keepDefinition(
  pipeline: Pipeline,
  store: Pick<ObjectStore, 'readText' | 'writeText'>,
): Promise<PipelineRef> {
  const text = `${JSON.stringify(pipeline, null, 2)}\n`;
  const path = definitionPath(pipeline.state, nameOf(text));
  // Under this name only this text is right: a damaged one is repaired.
  if ((await store.readText(path)) !== text) await store.writeText(path, text);
  return referTo(pipeline, path);
}

export async function readDefinition(definition: Definition, store: Pick<ObjectStore, 'readText'>): Promise<Pipeline> {
  if (typeof definition !== 'string') return { ...definition, maintenance: currentSettings(definition.maintenance) };
  const text = await store.readText(definition);
  if (text !== undefined && definition.endsWith(`/${nameOf(text)}.json`)) {
    const kept: unknown = JSON.parse(text);
    if (isPipeline(kept)) return kept;
  }
  throw new HeadgateError({
    kind: 'config',
    type: text === undefined ? 'DefinitionGone' : 'DefinitionDamaged',
    message: `The definition ${definition} ${text === undefined ? 'is gone' : 'is not what the run wrote'}: something changed the state folder.`,
    remedy: 'Run again: a new run writes its definition anew.',
    fields: { file: definition },
  });
}
