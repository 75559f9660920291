// The manifest of a batch on its store: written once, read by extract and publish.
import type { InputFile, Manifest } from '../contracts/batch';
import { HeadgateError } from '../contracts/errors';
import { batchPaths } from '../contracts/layout';
import { parseManifest } from '../contracts/batch-schema';
import { stagingRemovedMark } from './housekeeping';
import type { ObjectStore } from './ports';

/**
 * The first manifest of a batch stays, so that a retry reads what the first attempt read: the same contents, which came
 * when they came. What the store says of the files now takes the place of what it said then: they may have been sent
 * again unchanged, and are compared with it before and after they are read. Written again, the manifest is young:
 * housekeeping takes the age of a batch from it. Returns the manifest that counts.
 */
export async function writeManifest(manifest: Manifest, state: string, store: ObjectStore): Promise<Manifest> {
  const path = batchPaths(state, manifest.digest).manifest;
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  if (await store.putIfAbsent(path, text)) return manifest;
  const first = (await store.readText(path)) ?? text;
  const parsed = parseManifest(first, path);
  const now = new Map(manifest.files.map((file) => [nameOf(file), file]));
  const counts = { ...parsed, files: parsed.files.map((file) => withStat(file, now.get(nameOf(file)) ?? file)) };
  await store.remove(stagingRemovedMark(state, manifest.digest));
  await store.writeText(path, `${JSON.stringify(counts, null, 2)}\n`);
  return counts;
}

const nameOf = ({ source, path }: InputFile): string => JSON.stringify([source, path]);

function withStat(
  { changedMs: _changedMs, inode: _inode, version: _version, ...first }: InputFile,
  now: InputFile,
): InputFile {
  const { modifiedMs, changedMs, inode, version } = now;
  return {
    ...first,
    modifiedMs,
    ...(changedMs === undefined ? {} : { changedMs }),
    ...(inode === undefined ? {} : { inode }),
    ...(version === undefined ? {} : { version }),
  };
}

export async function readManifest(path: string, store: ObjectStore): Promise<Manifest> {
  const text = await store.readText(path);
  if (text !== undefined) return parseManifest(text, path);
  throw new HeadgateError({
    kind: 'inputs-changed',
    type: 'ManifestGone',
    message: `The manifest ${path} is gone: something removed it from the state folder.`,
    remedy: 'Run again: a new freeze writes it.',
    fields: { file: path },
  });
}
