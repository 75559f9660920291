// The log of a driver as far as a person needs it, and what its last lines say about the cause. For jobs that left no failure file.
import { promisify } from 'node:util';
import { constants, gunzip } from 'node:zlib';
import type { ObjectStore } from '../../../activities/ports';
import type { FailureKind } from '../../../contracts/failure';

/** Longer ones are not read: a path is told instead. */
const longestLogBytes = 8 * 1024 * 1024;
const longestTextBytes = 64 * 1024 * 1024;
const tailBytes = 64 * 1024;
const lineCount = 12;
const longestLine = 300;

const unpack = promisify(gunzip);

/**
 * The last useful lines of the first log that is there, after those of what its driver printed; undefined when none has come yet.
 * In client mode Python's own words, its traceback too, are in what is printed.
 */
export async function readDriverLog(
  store: ObjectStore,
  places: readonly string[],
): Promise<readonly string[] | undefined> {
  for (const place of places) {
    const lines = await lastLines(store, place);
    if (lines === undefined) continue;
    const printed = place.replace(/\bstderr(?=(?:\.gz)?$)/, 'stdout');
    return [...((printed === place ? undefined : await lastLines(store, printed)) ?? []), ...lines];
  }
  return undefined;
}

async function lastLines(store: ObjectStore, place: string): Promise<readonly string[] | undefined> {
  const size = (await store.stat(place))?.size;
  if (size === undefined) return undefined;
  if (size > longestLogBytes) return [];
  const bytes = await store.readRange(place, 0, size);
  return usefulLines(place.endsWith('.gz') ? await unpacked(bytes) : Buffer.from(bytes));
}

/** One that is still being written, or too large, is told as far as it goes. */
async function unpacked(bytes: Uint8Array): Promise<Buffer> {
  const options = { maxOutputLength: longestTextBytes, finishFlush: constants.Z_SYNC_FLUSH };
  return unpack(bytes, options).catch(() => Buffer.alloc(0));
}

const chatter = /^\d\d\/\d\d\/\d\d \d\d:\d\d:\d\d (?:TRACE|DEBUG|INFO|WARN) /;
const frame = /^\s+(?:at |\.\.\. \d+ more|File ")/;

function usefulLines(text: Buffer): readonly string[] {
  const lines = text
    .subarray(Math.max(0, text.length - tailBytes))
    .toString('utf8')
    .split('\n');
  const useful = lines.filter((line) => line.trim() !== '' && !chatter.test(line) && !frame.test(line));
  return useful.slice(-lineCount).map((line) => line.trimEnd().slice(0, longestLine));
}

/** The first row that matches counts. What is in none of them stays unknown: loud, and tried once more. */
const signs: readonly (readonly [FailureKind, RegExp])[] = [
  [
    'memory',
    /OutOfMemoryError|GC overhead limit exceeded|exceeding (?:physical |virtual )?memory limits|\bMemoryError\b/,
  ],
  ['memory', /Cannot allocate memory|Insufficient memory for the Java Runtime/],
  ['permission', /AccessDenied|Access Denied|AccessControlException|is not authorized to perform/],
  ['config', /No module named|ClassNotFoundException|NoClassDefFoundError|above the max threshold/],
  ['throttle', /SlowDown|Please reduce your request rate|ThrottlingException/],
  [
    'infrastructure',
    /Container released on a \*?lost\*? node|ExecutorLostFailure|node decommission|Connection reset|NoRouteToHost/i,
  ],
  ['infrastructure', /exit(?:ed with exit)? ?(?:code|status):? ?(?:137|143)\b|SIGTERM|Killed\b/],
];

export const kindOfText = (text: string): FailureKind | undefined => signs.find(([, sign]) => sign.test(text))?.[0];
