// The manifest of a batch on its store: written once, read by extract and publish.
import type { Manifest } from '../contracts/batch';
import { HeadgateError } from '../contracts/errors';
import { batchPaths } from '../contracts/layout';
import { parseManifest } from '../contracts/batch-schema';
import { stagingRemovedMark } from './housekeeping';
import type { ObjectStore } from './ports';

/**
 * The first manifest of a batch stays, so that a retry reads what the first attempt read. It is written again as it
 * was, because housekeeping takes the age of a batch from it and must not clear away what is needed once more.
 * Returns the manifest that counts.
 */
export async function writeManifest(manifest: Manifest, state: string, store: ObjectStore): Promise<Manifest> {
  const path = batchPaths(state, manifest.digest).manifest;
  const text = `${JSON.stringify(manifest, null, 2)}\n`;
  if (await store.putIfAbsent(path, text)) return manifest;
  const first = (await store.readText(path)) ?? text;
  const parsed = parseManifest(first, path);
  await store.remove(stagingRemovedMark(state, manifest.digest));
  await store.writeText(path, first);
  return parsed;
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
