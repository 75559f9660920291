// The one hash of names, contents and tokens.
import { createHash } from 'node:crypto';

/** In hex; whoever needs less takes the beginning. */
export const sha256 = (content: string | Uint8Array): string => createHash('sha256').update(content).digest('hex');

/** Tells contents apart: 16 hex digits. */
export const fingerprintOf = (content: string | Uint8Array): string => sha256(content).slice(0, 16);
