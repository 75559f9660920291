// Freezes the input of a run: lists and fingerprints the sources, leaves out what is committed, writes the manifest.
//   freezeBatch({ pipeline, interval?, ignoreLedger? }, { store, clock }): Promise<FreezeResult>
// Interval: parseInterval / defaultInterval of domain/intervals.ts. A pipeline without interval sources ignores it.
import { isDigest, type Digest } from '../contracts/ids';
import type { FrozenBatch, InputFile, Interval, Manifest } from '../contracts/batch';
import { HeadgateError } from '../contracts/errors';
import type { TableBase } from '../contracts/job';
import { parseJobReport } from '../contracts/job-schema';
import { batchPaths, jobPaths, stepKey } from '../contracts/layout';
import type { Pipeline, Source } from '../contracts/pipeline';
import { planBatch, type BatchInput, type BatchPlan, type ListedFile, type ListedSource } from '../domain/batch';
import { copyName, needsCopy } from '../domain/inputs';
import { fillPath, normalizeInterval, pipelineEvery } from '../domain/intervals';
import { reportOf } from '../domain/job-report';
import type { LedgerView } from '../domain/ledger';
import { deliverFiles } from './freeze-delivery';
import { fingerprintFiles } from './freeze-fingerprint';
import { shapeFiles } from './freeze-shape';
import { writeManifest } from './freeze-manifest';
import { openLedger } from './ledger';
import type { Clock, ObjectStat, ObjectStore } from './ports';
import { findReported } from './prove-commit';
import { reconcileTable, type TableTruth } from './reconcile';
import { openTableLog, type TableLog } from './table-log';
import { isGlob } from '../domain/glob';
import { sha256 } from './sha256';

export type FreezeDeps = {
  readonly store: ObjectStore;
  readonly clock: Clock;
  /** Waits before a changing file is looked at again. Default: a timer. */
  readonly sleep?: (ms: number) => Promise<void>;
};

export type FreezeInput = {
  readonly pipeline: Pipeline;
  readonly interval?: Interval;
  /** Take every file again, committed or not. Default false. */
  readonly ignoreLedger?: boolean;
};

export type FreezeResult =
  | { readonly kind: 'batch'; readonly batch: FrozenBatch }
  | { readonly kind: 'nothing-new'; readonly notices: readonly string[] };

const sampleSize = 10;
const noticeLimit = 20;

export async function freezeBatch(input: FreezeInput, deps: FreezeDeps): Promise<FreezeResult> {
  const { pipeline } = input;
  const { state, target } = pipeline;
  const interval = intervalOf(input);
  // Before the first look: what changes later may not be taken for what was seen.
  const frozenAt = deps.clock.now().toISOString();
  const log = openTableLog(target.table, deps.store);
  const [ledger, found] = await Promise.all([
    openLedger(state, deps),
    Promise.all(pipeline.sources.map((source) => listSource(withFilledPath(source, interval), deps))),
  ]);
  const truth = await reconcileTable(log, ledger.committed);
  const table = { table: target.table, tableId: truth.base?.id ?? noTable };
  const view = await ledger.ask({ table, without: truth.void, found, interval });
  const notices = [...truth.notices, ...tellOld(ledger.old)];
  const listed: ListedSource[] = [];
  for (const { source, stats } of found) {
    listed.push({ source, files: await fingerprintSource(source, stats, view, notices, deps) });
  }
  const plan = await planUnused(
    {
      pipeline,
      listed,
      ledger: view,
      untrue: new Set([...truth.takenBack].filter(isDigest)),
      ignoreLedger: input.ignoreLedger ?? false,
      ...(truth.base === undefined ? {} : { tableVersion: truth.base.version }),
      ...(interval === undefined ? {} : { interval }),
    },
    { log, truth, store: deps.store },
  );
  const told = shorten([...notices, ...plan.notices]);
  if (plan.kind === 'nothing-new') return { kind: 'nothing-new', notices: told };
  const [shapes, deliveries] = await Promise.all([
    shapeFiles(plan.files, pipeline.sources, deps),
    deliverFiles(plan.files, {
      pipeline,
      frozenAt,
      former: view.newestOf,
      sameContents: (contents) => ledger.deliveries({ table, without: truth.void }, contents),
      ...(interval === undefined ? {} : { interval }),
    }),
  ]);
  const manifest: Manifest = {
    protocol: 1,
    pipeline: pipeline.name,
    digest: plan.digest,
    ...(plan.supersedes === undefined ? {} : { supersedes: plan.supersedes }),
    ...(interval === undefined ? {} : { interval }),
    frozenAt,
    files: plan.files.map((file, index) => ({
      ...toInputFile(file, pipeline, plan.digest),
      ...shapes[index],
      ...deliveries[index],
    })),
  };
  const counts = await writeManifest(manifest, state, deps.store);
  const { manifest: path } = batchPaths(state, plan.digest);
  return { kind: 'batch', batch: summarize(counts, path, { notices: told, base: truth.base }) };
}

/** In no table's log. */
const noTable = '';

