// Ends a run: proof of the commit, ledger entry, metric, run record, then clears up. Safe to run twice; what was done stays.
//   publishRun({ pipeline, record }, { store, clock, metrics }): Promise<PublishResult>
//   listRuns(state, { store }, { limit? }): Promise<readonly RunRecord[]>   newest first
import type { InputFile } from '../contracts/batch';
import { HeadgateError } from '../contracts/errors';
import { parseTableUri } from '../contracts/ids';
import { batchPaths, runRecord, stepKey } from '../contracts/layout';
import { ledgerProtocol, type LedgerFile } from '../contracts/ledger';
import type { PublishedPipeline } from '../contracts/pipeline-ref';
import type { RunRecord } from '../contracts/run-record';
import { parseRunRecord } from '../contracts/run-record-schema';
import { readManifest } from './freeze-manifest';
import { clearInputs, sweepBatches } from './housekeeping';
import { addLedgerEntry, compactLedger, openLedger, voidLedgerEntries } from './ledger';
import type { Clock, Metric, MetricSink, ObjectStore } from './ports';
import { proveCommit } from './prove-commit';
import { arrivalOf } from '../domain/delivery';
import { callsAtOnce, mapBounded } from '../domain/map-bounded';
import { escapeGlob } from '../domain/glob';

export type PublishDeps = { readonly store: ObjectStore; readonly clock: Clock; readonly metrics: MetricSink };

export type PublishInput = { readonly pipeline: PublishedPipeline; readonly record: RunRecord };

/** `warnings`: what could not be cleared up or measured. The batch is in the table all the same. */
export type PublishResult = { readonly recordPath: string; readonly warnings: readonly string[] };

export async function publishRun({ pipeline, record }: PublishInput, deps: PublishDeps): Promise<PublishResult> {
  const { store, metrics } = deps;
  const { state } = pipeline;
  const recordPath = recordPathOf(state, record);
  const warnings: string[] = [];
  // A run that has put its batch into the table has succeeded: what follows the ledger must not make it fail.
  const attempt = async (what: string, work: () => Promise<unknown>): Promise<void> => {
    try {
      await work();
    } catch (error) {
      warnings.push(`${what}: ${error instanceof Error ? error.message : String(error)}`);
    }
  };

  if (record.outcome === 'committed') await enterLedger(pipeline, record, store);
  // The record comes after the metric: a crash between them repeats the metric, whose run and start tell the double.
  if ((await store.stat(recordPath)) === undefined) {
    await attempt('metrics', () => metrics.emit(toMetric(record)));
    await store.putIfAbsent(recordPath, `${JSON.stringify(record, null, 2)}\n`);
  }
  const { digest } = record;
  if (record.outcome === 'committed' && digest !== undefined) {
    await attempt('copies of inputs', () => clearInputs(state, digest, deps));
    await attempt('old batches', () => sweepBatches({ pipeline }, deps));
    await attempt('ledger summary', () => compactLedger(state, deps));
  }
  return { recordPath, warnings };
}

async function enterLedger(pipeline: PublishedPipeline, record: RunRecord, store: ObjectStore): Promise<void> {
  const { digest, table } = record;
  const { state, definitionDigest } = pipeline;
  if (digest === undefined || table.version === undefined) {
    throw new HeadgateError({
      kind: 'config',
      type: 'IncompleteRecord',
      message: `The record of ${record.run} says 'committed', but not which batch or which table version.`,
      remedy: 'Worker and workflow code must be of one version: restart the worker.',
      fields: { run: record.run, digest, tableVersion: table.version },
    });
  }
  const address = parseTableUri(table.path);
  const { committed, old } = await openLedger(state, { store });
  const claim = {
    table: address,
    version: table.version,
    step: stepKey(record.pipeline, address, digest, 'commit'),
    committed,
  };
  const { tableId, commit, truth } = await proveCommit(claim, store);
  const manifest = await readManifest(batchPaths(state, digest).manifest, store);
  // Before the new entry, which would seem to prove them.
  await voidLedgerEntries(state, [...truth.void], `not in the table any more: ${truth.notices.join(' ')}`, { store });
  await voidLedgerEntries(state, old, 'does not say of which table it is', { store });
  await addLedgerEntry(
    state,
    {
      protocol: ledgerProtocol,
      digest,
      table: address,
      tableId,
      definitionDigest,
      ...(manifest.interval === undefined ? {} : { interval: manifest.interval }),
      frozenAt: manifest.frozenAt,
      committedAt: record.finishedAt,
      tableVersion: table.version,
      commit,
      files: manifest.files.map(toLedgerFile),
    },
    { store },
  );
}

/** Manifests of before 2026-12 do not say when a file came. */
const toLedgerFile = ({ readPath: _path, shape: _shape, unpackedBytes: _bytes, ...file }: InputFile): LedgerFile => ({
  ...file,
  delivery: file.delivery ?? arrivalOf(file.modifiedMs),
});

/** The start time leads, so that the order of names is the order of runs; workflow ids come again. */
const recordPathOf = (state: string, { startedAt, run }: RunRecord): string =>
  runRecord(state, `${new Date(startedAt).toISOString().replaceAll(/[-:]/g, '')}-${run}`);

function toMetric(record: RunRecord): Metric {
  const { rows, seconds, table } = record;
  return {
    name: 'run',
    time: record.finishedAt,
    pipeline: record.pipeline,
    run: record.run,
    startedAt: record.startedAt,
    outcome: record.outcome,
    digest: record.digest ?? null,
    intervalStart: record.interval?.start ?? null,
    tableVersion: table.version ?? null,
    warnings: record.warnings.length,
    /** Of all sources; `rows.quarantined` is of the driving one. */
    quarantined: rows === undefined ? null : (record.quarantine?.rows ?? 0),
    failure: record.failure?.type ?? null,
    ...Object.fromEntries(Object.entries(rows ?? {}).map(([fate, count]) => [`rows.${fate}`, count])),
    ...Object.fromEntries(Object.entries(seconds).map(([phase, spent]) => [`seconds.${phase}`, spent])),
  };
}

export async function listRuns(
  state: string,
  { store }: { readonly store: ObjectStore },
  { limit = 100 }: { readonly limit?: number } = {},
): Promise<readonly RunRecord[]> {
  const found = await store.list(`${escapeGlob(state.replace(/\/+$/, ''))}/runs/*.json`);
  const newest = found
    .map(({ path }) => path)
    .toReversed()
    .slice(0, limit);
  const records = await mapBounded(newest, callsAtOnce, async (path) => {
    const text = await store.readText(path);
    return text === undefined ? undefined : parseRunRecord(text, path);
  });
  return records.filter((record) => record !== undefined);
}
