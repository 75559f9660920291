// Where things lie in a pipeline's state folder. Pure string functions that work for paths and URIs alike.
import { parseStepKey, type Digest, type StepKey } from './ids';
import type { JobKind } from './job';

const join = (...parts: readonly string[]): string => parts.map((part) => part.replace(/\/+$/, '')).join('/');

/** Default state folder: `_headgate/<pipeline>` next to the table (the underscore hides it from VACUUM and readers). */
export function defaultStateRoot(table: string, pipeline: string): string {
  const trimmed = table.replace(/\/+$/, '');
  return join(trimmed.slice(0, trimmed.lastIndexOf('/')), '_headgate', pipeline);
}

export function batchFolder(state: string, digest: Digest): string {
  return join(state, 'batches', digest);
}

/** Upkeep is no batch: its requests and reports lie beside them. */
const shelves = {
  prepare: 'batches',
  commit: 'batches',
  maintain: 'maintenance',
} as const satisfies Record<JobKind, string>;

/** The files that a job and its submitter leave for each other. */
export function jobPaths(state: string, job: JobKind, digest: Digest, generation: number) {
  const folder = join(state, shelves[job], digest);
  const name = generation === 1 ? job : `${job}.g${generation}`;
  return {
    request: (attempt: number) => join(folder, `${name}.request-${attempt}.json`),
    host: (attempt: number) => join(folder, `${name}.host-${attempt}.json`),
    handle: (attempt: number) => join(folder, `${name}.handle-${attempt}.json`),
    report: join(folder, `${name}.report.json`),
    failure: (attempt: number) => join(folder, `${name}.failure-${attempt}.json`),
  };
}

/** Where an attempt leaves its report; headgate_spark makes the same name of the same two. */
export const attemptReport = (report: string, attempt: number): string =>
  report.replace(/(\.json)?$/, `-${attempt}.json`);

export function batchPaths(state: string, digest: Digest) {
  const folder = batchFolder(state, digest);
  return {
    manifest: join(folder, 'manifest.json'),
    inputs: join(folder, 'inputs'),
    staging: join(folder, 'staging'),
  };
}

export const quarantineTable = (state: string): string => join(state, 'quarantine');

/** A resolved pipeline, named by its content. */
export const definitionPath = (state: string, name: string): string => join(state, 'definitions', `${name}.json`);

/** The Python code of one release, for clusters: named by its content. */
export const codeFolder = (state: string, hash: string): string => join(state, 'code', hash);

/** Where steps of clusters leave their logs. */
export const logFolder = (state: string): string => join(state, 'logs');

export const ledgerFolder = (state: string): string => join(state, 'ledger');

/** Entry that says: the files of this batch were committed to a table, as this version of it. */
export const ledgerEntry = (state: string, digest: Digest): string => join(ledgerFolder(state), `${digest}.json`);

/** Entries of batches that are in no table any more; their names are not used again. */
export const voidFolder = (state: string): string => join(ledgerFolder(state), 'void');

export const voidEntry = (state: string, digest: string): string => join(voidFolder(state), `${digest}.json`);

export const runRecord = (state: string, run: string): string =>
  join(state, 'runs', `${run.replace(/[^A-Za-z0-9._-]+/g, '_')}.json`);

/** Last part of a table path: its short name in ids. */
const tableName = (table: string): string => table.replace(/\/+$/, '').split('/').at(-1) ?? table;

/** Identity of a job: independent of Temporal run ids, attempts and processes. */
export const stepKey = (pipeline: string, table: string, digest: Digest, job: JobKind): StepKey =>
  parseStepKey([pipeline, tableName(table), digest, job].join('/'));
