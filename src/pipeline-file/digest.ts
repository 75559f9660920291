// The digest of a definition: all that decides the staged rows, and nothing else (no schedule, upkeep, order or comment, nor
// how many unreadable rows of a source are too many: that can change while a batch waits).
import { createHash } from 'node:crypto';
import type { Pipeline } from '../contracts/pipeline';

/** JSON with sorted keys: equal values have equal text. */
function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

const byName = (a: { readonly name: string }, b: { readonly name: string }): number => (a.name < b.name ? -1 : 1);

/** 32 hex digits. Columns keep their order (it is the order of the table, and of fields without a header). */
export function definitionDigest(
  pipeline: Pick<Pipeline, 'sources' | 'transform' | 'expectations' | 'target' | 'timezone'>,
): string {
  const definition = {
    sources: pipeline.sources.toSorted(byName).map((source) => ({ ...source, holdAbove: undefined })),
    transform: pipeline.transform,
    expectations: pipeline.expectations.toSorted(byName),
    target: { key: pipeline.target.key, partitionBy: pipeline.target.partitionBy },
    timezone: pipeline.timezone,
  };
  return createHash('sha256').update(canonicalJson(definition)).digest('hex').slice(0, 32);
}
