// Where things lie in a pipeline's state folder. Pure string functions that work for paths and URIs alike.
import type { JobKind } from './job';

const join = (...parts: readonly string[]): string => parts.map((part) => part.replace(/\/+$/, '')).join('/');

/** Default state folder: `_headgate/<pipeline>` next to the table (the underscore hides it from VACUUM and readers). */
export function defaultStateRoot(table: string, pipeline: string): string {
  const trimmed = table.replace(/\/+$/, '');
  return join(trimmed.slice(0, trimmed.lastIndexOf('/')), '_headgate', pipeline);
}

export function batchFolder(state: string, digest: string): string {
  return join(state, 'batches', digest);
}

export function batchPaths(state: string, digest: string, generation = 1) {
  const folder = batchFolder(state, digest);
  const name = (job: JobKind): string => (generation === 1 ? job : `${job}.g${generation}`);
  return {
    manifest: join(folder, 'manifest.json'),
    inputs: join(folder, 'inputs'),
    staging: join(folder, 'staging'),
    request: (job: JobKind, attempt: number) => join(folder, `${name(job)}.request-${attempt}.json`),
    report: (job: JobKind) => join(folder, `${name(job)}.report.json`),
    failure: (job: JobKind, attempt: number) => join(folder, `${name(job)}.failure-${attempt}.json`),
  };
}

export const quarantineTable = (state: string): string => join(state, 'quarantine');

export const ledgerFolder = (state: string): string => join(state, 'ledger');

/** Entry that says: the files of this batch are in the table. */
export const ledgerEntry = (state: string, digest: string): string => join(ledgerFolder(state), `${digest}.json`);

export const runRecord = (state: string, run: string): string =>
  join(state, 'runs', `${run.replace(/[^A-Za-z0-9._-]+/g, '_')}.json`);

/** Last part of a table path: its short name in ids. */
export const tableName = (table: string): string => table.replace(/\/+$/, '').split('/').at(-1) ?? table;

/** Identity of a job: independent of Temporal run ids, attempts and processes. */
export const stepKey = (pipeline: string, table: string, digest: string, job: JobKind): string =>
  [pipeline, tableName(table), digest, job].join('/');
