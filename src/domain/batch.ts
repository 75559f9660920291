// Decides which of the listed files make a batch, and what the batch is called. Pure: the caller lists and hashes.
//   planBatch(input, hash): BatchPlan        digestInput(...): string
import { parseDigest, type Digest, type TableUri } from '../contracts/ids';
import { assertNever } from '../contracts/assert-never';
import type { Interval } from '../contracts/batch';
import type { LedgerFile } from '../contracts/ledger';
import type { Pipeline, Source } from '../contracts/pipeline';
import { formatInterval } from './intervals';
import type { LedgerView } from './ledger';

/** A file as it is now; when its content came is not settled yet. */
export type ListedFile = Omit<LedgerFile, 'delivery'>;

/** All files of one source that are there now, sorted by path. */
export type ListedSource = { readonly source: Source; readonly files: readonly ListedFile[] };

export type BatchInput = {
  readonly pipeline: Pipeline;
  /** Present exactly when the pipeline has interval sources. */
  readonly interval?: Interval;
  readonly listed: readonly ListedSource[];
  readonly ledger: LedgerView;
  /** Names that a job has left something under which is not true of the table. */
  readonly untrue: ReadonlySet<Digest>;
  /** Newest version of the table. Absent: there is none. */
  readonly tableVersion?: number;
  /** Take every file, committed or not. */
  readonly ignoreLedger: boolean;
};

export type BatchPlan =
  | {
      readonly kind: 'batch';
      readonly digest: Digest;
      readonly supersedes?: Digest;
      readonly files: readonly ListedFile[];
      readonly notices: readonly string[];
    }
  | { readonly kind: 'nothing-new'; readonly notices: readonly string[] };

/** What one source brings: the files a batch would take, and whether they alone are reason for one. */
type Offer = { readonly source: Source; readonly files: readonly ListedFile[]; readonly fresh: boolean };

/** `hash` gives the hex SHA-256 of a text. */
export function planBatch(input: BatchInput, hash: (text: string) => string): BatchPlan {
  const offers = input.listed.map((listed) => offerOf(listed, input));
  const driver = offers.find((offer) => offer.source.name === input.pipeline.transform.from);
  if (driver === undefined || !isBatch(driver, offers)) {
    return { kind: 'nothing-new', notices: explainNothing(input, driver, offers) };
  }
  const files = offers.flatMap((offer) => offer.files);
  const name = (supersedes?: Digest): Digest => {
    const text = hash(
      digestInput({
        pipeline: input.pipeline.name,
        table: input.pipeline.target.table,
        definitionDigest: input.pipeline.definitionDigest,
        files,
        ...(input.interval === undefined ? {} : { interval: input.interval }),
        ...(supersedes === undefined ? {} : { supersedes }),
      }),
    );
    return parseDigest(text.slice(0, 32));
  };
  const notices = offers
    .filter((offer) => offer.files.length === 0)
    .map((offer) => `${offer.source.name} brings no file to this batch.`);
  return { kind: 'batch', ...unusedName(name, input), files, notices };
}

/**
 * Old content is back (A, then B, then A again), or the table was set back: under a name that was used, jobs would find
 * the reports of then and Delta the transaction of then, and do nothing. A redo of a batch that is in the table has
 * reports and transactions of its own.
 */
function unusedName(
  name: (supersedes?: Digest) => Digest,
  { ledger, untrue, ignoreLedger }: BatchInput,
): { readonly digest: Digest; readonly supersedes?: Digest } {
  let supersedes: Digest | undefined;
  for (;;) {
    const digest = name(supersedes);
    const state = ledger.stateOf(digest);
    const isFree = state === undefined || (state === 'committed' && ignoreLedger);
    if (isFree && !untrue.has(digest)) return { digest, ...(supersedes === undefined ? {} : { supersedes }) };
    supersedes = digest;
  }
}

