// Fingerprints listed files, and notices those that change meanwhile.
//   fingerprintFiles(stats, committed, { store, sleep? }): Promise<{ files, unsettled }>
import { setTimeout } from 'node:timers/promises';
import { HeadgateError } from '../contracts/errors';
import type { ListedFile } from '../domain/batch';
import { knownFingerprint, type CommittedFile } from '../domain/ledger';
import type { ObjectStat, ObjectStore } from './ports';
import { callsAtOnce, mapBounded } from '../domain/map-bounded';

export type Fingerprinted = Omit<ListedFile, 'source'>;

type FingerprintDeps = { readonly store: ObjectStore; readonly sleep?: (ms: number) => Promise<unknown> };

/** A writer that needs longer than these waits is left to the next run. */
const waitsMs = [100, 400, 1500];

export async function fingerprintFiles(
  stats: readonly ObjectStat[],
  committed: (stat: ObjectStat) => CommittedFile | undefined,
  deps: FingerprintDeps,
): Promise<{ readonly files: readonly Fingerprinted[]; readonly unsettled: readonly string[] }> {
  const known = stats.map((stat) => {
    // What a store keeps by itself is of a whole object, and comes with the listing.
    const etag = stat.etag ?? knownFingerprint(committed(stat), stat);
    return etag === undefined ? undefined : toFile(stat, etag);
  });
  const unknown = stats.filter((_, index) => known[index] === undefined);
  const settled = (await mapBounded(unknown, callsAtOnce, (stat) => fingerprintSettled(stat, deps))).values();
  const files = known.map((file) => file ?? settled.next().value);
  return {
    files: files.filter((file) => file !== undefined),
    unsettled: stats.filter((_, index) => files[index] === undefined).map(({ path }) => path),
  };
}

/** Undefined when the file is gone or never stays the same from before its fingerprint to after it. */
async function fingerprintSettled(
  listed: ObjectStat,
  { store, sleep = setTimeout }: FingerprintDeps,
): Promise<Fingerprinted | undefined> {
  let before: ObjectStat | undefined = listed;
  for (const waitMs of [...waitsMs, 0]) {
    const etag = await unlessGone(store.fingerprint(before));
    const after: ObjectStat | undefined = await store.stat(listed.path);
    if (after === undefined) return undefined;
    if (etag !== undefined && isSame(before, after)) return toFile(after, etag);
    await sleep(waitMs);
    before = await store.stat(listed.path);
    if (before === undefined) return undefined;
  }
  return undefined;
}

const isSame = (a: ObjectStat, b: ObjectStat): boolean =>
  a.size === b.size &&
  a.modifiedMs === b.modifiedMs &&
  a.changedMs === b.changedMs &&
  a.inode === b.inode &&
  (a.etag === undefined || a.etag === b.etag);

const toFile = ({ path, size, modifiedMs, version, changedMs, inode }: ObjectStat, etag: string): Fingerprinted => ({
  path,
  size,
  modifiedMs,
  etag,
  ...(version === undefined ? {} : { version }),
  ...(changedMs === undefined ? {} : { changedMs }),
  ...(inode === undefined ? {} : { inode }),
});

async function unlessGone(fingerprint: Promise<string>): Promise<string | undefined> {
  try {
    return await fingerprint;
  } catch (error) {
    if (error instanceof HeadgateError && error.type === 'InputVanished') return undefined;
    throw error;
  }
}
