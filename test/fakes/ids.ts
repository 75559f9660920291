// Batches and steps by short names, so that a test says "a" and the product still gets what it demands.
import { parseDigest, type Digest, type StepKey } from '../../src/contracts/ids';
import type { JobKind } from '../../src/contracts/kinds';
import { stepKey } from '../../src/contracts/layout';

/** The name in hex, so that two names never make one digest. At most 16 bytes. */
export const digestOf = (name: string): Digest => parseDigest(Buffer.from(name).toString('hex').padEnd(32, '0'));

/** The name that `digestOf` was given. */
export const nameOf = (digest: string): string => Buffer.from(digest.replace(/(00)+$/, ''), 'hex').toString();

/** The step of a batch of this name. */
export const stepOf = (name: string, job: JobKind = 'commit'): StepKey => stepKey('p', '/lake/t', digestOf(name), job);
