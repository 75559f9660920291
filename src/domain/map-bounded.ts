// Runs work over a list with a bound on how much runs at once. Order of results = order of items.

/**
 * How much of one list is asked of a store at once: enough to hide the latency of S3, few enough that S3 does not ask to
 * slow down and that copies fit into memory. A folder is bounded by Node's own threads.
 */
export const callsAtOnce = 32;

/** The first error stops further items from starting and is thrown once the running ones have ended. */
export async function mapBounded<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T, index: number) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  const queue = items.entries();
  let failed = false;
  const lane = async (): Promise<void> => {
    for (const [index, item] of queue) {
      if (failed) return;
      try {
        results[index] = await work(item, index);
      } catch (error) {
        failed = true;
        throw error;
      }
    }
  };
  const ended = await Promise.allSettled(Array.from({ length: Math.min(atOnce, items.length) }, lane));
  const broken = ended.find((end) => end.status === 'rejected');
  if (broken !== undefined) throw broken.reason;
  return results;
}

/** What the first item in order has that has anything. Looks ahead in ever wider strides: mostly the first one has it. */
export async function findBounded<T, R>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<R | undefined>,
): Promise<R | undefined> {
  for (let [from, stride] = [0, 1]; from < items.length; from += stride, stride = Math.min(2 * stride, atOnce)) {
    const found = await mapBounded(items.slice(from, from + stride), atOnce, work);
    const first = found.find((result) => result !== undefined);
    if (first !== undefined) return first;
  }
  return undefined;
}
