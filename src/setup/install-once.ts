// Owns "installed completely, or not at all": build aside, stamp, rename; a damaged or half-made folder is made anew.
import { createHash } from 'node:crypto';
import { createReadStream, existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { mkdir, readFile, rm, stat, statfs, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { z } from 'zod';
import { HeadgateError } from '../contracts/errors';
import type { Progress } from './context';
import { acquireLock } from './lock.cjs';

const stampSchema = z.object({
  fingerprint: z.string(),
  details: z.record(z.string(), z.string()),
  files: z.record(z.string(), z.object({ size: z.number(), mtimeMs: z.number(), sha256: z.string().nullable() })),
});

export type Stamp = z.infer<typeof stampSchema>;

/** What the maker put into the folder: files to check on every start, by checksum or (for a great many) by size. */
export type Made = {
  readonly details?: Readonly<Record<string, string>>;
  readonly checksummed?: readonly string[];
  readonly sized?: readonly string[];
};

export type Installation = {
  readonly dir: string;
  /** Changes whenever the content must be made anew. */
  readonly fingerprint: string;
  readonly needsBytes: number;
  /** Fills `part`; `work` is for what may be thrown away afterwards. Paths inside must not depend on `part`. */
  readonly make: (part: string, work: string) => Promise<Made>;
};

const stampName = '.headgate.json';

/** The stamp of a folder that is complete and unchanged, else undefined. */
export async function readStamp(dir: string, fingerprint: string, name = stampName): Promise<Stamp | undefined> {
  const stamp = await loadStamp(join(dir, name));
  if (stamp === undefined || stamp.fingerprint !== fingerprint) return undefined;
  const sound = await Promise.all(
    Object.entries(stamp.files).map(([file, seen]) => isUnchanged(join(dir, file), seen)),
  );
  return sound.every(Boolean) ? stamp : undefined;
}

async function loadStamp(file: string): Promise<Stamp | undefined> {
  const text = await readFile(file, 'utf8').catch(() => undefined);
  if (text === undefined) return undefined;
  try {
    return stampSchema.parse(JSON.parse(text));
  } catch {
    return undefined;
  }
}

async function isUnchanged(file: string, seen: Stamp['files'][string]): Promise<boolean> {
  const now = await stat(file).catch(() => undefined);
  if (now === undefined || now.size !== seen.size) return false;
  return now.mtimeMs === seen.mtimeMs || seen.sha256 === null || (await sha256(file)) === seen.sha256;
}

/** Files that are not what was installed, by checksum, however untouched they look. Empty where nothing was installed. */
export async function damagedFiles(dir: string): Promise<string[]> {
  const stamp = await loadStamp(join(dir, stampName));
  const damaged: string[] = [];
  for (const [file, seen] of Object.entries(stamp?.files ?? {})) {
    const found = seen.sha256 === null ? undefined : await sha256(join(dir, file)).catch(() => 'missing');
    if (found !== undefined && found !== seen.sha256) damaged.push(file);
  }
  return damaged;
}

export async function installOnce(installation: Installation, progress: Progress): Promise<Stamp> {
  const { dir, fingerprint } = installation;
  const present = await readStamp(dir, fingerprint);
  if (present !== undefined) return present;
  return withLock(`${dir}.lock`, progress, async () => {
    const madeMeanwhile = await readStamp(dir, fingerprint);
    if (madeMeanwhile !== undefined) return madeMeanwhile;
    removeParts(dir);
    await demandSpace(dirname(dir), installation.needsBytes);
    const part = `${dir}.part-${process.pid}`;
    const work = `${dir}.part-${process.pid}-work`;
    try {
      await mkdir(part, { recursive: true });
      await mkdir(work, { recursive: true });
      const stamp = await writeStamp(part, fingerprint, await installation.make(part, work));
      rmSync(dir, { recursive: true, force: true });
      renameSync(part, dir);
      return stamp;
    } finally {
      await rm(part, { recursive: true, force: true });
      await rm(work, { recursive: true, force: true });
    }
  });
}

export async function withLock<T>(file: string, progress: Progress, act: () => Promise<T>): Promise<T> {
  await mkdir(dirname(file), { recursive: true }).catch((cause: unknown) => {
    throw new HeadgateError({
      kind: 'config',
      type: 'CacheNotWritable',
      message: `The folder ${dirname(file)} cannot be made.`,
      remedy: 'Set HEADGATE_CACHE to a folder that you may write to.',
      fields: { folder: dirname(file) },
      cause,
    });
  });
  const release = await acquireLock(file, {
    onWait: (holder) => progress(`waiting for another set-up (process ${holder.pid})`),
  });
  try {
    return await act();
  } finally {
    release();
  }
}

export async function writeStamp(dir: string, fingerprint: string, made: Made, name = stampName): Promise<Stamp> {
  const files: Stamp['files'] = {};
  for (const file of made.checksummed ?? []) files[file] = await entry(join(dir, file), true);
  for (const file of made.sized ?? []) files[file] = await entry(join(dir, file), false);
  const stamp: Stamp = { fingerprint, details: { ...made.details }, files };
  const draft = join(dir, `${name}.${process.pid}`);
  await writeFile(draft, `${JSON.stringify(stamp, null, 1)}\n`);
  renameSync(draft, join(dir, name));
  return stamp;
}

async function entry(file: string, checksummed: boolean): Promise<Stamp['files'][string]> {
  const { size, mtimeMs } = statSync(file);
  return { size, mtimeMs, sha256: checksummed ? await sha256(file) : null };
}

/** What a set-up that was killed half-way left behind. Only called with the lock held. */
function removeParts(dir: string): void {
  if (!existsSync(dirname(dir))) return;
  for (const name of readdirSync(dirname(dir))) {
    if (name.startsWith(`${basename(dir)}.part-`)) rmSync(join(dirname(dir), name), { recursive: true, force: true });
  }
}

export async function demandSpace(folder: string, bytes: number): Promise<void> {
  const free = await freeBytes(folder);
  if (free >= bytes) return;
  throw new HeadgateError({
    kind: 'config',
    type: 'DiskFull',
    message: `Set-up needs ${inMiB(bytes)} MiB in ${folder}, and ${inMiB(free)} MiB are free.`,
    remedy: 'Free some space, or set HEADGATE_CACHE to a folder on a larger disk.',
    fields: { folder, neededBytes: bytes, freeBytes: free },
  });
}

export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

export function inMiB(bytes: number): number {
  return Math.round(bytes / 1024 / 1024);
}

export async function sha256(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file, { highWaterMark: 1 << 20 }), hash);
  return hash.digest('hex');
}
