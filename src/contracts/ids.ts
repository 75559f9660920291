// Names of things, told apart by the compiler: a string becomes one by its parse function alone.
import type { z } from 'zod';

/** Address of a Delta table in its one spelling: a folder's path, or a URI. A folder is real when a store made it canonical. */
export type TableUri = string & z.$brand<'TableUri'>;

const uri = /^([a-z][a-z0-9+.-]*):\/\/+(.*)$/is;

/** What Hadoop calls one store by several names. */
const schemes: Readonly<Record<string, string>> = { s3a: 's3', s3n: 's3' };

/** Of which kind of store an address is, by its one name; nothing for a folder. */
export function schemeOf(text: string): string | undefined {
  const name = uri.exec(text)?.[1]?.toLowerCase();
  return name === undefined ? undefined : (schemes[name] ?? name);
}

/** The one spelling of a path or URI, as far as the text alone tells: one slash for many, none at the end, `s3` for `s3a`. */
export function plainAddress(text: string): string {
  const [, scheme, rest] = uri.exec(text) ?? [];
  const path = (rest ?? text).replaceAll(/\/{2,}/g, '/').replace(/(?<=.)\/$/, '');
  if (scheme === undefined) return path;
  const name = scheme.toLowerCase();
  return name === 'file' ? plainAddress(`/${path}`) : `${schemes[name] ?? name}://${path}`;
}

const isAbsolute = (text: string): boolean => text.startsWith('/') || uri.test(text);

export const isTableUri = (text: string): text is TableUri => isAbsolute(text) && plainAddress(text) === text;

export function parseTableUri(text: string): TableUri {
  const address = plainAddress(text);
  if (isTableUri(address)) return address;
  throw new TypeError(`not the absolute path or URI of a table: ${text}`);
}

/** Identity of a step: `pipeline/table/batch/job`. Made by `stepKey` of layout.ts, and read from documents. */
export type StepKey = string & z.$brand<'StepKey'>;

export const isStepKey = (text: string): text is StepKey => text.split('/').length === 4;

export function parseStepKey(text: string): StepKey {
  if (isStepKey(text)) return text;
  throw new TypeError(`not a step, pipeline/table/batch/job: ${text}`);
}

/** Name of a batch, or of upkeep at one version of a table: 32 hex digits. */
export type Digest = string & z.$brand<'Digest'>;

export const isDigest = (text: string): text is Digest => /^[0-9a-f]{32}$/.test(text);

export function parseDigest(text: string): Digest {
  if (isDigest(text)) return text;
  throw new TypeError(`not the digest of a batch, 32 hex digits: ${text}`);
}