function offerOf({ source, files }: ListedSource, { interval, ledger, ignoreLedger }: BatchInput): Offer {
  if (ignoreLedger) return { source, files, fresh: files.length > 0 };
  switch (source.arrives) {
    case 'new-files': {
      const uncommitted = files.filter((file) => ledger.newestOf(source.name, file.path)?.etag !== file.etag);
      return { source, files: uncommitted, fresh: uncommitted.length > 0 };
    }
    case 'interval':
      return { source, files, fresh: files.length > 0 && !isCommitted(source, files, ledger, interval) };
    case 'snapshot':
      return { source, files, fresh: !isCommitted(source, files, ledger) };
    default:
      return assertNever(source.arrives);
  }
}

function isCommitted(source: Source, files: readonly ListedFile[], ledger: LedgerView, interval?: Interval): boolean {
  const last = ledger.lastOf(source.name, interval);
  const committed = last && ledger.filesOf(last.digest)?.filter((file) => file.source === source.name);
  return committed !== undefined && identities(committed) === identities(files);
}

const identities = (files: readonly ListedFile[]): string =>
  JSON.stringify(files.map((file) => JSON.stringify([file.path, file.etag])).toSorted());

/**
 * Every row of the table stands for a row of the driving source. Without files of it, the new files of a joined source
 * would be spent on nothing: they wait. A changed joined snapshot alone is no reason for a batch; an interval is done
 * again when any of its files changed.
 */
function isBatch(driver: Offer, offers: readonly Offer[]): boolean {
  switch (driver.source.arrives) {
    case 'new-files':
      return driver.fresh;
    case 'interval':
      return driver.files.length > 0 && offers.some((offer) => offer.source.arrives === 'interval' && offer.fresh);
    case 'snapshot':
      return driver.fresh || offers.some((offer) => offer.source.arrives !== 'snapshot' && offer.fresh);
    default:
      return assertNever(driver.source.arrives);
  }
}

function explainNothing(input: BatchInput, driver: Offer | undefined, offers: readonly Offer[]): readonly string[] {
  if (driver === undefined) return [];
  const { source } = driver;
  const found = input.listed.find((listed) => listed.source === source)?.files.length ?? 0;
  const last = input.ledger.lastOf(source.name, source.arrives === 'interval' ? input.interval : undefined);
  const waiting = offers
    .filter((offer) => offer !== driver && offer.source.arrives === 'new-files' && offer.fresh)
    .map((offer) => `${offer.source.name}: ${offer.files.length} new, waiting for files of ${source.name}.`);
  const definition =
    found > 0 && last !== undefined && last.definitionDigest !== input.pipeline.definitionDigest
      ? ['The definition changed since these files were committed; they are read again only by a redo.']
      : [];
  return [explainDriver(input, source, found, last?.digest), ...waiting, ...definition];
}

function explainDriver(
  { interval, tableVersion }: BatchInput,
  source: Source,
  found: number,
  digest = 'unknown',
): string {
  switch (source.arrives) {
    case 'new-files':
      return found === 0
        ? `${source.name}: no file matches ${source.path}.`
        : `${source.name}: nothing new; all matching files (${found}) are committed to the table (version ${tableVersion ?? 0}).`;
    case 'interval': {
      const name = interval === undefined ? '' : formatInterval(interval, source.every ?? 'day');
      return found === 0
        ? `${source.name}: no file for ${name} (${source.path}).`
        : `${source.name}: ${name} is already committed as ${digest}.`;
    }
    case 'snapshot':
      return `${source.name}: unchanged since batch ${digest}.`;
    default:
      return assertNever(source.arrives);
  }
}

/**
 * What a batch's name is made of. Times are left out: a file that is sent again unchanged is the same file. Pipeline and
 * table are in, whole: the same files may go into another table, by another pipeline, with one state folder or more.
 * JSON keeps odd names apart without escape rules.
 */
export function digestInput(input: {
  readonly pipeline: string;
  readonly table: TableUri;
  readonly definitionDigest: string;
  readonly interval?: Interval;
  readonly supersedes?: Digest;
  readonly files: readonly ListedFile[];
}): string {
  const files = input.files
    .map((file) => JSON.stringify([file.source, file.path, file.size, file.etag, file.version ?? null]))
    .toSorted();
  const interval = input.interval === undefined ? null : [input.interval.start, input.interval.end];
  const { pipeline, table, definitionDigest, supersedes = null } = input;
  return JSON.stringify(['batch/2', pipeline, table, definitionDigest, interval, supersedes, files]);
}
