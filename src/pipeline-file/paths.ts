// Paths of a pipeline file: absolute local paths, URIs as they are, and the {yyyy-MM-dd} templates of intervals.
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { plainAddress } from '../contracts/ids';

const uri = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Relative paths start at `cwd`; `~/` is the home folder; `file://` becomes a plain path; other URIs get their one spelling. */
export function resolvePath(path: string, cwd: string): string {
  const plain = path.startsWith('file://') ? path.slice('file://'.length) : path;
  if (uri.test(plain)) return plainAddress(plain);
  return resolve(cwd, plain.startsWith('~/') ? join(homedir(), plain.slice(2)) : plain);
}

/** True for a path that names a place below the root of its store. */
export const hasFolder = (path: string): boolean =>
  uri.test(path) ? /^[^:]+:\/\/[^/]+\/+[^/]/.test(path) : path.replace(/^\/+/, '') !== '';

/** What stands in braces in a path; glob alternatives such as {a,b} are left out. */
export const templatesIn = (path: string): readonly string[] =>
  [...path.matchAll(/\{([^{},]*)\}/g)].map(([, body]) => body ?? '');

/** Parts of an interval start that a template may hold; folders are written `{yyyy}/{MM}`. */
const templatePattern = /^(?:yyyy|MM|dd|HH|[-_.T])+$/;

export const isIntervalTemplate = (body: string): boolean => templatePattern.test(body) && /[yMdH]/.test(body);

/** Letters that a template looks made of, right or wrong: `{yyyy-mm-dd}`, `{YYYYMMDD}`. */
export const looksLikeTemplate = (body: string): boolean => /^[yYmMdDhHsS\-/_ T:.]+$/.test(body) && /[a-z]/i.test(body);
