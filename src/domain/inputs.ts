// Names of input files: which of them Spark can read where they are, and what the copies are called. Pure.
import type { Source } from '../contracts/pipeline';

/** Hadoop treats these as hidden: Spark reads them as empty, without a word. */
export const isHidden = (name: string): boolean =>
  name.startsWith('.') || (name.startsWith('_') && !name.includes('=')) || name.endsWith('._COPYING_');

/**
 * False for names that Spark 4.1 cannot read in place, seen one by one: `[ { * ? \` anywhere are taken for a glob (with
 * `*` and `?` it reads neighbours too), `:` in the last part is taken for a scheme, hidden names come out empty. Spaces,
 * commas, `%`, `#`, `]`, `}`, quotes, line breaks and any Unicode are fine.
 */
export function isReadableInPlace(path: string): boolean {
  const schemeEnd = /^[a-z][a-z0-9+.-]*:\/\//i.exec(path)?.[0].length ?? 0;
  const rest = path.slice(schemeEnd);
  const name = rest.slice(rest.lastIndexOf('/') + 1);
  return !/[[{*?\\]/.test(rest) && !name.includes(':') && !isHidden(name);
}

export const needsCopy = (source: Source, path: string): boolean =>
  source.extract === 'copy' || !isReadableInPlace(path);

/**
 * Name of the copy: the hash makes it unique and ties it to the content, the rest is for people. The end of the name
 * stays, because Spark chooses the codec by it.
 */
export function copyName(path: string, contentHash: string): string {
  const name = path.slice(path.lastIndexOf('/') + 1).replace(/\._COPYING_$/, '');
  const plain = Array.from(name.replaceAll(/[^\p{L}\p{N}._-]+/gu, '_'))
    .slice(-40)
    .join('');
  return `${contentHash.slice(0, 16)}-${plain}`;
}
