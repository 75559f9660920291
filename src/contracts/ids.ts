// Names of things, told apart by the compiler: a string becomes one by its parse function alone.
import type { z } from 'zod';

/** A Delta table: absolute path or URI. */
export type TableUri = string & z.$brand<'TableUri'>;

export const isTableUri = (text: string): text is TableUri => /^(\/|[a-z][a-z0-9+.-]*:\/\/)/i.test(text);

export function parseTableUri(text: string): TableUri {
  if (isTableUri(text)) return text;
  throw new TypeError(`not the absolute path or URI of a table: ${text}`);
}
