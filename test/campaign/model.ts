// What a user expects of Headgate, and nothing of how it works: files that were sent, promises that were made about tables.
// A promise is made when an outcome is told, and taken back only by what the user does to the table. It shares no code with src.

/** One line of a file. Values come once in a trial, so a value tells which line a row of the table came from. */
export type Line = { readonly id: string; readonly value: number; readonly at: number };

export type Content = {
  readonly lines: readonly Line[];
  /** Lines beside these that no reader can understand. */
  readonly unreadable: number;
  /** How many of the first lines break the pipeline's rule: a person must be asked. */
  readonly breaking: number;
  /** No reader can make anything of the file. */
  readonly broken: boolean;
};

/** A row as the table has it; `value` undefined: of another program. */
export type Row = { readonly id: string; readonly value: number | null; readonly total: number | null };

export type Feed = {
  readonly name: string;
  /** The newest `at` wins before anything else does. */
  readonly latestBy: boolean;
  /** Files are named by their day, and the later day wins. */
  readonly daily: boolean;
};

type SentFile = {
  readonly name: string;
  readonly content: Content;
  readonly arrived: number;
  /** How often the content under this name was another before: decides where times are equal. */
  readonly corrections: number;
  readonly day: number;
};

/** Which of two lines of a key is newer: compared from left to right. */
type Rank = readonly number[];

type Promised = { readonly rank: Rank; readonly line: Line; readonly definition: number };

/** All that is known of a table. */
type Table = {
  readonly promised: Map<string, Promised>;
  /** By feed: the content of each file that is said to be in the table. Missing when only the product can know. */
  readonly delivered: Map<string, Map<string, Content>>;
  /** The user has touched the table, or Headgate's files: what was delivered before is not known. */
  isTouched: boolean;
  readonly foreign: Set<string>;
  /** Files, as feed and name, that changed while a run went on: it may have brought the new content or the old. */
  readonly unsure: Set<string>;
  /** Another program has written these keys more than once. */
  readonly doubles: Set<string>;
};

/** The files of a feed as a run finds them. */
export type View = {
  readonly feed: Feed;
  readonly files: readonly SentFile[];
  readonly definition: number;
  /** What its lines are joined with can be read. */
  readonly areNotesGood: boolean;
};

const compareRanks = (a: Rank, b: Rank): number =>
  a.map((part, index) => part - (b[index] ?? 0)).find((difference) => difference !== 0) ?? 0;

const isSame = (a: Content | undefined, b: Content): boolean =>
  a !== undefined && JSON.stringify(a) === JSON.stringify(b);

/** A line that another file has too may be replaced before anybody sees that it breaks the rule. */
const breaksFor = (content: Content, all: readonly Content[]): boolean =>
  content.lines
    .slice(0, content.breaking)
    .some(({ id }) => all.every((other) => other === content || other.lines.every((line) => line.id !== id)));

function forget(table: Table): void {
  table.delivered.clear();
  table.isTouched = true;
}

export class Model {
  readonly #files = new Map<string, Map<string, SentFile>>();
  /** Factors in the order in which the user wrote them: a row is made by the definition of some run. */
  readonly #definitions = new Map<string, number[]>();
  readonly #badNotes = new Set<string>();
  readonly #tables = new Map<string, Table>();
  readonly #lines = new Map<number, { readonly feed: Feed; readonly line: Line; rank: Rank }>();

  /** A file is there, or another content under its name. The older of two arrivals of one content counts. */
  send(feed: Feed, name: string, content: Content, modified: number, day = 0): void {
    const files = this.#filesOf(feed);
    const before = files.get(name);
    const known = [...files.values()].find((file) => file.name !== name && isSame(file.content, content));
    const isCorrection = before !== undefined && !isSame(before.content, content);
    const arrived = isCorrection
      ? Math.max(modified, before.arrived)
      : Math.min(modified, known?.arrived ?? modified, before?.arrived ?? modified);
    const corrections = (before ?? known)?.corrections ?? 0;
    const file: SentFile = { name, content, arrived, corrections: corrections + (isCorrection ? 1 : 0), day };
    files.set(name, file);
    for (const line of content.lines) {
      const rank = [feed.latestBy ? line.at : 0, day, arrived, file.corrections];
      this.#lines.set(line.value, { feed, line, rank });
    }
  }

  sendNotes({ name }: Feed, isGood: boolean): void {
    if (isGood) this.#badNotes.delete(name);
    else this.#badNotes.add(name);
  }

  define(feed: Feed, factor: number): void {
    this.#definitionsOf(feed).push(factor);
  }

