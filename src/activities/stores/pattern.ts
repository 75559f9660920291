// The pattern language of source paths, the same for every store: `*`, `**`, `?`, `[a-z]`, `{a,b}`, `\` to escape.
// A path that exists as written is taken as written, whatever characters it has. Round brackets and `! @ + |` mean
// themselves: they are common in file names, and extended globs are not worth an escape for each.
import picomatch from 'picomatch';
import { isHidden } from '../../domain/inputs';

const special = /[*?[\]{}\\]/;

export const isGlob = (pattern: string): boolean => /\\.|[*?]|\[[^\]]+\]|\{[^}]+\}/.test(pattern);

/** Escapes what picomatch and tinyglobby understand beyond the language above. */
export const toGlob = (pattern: string): string =>
  pattern.replaceAll(/\\.|\[[^\]]*\]|[()!@+|]/g, (part) => (part.length > 1 ? part : `\\${part}`));

/** A path written so that it matches only itself. */
export const escapeGlob = (path: string): string => path.replaceAll(/[*?[\]{}\\]/g, (char) => `\\${char}`);

/** The folder down to which a pattern has no special character, with its slash. */
export function literalFolder(pattern: string): string {
  const at = pattern.search(special);
  return at < 0 ? pattern : pattern.slice(0, pattern.lastIndexOf('/', at) + 1);
}

/**
 * Tells whether a path matches, or lies in a folder that matches. Hidden names below `folder` never match; `folder`
 * itself is spelled out by the user and may have any name.
 */
export function createMatcher(pattern: string, folder: string): (path: string) => boolean {
  const glob = toGlob(pattern.slice(folder.length));
  const matches = picomatch([glob, `${glob}/**`], { dot: false, strictSlashes: true });
  return (path) =>
    path.startsWith(folder) && !hasHiddenPart(path.slice(folder.length)) && matches(path.slice(folder.length));
}

export const hasHiddenPart = (relativePath: string): boolean => relativePath.split('/').some(isHidden);

export const withoutTrailingSlash = (path: string): string => path.replace(/(?<=.)\/+$/, '');

export const byPath = (a: { readonly path: string }, b: { readonly path: string }): number =>
  a.path < b.path ? -1 : a.path > b.path ? 1 : 0;