const tellOld = (old: readonly string[]): readonly string[] =>
  old.length === 0
    ? []
    : [
        `Batches that an earlier version of Headgate committed (${old.length}) do not count: their entries in the ledger do not ` +
          'say of which table they are. All files are taken again; rows that are in the table stay unchanged.',
      ];

/** A name under which a job left a report that is not true of the table is passed over: who finds it would tell it again. */
async function planUnused(
  input: BatchInput,
  { log, truth, store }: { readonly log: TableLog; readonly truth: TableTruth; readonly store: ObjectStore },
): Promise<BatchPlan> {
  const untrue = new Set(input.untrue);
  for (;;) {
    const plan = planBatch({ ...input, untrue }, sha256);
    if (plan.kind === 'nothing-new') return plan;
    const { name, state, target } = input.pipeline;
    const { report: path } = jobPaths(state, 'commit', plan.digest, 1);
    const text = await store.readText(path);
    if (text === undefined) return plan;
    const { version } = reportOf('commit', parseJobReport(text, path)).table;
    const step = stepKey(name, target.table, plan.digest, 'commit');
    if (!('missing' in (await findReported({ version, step }, log, truth)))) return plan;
    untrue.add(plan.digest);
  }
}

function intervalOf({ pipeline, interval }: FreezeInput): Interval | undefined {
  const every = pipelineEvery(pipeline);
  if (every === undefined) return undefined;
  if (interval !== undefined) return normalizeInterval(interval, every);
  throw new HeadgateError({
    kind: 'config',
    type: 'MissingInterval',
    message: `${pipeline.name} reads files by interval, and the run was given none.`,
    remedy: `Name one interval of one ${every}, for example with --interval.`,
    fields: { pipeline: pipeline.name, every },
  });
}

const withFilledPath = (source: Source, interval: Interval | undefined): Source =>
  source.arrives === 'interval' && interval !== undefined
    ? { ...source, path: fillPath(source.path, interval) }
    : source;

async function listSource(source: Source, { store }: FreezeDeps) {
  const stats = await store.list(source.path);
  if (stats.length > 0 || source.arrives === 'interval') return { source, stats };
  const waitsForFiles = source.arrives === 'new-files' && (isGlob(source.path) || (await store.hasFolder(source.path)));
  if (waitsForFiles) return { source, stats };
  throw new HeadgateError({
    kind: 'data',
    type: 'MissingInput',
    message: `Source '${source.name}' finds nothing at ${source.path}.`,
    remedy: 'Check the path, the ${…} in it, and that the worker sees the same folders as you.',
    fields: { source: source.name, path: source.path },
  });
}

async function fingerprintSource(
  source: Source,
  stats: readonly ObjectStat[],
  ledger: LedgerView,
  notices: string[],
  deps: FreezeDeps,
): Promise<readonly ListedFile[]> {
  const known = (stat: ObjectStat) => ledger.newestOf(source.name, stat.path);
  const { files, unsettled } = await fingerprintFiles(stats, known, deps);
  const [first] = unsettled;
  if (first === undefined) return files.map((file) => ({ source: source.name, ...file }));
  // A whole that lacks a file is wrong; of arriving files, one more or less only comes with the next batch.
  if (source.arrives !== 'new-files') {
    throw new HeadgateError({
      kind: 'inputs-changed',
      type: 'StillChanging',
      message: `${first} of source '${source.name}' is still being written.`,
      remedy: 'Run again when its writer has finished. Writers should write under a hidden name and rename at the end.',
      fields: { source: source.name, file: first },
    });
  }
  notices.push(...unsettled.map((path) => `StillChanging: ${path} is still being written; left for the next run.`));
  return files.map((file) => ({ source: source.name, ...file }));
}

function toInputFile(file: ListedFile, pipeline: Pipeline, digest: Digest): InputFile {
  const source = pipeline.sources.find(({ name }) => name === file.source);
  const copied = source !== undefined && needsCopy(source, file.path);
  const name = copyName(file.path, sha256(JSON.stringify([file.source, file.path, file.etag])));
  const readPath = copied ? `${batchPaths(pipeline.state, digest).inputs}/${name}` : file.path;
  return { ...file, readPath };
}

function summarize(
  { digest, interval, files }: Manifest,
  manifestPath: string,
  { notices, base }: { readonly notices: readonly string[]; readonly base: TableBase | undefined },
): FrozenBatch {
  return {
    digest,
    manifestPath,
    ...(interval === undefined ? {} : { interval }),
    ...(base === undefined ? {} : { base }),
    fileCount: files.length,
    bytes: files.reduce((sum, file) => sum + file.size, 0),
    toCopy: files.filter((file) => file.readPath !== file.path).length,
    sample: files.slice(0, sampleSize).map(({ path }) => path.slice(path.lastIndexOf('/') + 1)),
    notices,
  };
}

/** Notices travel through workflow history, which is small. */
const shorten = (notices: readonly string[]): readonly string[] =>
  notices.length <= noticeLimit
    ? notices
    : [...notices.slice(0, noticeLimit), `and ${notices.length - noticeLimit} more notices.`];