  view(feed: Feed, day?: number): View {
    const files = [...this.#filesOf(feed).values()].filter((file) => day === undefined || file.day === day);
    const areNotesGood = !this.#badNotes.has(feed.name);
    return { feed, files, definition: this.#definitionsOf(feed).length - 1, areNotesGood };
  }

  /** What of the view has not been delivered; undefined when only the product can know. */
  pending(table: string, { feed, files }: View): readonly Content[] | undefined {
    const delivered = this.#delivered(table, feed);
    const { unsure } = this.#table(table);
    if (files.some(({ name }) => unsure.has(`${feed.name} ${name}`))) return undefined;
    return (
      delivered &&
      files.filter(({ name, content }) => !isSame(delivered.get(name), content)).map(({ content }) => content)
    );
  }

  /** A person must be asked before these get into a table. */
  static asks(contents: readonly Content[], { areNotesGood }: Pick<View, 'areNotesGood'>): boolean {
    const sum = (count: (content: Content) => number): number =>
      contents.reduce((all, content) => all + count(content), 0);
    const unreadable = sum((content) => content.unreadable);
    const all = unreadable + sum((content) => content.lines.length);
    const tooMany = unreadable > 0 && (unreadable === all || (unreadable > 10 && unreadable / all > 0.05));
    const isJoinedWithNothing = !areNotesGood && sum((content) => content.lines.length) > 0;
    return tooMany || isJoinedWithNothing || contents.some((content) => breaksFor(content, contents));
  }

  /** It was said that all of the view is in the table. Files that changed meanwhile are not meant. */
  promise(table: string, view: View, { redone }: { readonly redone: boolean }): void {
    const { promised, unsure } = this.#table(table);
    const before = this.#delivered(table, view.feed);
    const delivered = before ?? new Map<string, Content>();
    for (const { name, content } of view.files) {
      const file = `${view.feed.name} ${name}`;
      if (!isSame(this.#filesOf(view.feed).get(name)?.content, content)) {
        unsure.add(file);
        continue;
      }
      const wasUnsure = unsure.delete(file);
      const isNew = redone || before === undefined || !isSame(before.get(name), content);
      delivered.set(name, content);
      for (const line of content.lines) {
        const rank = this.#lines.get(line.value)?.rank ?? [];
        const known = promised.get(line.id);
        const order = known === undefined ? 1 : compareRanks(rank, known.rank);
        if (order < 0 || (order === 0 && !isNew)) continue;
        const isSure = redone || (order > 0 && before !== undefined && !wasUnsure);
        promised.set(line.id, { rank, line, definition: isSure ? view.definition : 0 });
      }
    }
    if (!view.feed.daily) this.#table(table).delivered.set(view.feed.name, delivered);
  }

  /** The user did something to the table: what is there now is what is promised. */
  touched(table: string, rows: readonly Row[]): void {
    const known = this.#table(table);
    known.promised.clear();
    known.foreign.clear();
    known.doubles.clear();
    const seen = new Set<string>();
    for (const { id } of rows) (seen.has(id) ? known.doubles : seen).add(id);
    forget(known);
    for (const { id, value } of rows) {
      const sent = value === null ? undefined : this.#lines.get(value);
      if (sent === undefined && !known.doubles.has(id)) known.foreign.add(id);
      else if (sent === undefined) continue;
      else known.promised.set(id, { rank: sent.rank, line: sent.line, definition: 0 });
    }
  }

  /** The user did something to Headgate's own files: what was promised stays promised. */
  stateTouched(): void {
    for (const table of this.#tables.values()) forget(table);
  }

  /** Another program has made it a table that nothing can be merged into. */
  hasDoubles = (table: string): boolean => this.#table(table).doubles.size > 0;

  /** Of which anything is known. */
  get tables(): readonly string[] {
    return [...this.#tables.keys()];
  }

  /** Every way in which the rows break a promise. */
  check(table: string, rows: readonly Row[]): readonly string[] {
    const { promised, foreign, doubles } = this.#table(table);
    const single = rows.filter(({ id }) => !doubles.has(id));
    const found = new Map(rows.map((row) => [row.id, row]));
    return [
      ...(new Set(single.map(({ id }) => id)).size < single.length
        ? ['doubled: a key is in the table more than once']
        : []),
      ...single.flatMap((row) => this.#checkOrigin(row, foreign)),
      ...[...foreign].filter((id) => !found.has(id)).map((id) => `lost: ${id} of another program`),
      ...[...promised.values()].flatMap((one) => this.#checkPromise(one, found.get(one.line.id))),
    ];
  }

  #checkOrigin({ id, value, total }: Row, foreign: ReadonlySet<string>): readonly string[] {
    if (foreign.has(id) && value === null) return [];
    const sent = value === null ? undefined : this.#lines.get(value);
    if (sent === undefined || value === null || sent.line.id !== id) return [`invented: ${id} with ${value}`];
    const factors = this.#definitionsOf(sent.feed);
    return factors.some((factor) => total === value * factor) ? [] : [`invented: ${id} with a total of ${total}`];
  }

  #checkPromise({ rank, line, definition }: Promised, row: Row | undefined): readonly string[] {
    if (row === undefined) return [`lost: ${line.id} with ${line.value}`];
    const sent = row.value === null ? undefined : this.#lines.get(row.value);
    if (sent === undefined) return [];
    const order = compareRanks(sent.rank, rank);
    if (order < 0) return [`older over newer: ${line.id} is ${row.value} and was ${line.value}`];
    if (order > 0 || row.value === null) return [];
    const { value, total } = row;
    const factors = this.#definitionsOf(sent.feed).slice(definition);
    return factors.some((factor) => total === value * factor)
      ? []
      : [`not done again: ${line.id} has the total of an older definition, ${total}`];
  }

  #delivered(table: string, feed: Feed): Map<string, Content> | undefined {
    const { delivered, isTouched } = this.#table(table);
    if (!isTouched && !delivered.has(feed.name)) delivered.set(feed.name, new Map());
    return delivered.get(feed.name);
  }

  #table(name: string): Table {
    const known = this.#tables.get(name) ?? {
      promised: new Map<string, Promised>(),
      delivered: new Map<string, Map<string, Content>>(),
      isTouched: false,
      foreign: new Set<string>(),
      doubles: new Set<string>(),
      unsure: new Set<string>(),
    };
    this.#tables.set(name, known);
    return known;
  }

  #filesOf({ name }: Feed): Map<string, SentFile> {
    const known = this.#files.get(name) ?? new Map<string, SentFile>();
    this.#files.set(name, known);
    return known;
  }

  #definitionsOf({ name }: Feed): number[] {
    const known = this.#definitions.get(name) ?? [];
    this.#definitions.set(name, known);
    return known;
  }
}
