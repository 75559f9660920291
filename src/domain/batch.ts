// Decides which of the listed files make a batch, and what the batch is called. Pure: the caller lists and hashes.
//   planBatch(input, hash): BatchPlan        digestInput(...): string
import { parseDigest, type Digest } from '../contracts/ids';
import { assertNever } from '../contracts/assert-never';
import type { Interval } from '../contracts/batch';
import type { LedgerFile } from '../contracts/ledger';
import { tableName } from '../contracts/layout';
import type { Pipeline, Source } from '../contracts/pipeline';
import { formatInterval } from './intervals';
import type { LedgerView } from './ledger';

/** All files of one source that are there now, sorted by path. */
export type ListedSource = { readonly source: Source; readonly files: readonly LedgerFile[] };

export type BatchInput = {
  readonly pipeline: Pipeline;
  /** Present exactly when the pipeline has interval sources. */
  readonly interval?: Interval;
  readonly listed: readonly ListedSource[];
  readonly ledger: LedgerView;
  /** Take every file, committed or not. */
  readonly ignoreLedger: boolean;
};

export type BatchPlan =
  | {
      readonly kind: 'batch';
      readonly digest: Digest;
      readonly supersedes?: Digest;
      readonly files: readonly LedgerFile[];
      readonly notices: readonly string[];
    }
  | { readonly kind: 'nothing-new'; readonly notices: readonly string[] };

/** What one source brings: the files a batch would take, and whether they alone are reason for one. */
type Offer = { readonly source: Source; readonly files: readonly LedgerFile[]; readonly fresh: boolean };

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
        table: tableName(input.pipeline.target.table),
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
  const digest = name();
  const { latest } = input.ledger;
  // Old content is back (A, then B, then A again): under A's name its jobs would find A's reports and do nothing.
  if (!input.ignoreLedger && latest !== undefined && input.ledger.has(digest)) {
    return { kind: 'batch', digest: name(latest.digest), supersedes: latest.digest, files, notices };
  }
  return { kind: 'batch', digest, files, notices };
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

function isCommitted(source: Source, files: readonly LedgerFile[], ledger: LedgerView, interval?: Interval): boolean {
  const last = ledger.lastOf(source.name, interval);
  const committed = last && ledger.filesOf(last.digest)?.filter((file) => file.source === source.name);
  return committed !== undefined && identities(committed) === identities(files);
}

const identities = (files: readonly LedgerFile[]): string =>
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

function explainDriver({ interval }: BatchInput, source: Source, found: number, digest = 'unknown'): string {
  switch (source.arrives) {
    case 'new-files':
      return found === 0
        ? `${source.name}: no file matches ${source.path}.`
        : `${source.name}: nothing new; the content of all matching files (${found}) is in the table.`;
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
 * What a batch's name is made of. Times are left out: a file that is sent again unchanged is the same file. The table
 * is in, because the same files may have to go into another one. JSON keeps odd names apart without escape rules.
 */
export function digestInput(input: {
  readonly table: string;
  readonly definitionDigest: string;
  readonly interval?: Interval;
  readonly supersedes?: Digest;
  readonly files: readonly LedgerFile[];
}): string {
  const files = input.files
    .map((file) => JSON.stringify([file.source, file.path, file.size, file.etag, file.version ?? null]))
    .toSorted();
  const interval = input.interval === undefined ? null : [input.interval.start, input.interval.end];
  return JSON.stringify(['batch/1', input.table, input.definitionDigest, interval, input.supersedes ?? null, files]);
}
