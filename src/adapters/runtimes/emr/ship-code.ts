// Brings the Python package and its entry to where a cluster can read them: beside the state of the pipeline, under the hash of
// their content. Two releases of Headgate never mix in one job.
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { glob } from 'tinyglobby';
import { HeadgateError } from '../../../contracts/errors';
import { codeFolder } from '../../../contracts/layout';
import type { ObjectStore } from '../../../activities/ports';
import type { ShippedCode } from './step';
import { zipOf, type ZipEntry } from './zip';

export type ShipOptions = {
  readonly store: ObjectStore;
  /** Folder that holds `headgate_spark`. */
  readonly sparkFolder: string;
};

type Code = { readonly hash: string; readonly files: Readonly<Record<keyof ShippedCode, Uint8Array>> };

const names = { entry: 'headgate_job.py', package: 'headgate_spark.zip' } as const satisfies Record<
  keyof ShippedCode,
  string
>;

const entryText = `"""Starts one job of the package that was shipped beside it."""

import sys

from headgate_spark.__main__ import main

sys.exit(main(sys.argv[1:]))
`;

/** Tells where the code lies for a state folder; it is brought there at the first question for that folder. */
export function createShipping({ store, sparkFolder }: ShipOptions): (state: string) => Promise<ShippedCode> {
  const shipped = new Map<string, Promise<ShippedCode>>();
  let code: Promise<Code> | undefined;

  async function ship(state: string): Promise<ShippedCode> {
    code ??= packCode(sparkFolder);
    const { hash, files } = await code;
    const folder = codeFolder(state, hash);
    const places = { entry: `${folder}/${names.entry}`, package: `${folder}/${names.package}` };
    await Promise.all([place(store, places.entry, files.entry), place(store, places.package, files.package)]);
    return places;
  }

  return async (state) => {
    if (!/^s3a?:\/\//.test(state)) throw notOnS3(state);
    const known = shipped.get(state) ?? ship(state);
    shipped.set(state, known);
    try {
      return await known;
    } catch (error) {
      shipped.delete(state);
      throw error;
    }
  };
}

async function packCode(sparkFolder: string): Promise<Code> {
  const paths = (await glob('headgate_spark/**/*.py', { cwd: sparkFolder })).toSorted();
  const entries: readonly ZipEntry[] = await Promise.all(
    paths.map(async (name) => ({ name, bytes: await readFile(join(sparkFolder, name)) })),
  );
  if (entries.length === 0) throw new TypeError(`no package headgate_spark in ${sparkFolder}`);
  const files = { entry: Buffer.from(entryText), package: zipOf(entries) };
  const hash = createHash('sha256').update(files.entry).update(files.package).digest('hex').slice(0, 16);
  return { hash, files };
}

/** Its name says what it holds: whoever was faster wrote the same. */
async function place(store: ObjectStore, path: string, bytes: Uint8Array): Promise<void> {
  if ((await store.stat(path))?.size === bytes.length) return;
  const folder = await mkdtemp(join(tmpdir(), 'headgate-code-'));
  try {
    const file = join(folder, 'file');
    await writeFile(file, bytes);
    await store.copy(file, path);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  const size = (await store.stat(path))?.size;
  if (size !== bytes.length) throw notWhole(path, size, bytes.length);
}

const notOnS3 = (state: string): HeadgateError =>
  new HeadgateError({
    kind: 'config',
    type: 'StateNotOnS3',
    message: `A job on EMR cannot reach the state folder ${state}.`,
    remedy: 'Put the table, or the state folder, on s3://; or set runtime: local.',
    fields: { state },
  });

const notWhole = (path: string, size: number | undefined, expected: number): HeadgateError =>
  new HeadgateError({
    kind: 'infrastructure',
    type: 'CodeNotShipped',
    message: `${path} has ${size ?? 'no'} bytes after it was written, and should have ${expected}.`,
    remedy: 'Nothing to do: it is written again. If it repeats, look at who else writes there.',
    fields: { path, size, expected },
  });
