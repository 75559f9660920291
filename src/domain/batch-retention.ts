// Decides which batches may lose their staging. Pure.
import type { Digest } from '../contracts/ids';

export type SweepInput = {
  readonly nowMs: number;
  /** How long a held batch may wait for a person. */
  readonly gateWaitMs: number;
  readonly committed: readonly {
    readonly digest: Digest;
    readonly tableVersion: number;
    readonly committedMs: number;
  }[];
  /** Batches that have a manifest; a new freeze of the same batch renews the time. */
  readonly batches: readonly { readonly digest: Digest; readonly modifiedMs: number }[];
  /** Batches that were cleared before. */
  readonly cleared: readonly string[];
};

export type Sweep = {
  readonly digest: Digest;
  /** An uncommitted batch may be run again: what its jobs left must not point to staging that is gone. */
  readonly committed: boolean;
};

const dayMs = 86_400_000;
const keepMs = 7 * dayMs;
const keepCommitted = 5;

/**
 * Kept: the newest committed batches, and whatever is younger than a week. An uncommitted one may be in a run that is
 * still open, for example held at its gate, so it stays a day longer than the longest wait.
 */
export function planSweep({ nowMs, gateWaitMs, committed, batches, cleared }: SweepInput): readonly Sweep[] {
  const newest = committed
    .toSorted((a, b) => b.tableVersion - a.tableVersion || b.committedMs - a.committedMs)
    .slice(0, keepCommitted)
    .map(({ digest }) => digest);
  const committedMs = new Map(committed.map((entry) => [entry.digest, entry.committedMs]));
  const kept = new Set([...newest, ...cleared]);
  return batches
    .filter(({ digest, modifiedMs }) => {
      const at = committedMs.get(digest);
      const ageMs = nowMs - Math.max(modifiedMs, at ?? 0);
      return !kept.has(digest) && ageMs > (at === undefined ? Math.max(keepMs, gateWaitMs + dayMs) : keepMs);
    })
    .map(({ digest }) => ({ digest, committed: committedMs.has(digest) }));
}
