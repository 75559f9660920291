// Whether what was told is true: of the table, of its version, of what was asked. Gives every violation; its first words name the kind.
import { Model, type Content, type View } from './model';
import type { FeedName, LakeName, Site } from './site';
import type { Stage, Told } from './stage';

/** What a user has asked for, and what the model knew then. */
export type Asked = {
  readonly feed: FeedName;
  readonly lake: LakeName;
  readonly redo: boolean;
  readonly view: View;
  /** What the run should bring; undefined: nobody but the product can know. */
  readonly pending: readonly Content[] | undefined;
};

export type Circumstances = {
  /** Rows of the table before, as text. Absent: others may have written. */
  readonly before?: string;
  /** Moments at which something was done to the run. */
  readonly happened: readonly string[];
  /** Nothing else went on, so that it is known what the run alone did. */
  readonly isAlone: boolean;
  /** A table was touched by others: a run may stop, and say so. */
  readonly mayStop: boolean;
  /** Another run waits for a person, and this one may wait for it. */
  readonly isBehind: boolean;
  /** The keeper was terminated while the run went on. */
  readonly hasLostKeeper: boolean;
};

/** For each thing that was done to a run it may take so much longer, of virtual time. */
const patienceSeconds = 150;
/** A run whose keeper was terminated by hand asks again after a quarter of an hour. */
const keeperPatienceSeconds = 950;

const says = /in the table|committed|version \d/i;

export class Judge {
  readonly #stage: Stage;
  readonly #site: Site;
  readonly #model: Model;

  constructor(stage: Stage, site: Site, model: Model) {
    this.#stage = stage;
    this.#site = site;
    this.#model = model;
  }

  async judge(asked: Asked, told: Told, circumstances: Circumstances): Promise<readonly string[]> {
    const table = this.#site.table(asked.feed, asked.lake);
    const done = told.outcome === 'committed' || told.outcome === 'nothing-new';
    const found = done
      ? await this.#checkDone(table, asked, told, circumstances)
      : await this.#checkUndone(table, asked, told, circumstances);
    return [...found, ...this.#checkTime(told, circumstances), ...(await this.checkTables())];
  }

  /** Every promise about every table. */
  async checkTables(): Promise<readonly string[]> {
    const found = this.#model.tables.map(async (table) => this.#model.check(table, await this.#stage.rows(table)));
    return (await Promise.all(found)).flat();
  }

  async #checkDone(table: string, asked: Asked, told: Told, { isAlone }: Circumstances): Promise<readonly string[]> {
    this.#model.promise(table, asked.view, { redone: asked.redo });
    const isUnasked = asked.pending !== undefined && isAlone && Model.asks(asked.pending, asked.view);
    return [
      ...(isUnasked ? [`not asked: told ${told.outcome}, and a person must see this batch first`] : []),
      ...(told.outcome === 'committed' ? await this.#checkCommit(table, told) : []),
    ];
  }

  async #checkCommit(table: string, { table: place, digest, rows }: Told): Promise<readonly string[]> {
    const version = place?.version;
    const found = version === undefined ? undefined : await this.#stage.version(table, version);
    const no = (why: string): readonly string[] => [`no such commit: version ${version} ${why}`];
    if (found === undefined) return no('is not there');
    if (found.digest !== digest) return no('is of another batch');
    if (found.isUndone) return no('was taken back by a RESTORE');
    const [inserted, updated] = [rows?.inserted ?? 0, rows?.updated ?? 0];
    if (found.inserted === inserted && found.updated === updated) return [];
    return [`counts: told ${inserted} inserted, ${updated} updated; there are ${found.inserted} and ${found.updated}`];
  }

  async #checkUndone(
    table: string,
    asked: Asked,
    told: Told,
    circumstances: Circumstances,
  ): Promise<readonly string[]> {
    const { before, happened, mayStop, isAlone } = circumstances;
    const isWritten = isAlone && before !== undefined && JSON.stringify(await this.#stage.rows(table)) !== before;
    const isSilent = isWritten && !says.test(told.failure?.text ?? '');
    // A run that waits for a person stands in the way, and says so.
    const isHeldBack = told.failure?.type === 'RunHeld';
    const mayFail =
      isHeldBack ||
      happened.length > 0 ||
      mayStop ||
      this.#model.hasDoubles(table) ||
      asked.view.files.some(({ content }) => content.broken);
    return [
      ...(isSilent ? [`silent: told ${told.outcome}, and yet written`] : []),
      ...(told.outcome === 'failed' && !mayFail ? [`failed without a reason: ${told.failure?.type}`] : []),
    ];
  }

  #checkTime(
    { outcome, waitedSeconds }: Told,
    { happened, isBehind, hasLostKeeper }: Circumstances,
  ): readonly string[] {
    if (outcome === 'hangs') return ['hangs: a run has no end'];
    const longest = patienceSeconds * Math.max(1, happened.length) + (hasLostKeeper ? keeperPatienceSeconds : 0);
    return waitedSeconds > longest && !isBehind ? [`waits too long: ${waitedSeconds} s`] : [];
  }
}

/** What the user saw, in a line. */
export function tell(told: Told, happened: readonly string[]): string {
  const { outcome, table, failure, waitedSeconds } = told;
  return [
    `     told ${outcome}`,
    ...(table?.version === undefined ? [] : [`version ${table.version}`]),
    ...(failure === undefined ? [] : [`${failure.type}: ${failure.text.slice(0, 600)}`]),
    ...(waitedSeconds > 5 ? [`after ${waitedSeconds} s`] : []),
    ...(happened.length > 0 ? [`[${happened.join(', ')}]`] : []),
  ].join(' ');
}
