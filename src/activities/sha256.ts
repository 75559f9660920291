// The one hash of names, contents and tokens.
import { createHash } from 'node:crypto';

/** In hex; whoever needs less takes the beginning. */
export const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');
