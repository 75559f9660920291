// What a person most likely meant by a word that nobody knows.
import { distance } from 'fastest-levenshtein';

/** The known word a person most likely meant. */
export function closest(written: string, known: readonly string[]): string | undefined {
  const plain = (word: string): string => word.toLowerCase().replace(/[^a-z0-9]/g, '');
  const ranked = known
    .map((word) => ({ word, far: distance(plain(written), plain(word)) }))
    .toSorted((a, b) => a.far - b.far);
  const [best] = ranked;
  return best && best.far <= Math.max(written.length > 2 ? 2 : 1, Math.floor(written.length / 3))
    ? best.word
    : undefined;
}

/** `Did you mean a? Known: a, b.` */
export function suggest(written: string, known: readonly string[], what = 'Known here'): string {
  const best = closest(written, known);
  const list = known.length === 0 ? '' : `${what}: ${known.join(', ')}.`;
  return `${best === undefined ? '' : `Did you mean ${best}? `}${list}`.trim();
}
