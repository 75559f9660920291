// Freezes the input of a run: lists and fingerprints the sources, leaves out what is committed, writes the manifest.
//   freezeBatch({ pipeline, interval?, ignoreLedger? }, { store, clock }): Promise<FreezeResult>
// Interval: parseInterval / defaultInterval of domain/intervals.ts. A pipeline without interval sources ignores it.
import type { Digest } from '../contracts/ids';
import type { FrozenBatch, InputFile, Interval, Manifest } from '../contracts/batch';
import { HeadgateError } from '../contracts/errors';
import { batchPaths, tableName } from '../contracts/layout';
import type { LedgerFile } from '../contracts/ledger';
import type { Pipeline, Source } from '../contracts/pipeline';
import { planBatch, type ListedSource } from '../domain/batch';
import { copyName, needsCopy } from '../domain/inputs';
import { fillPath, normalizeInterval, pipelineEvery } from '../domain/intervals';
import type { LedgerView } from '../domain/ledger';
import { fingerprintFiles } from './freeze-fingerprint';
import { shapeFiles } from './freeze-shape';
import { writeManifest } from './freeze-manifest';
import { openLedger } from './ledger';
import type { Clock, ObjectStat, ObjectStore } from './ports';
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
  const interval = intervalOf(input);
  const [opened, found] = await Promise.all([
    openLedger(pipeline.state, deps),
    Promise.all(pipeline.sources.map((source) => listSource(withFilledPath(source, interval), deps))),
  ]);
  const ledger = await opened.ask({ table: tableName(pipeline.target.table), found, interval });
  const notices: string[] = [];
  const listed: ListedSource[] = [];
  for (const { source, stats } of found) {
    listed.push({ source, files: await fingerprintSource(source, stats, ledger, notices, deps) });
  }
  const plan = planBatch(
    {
      pipeline,
      listed,
      ledger,
      ignoreLedger: input.ignoreLedger ?? false,
      ...(interval === undefined ? {} : { interval }),
    },
    sha256,
  );
  const told = shorten([...notices, ...plan.notices]);
  if (plan.kind === 'nothing-new') return { kind: 'nothing-new', notices: told };
  const shapes = await shapeFiles(plan.files, pipeline.sources, deps);
  const manifest: Manifest = {
    protocol: 1,
    pipeline: pipeline.name,
    digest: plan.digest,
    ...(plan.supersedes === undefined ? {} : { supersedes: plan.supersedes }),
    ...(interval === undefined ? {} : { interval }),
    frozenAt: deps.clock.now().toISOString(),
    files: plan.files.map((file, index) => ({ ...toInputFile(file, pipeline, plan.digest), ...shapes[index] })),
  };
  const counts = await writeManifest(manifest, pipeline.state, deps.store);
  return { kind: 'batch', batch: summarize(counts, batchPaths(pipeline.state, plan.digest).manifest, told) };
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
): Promise<readonly LedgerFile[]> {
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

function toInputFile(file: LedgerFile, pipeline: Pipeline, digest: Digest): InputFile {
  const source = pipeline.sources.find(({ name }) => name === file.source);
  const copied = source !== undefined && needsCopy(source, file.path);
  const name = copyName(file.path, sha256(JSON.stringify([file.source, file.path, file.etag])));
  const readPath = copied ? `${batchPaths(pipeline.state, digest).inputs}/${name}` : file.path;
  return { ...file, readPath };
}

function summarize(manifest: Manifest, manifestPath: string, notices: readonly string[]): FrozenBatch {
  const { digest, interval, files } = manifest;
  return {
    digest,
    manifestPath,
    ...(interval === undefined ? {} : { interval }),
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
