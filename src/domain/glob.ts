// The pattern language of source paths, the same for every store: `*`, `**`, `?`, `[a-z]`, `{a,b}`, `\` to escape.
// A path that exists as written is taken as written, whatever characters it has. Round brackets and `! @ + |` mean
// themselves: they are common in file names, and extended globs are not worth an escape for each.
import picomatch from 'picomatch';
import { isHidden } from './inputs';

/** True when something in it stands for more than itself. */
export const isGlob = (pattern: string): boolean => /[*?]|\[[^\]]+\]|\{[^}]+\}/.test(pattern.replaceAll(/\\./g, '_'));

/** Escapes what picomatch and tinyglobby understand beyond the language above. */
export const toGlob = (pattern: string): string =>
  pattern.replaceAll(/\\.|\[[^\]]*\]|[()!@+|]/g, (part) => (part.length > 1 ? part : `\\${part}`));

/** A path written so that it matches only itself. */
export const escapeGlob = (path: string): string => path.replaceAll(/[*?[\]{}\\]/g, (char) => `\\${char}`);

export const unescapeGlob = (pattern: string): string => pattern.replaceAll(/\\(.)/g, '$1');

/** The leading parts that stand for themselves, and the pattern below them; no pattern is left of a plain path. */
export function splitPattern(pattern: string): { readonly folder: string; readonly rest: string } {
  const parts = pattern.split('/');
  const at = parts.findIndex(isGlob);
  const end = at < 0 ? parts.length : at;
  return { folder: parts.slice(0, end).map(unescapeGlob).join('/'), rest: parts.slice(end).join('/') };
}

/**
 * Tells whether a path below a folder matches, or lies in a folder that matches. Hidden names never match; the folder
 * itself is spelled out by the user and may have any name.
 */
export function createMatcher(rest: string): (relativePath: string) => boolean {
  const glob = toGlob(rest);
  const matches = picomatch([glob, `${glob}/**`], { dot: false, strictSlashes: true });
  return (relativePath) => !hasHiddenPart(relativePath) && matches(relativePath);
}

export const hasHiddenPart = (relativePath: string): boolean => relativePath.split('/').some(isHidden);

export const withoutTrailingSlash = (path: string): string => path.replace(/(?<=.)\/+$/, '');

export const byPath = (a: { readonly path: string }, b: { readonly path: string }): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
