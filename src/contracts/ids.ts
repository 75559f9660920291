// Names of things, told apart by the compiler: a string becomes one by its parse function alone.
import type { z } from 'zod';

/** A Delta table: absolute path or URI. */
export type TableUri = string & z.$brand<'TableUri'>;

export const isTableUri = (text: string): text is TableUri => /^(\/|[a-z][a-z0-9+.-]*:\/\/)/i.test(text);

export function parseTableUri(text: string): TableUri {
  if (isTableUri(text)) return text;
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
