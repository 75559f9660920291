// Who sends files: new ones, corrections, old bytes under new names; and tells the model of each.
import { existsSync, statSync } from 'node:fs';
import type { FileCommand } from './commands';
import type { Content, Line, Model } from './model';
import { breakingFrom, feeds, type FeedName, type Site } from './site';

const startMs = Date.parse('2026-05-20T00:00:00Z');
const minuteMs = 60_000;
/** The first value of a trial; each line has another. */
const firstValue = 10_000;

type Shape = Extract<FileCommand, { do: 'send' }>['shape'];

const isWithoutLines = (shape: Shape): boolean => shape === 'unreadable' || shape === 'empty' || shape === 'broken';

export class Sender {
  readonly #site: Site;
  readonly #model: Model;
  readonly #contents = new Map<string, Content>();
  #serial = firstValue;
  #newestMs = startMs;
  #oldestMs = startMs;

  constructor(site: Site, model: Model) {
    this.#site = site;
    this.#model = model;
  }

  send(command: FileCommand): void {
    if (command.do === 'send-notes') {
      this.#site.placeNotes(command.shape);
      this.#model.sendNotes(feeds.noted, command.shape === 'good');
    } else if (command.do === 'send-again') this.#sendAgain(command);
    else this.#sendNew(command);
  }

  #sendNew(command: Extract<FileCommand, { do: 'send' }>): void {
    const { feed, file, age } = command;
    const path = this.#site.file(feed, file);
    const before = existsSync(path) ? statSync(path) : undefined;
    const isSame = age === 'same-time' && before !== undefined;
    const isOld = age === 'old' && before === undefined;
    const modifiedMs = isSame ? before.mtimeMs : isOld ? (this.#oldestMs -= minuteMs) : (this.#newestMs += minuteMs);
    this.#put(feed, file, this.#contentOf(command, isSame ? this.#contents.get(path) : undefined), modifiedMs);
  }

  /** Only under a name that is free: a correction is another thing. */
  #sendAgain({ feed, file, as }: Extract<FileCommand, { do: 'send-again' }>): void {
    const content = this.#contents.get(this.#site.file(feed, file));
    if (content === undefined || existsSync(this.#site.file(feed, as)) || feeds[feed].daily) return;
    this.#put(feed, as, content, (this.#newestMs += minuteMs));
  }

  /** With the keys of `like`, and so of its size. */
  #contentOf({ keys, shape }: Extract<FileCommand, { do: 'send' }>, like?: Content): Content {
    const own = isWithoutLines(shape) ? [] : keys.map((key) => `k${key}`);
    const ids = like === undefined ? own : like.lines.map(({ id }) => id);
    const isBreaking = shape === 'breaking' && ids.length > 0;
    return {
      lines: ids.map((id, index) => this.#lineOf(id, isBreaking && index === 0)),
      unreadable: like?.unreadable ?? { unreadable: 3, dirty: 1, good: 0, breaking: 0, empty: 0, broken: 0 }[shape],
      breaking: isBreaking ? 1 : 0,
      broken: like?.broken ?? shape === 'broken',
    };
  }

  #lineOf(id: string, isBreaking: boolean): Line {
    this.#serial += 1;
    const value = isBreaking ? breakingFrom + this.#serial - firstValue : this.#serial;
    return { id, value, at: (this.#serial * 7) % 5 };
  }

  #put(feed: FeedName, file: number, content: Content, modifiedMs: number): void {
    const path = this.#site.file(feed, file);
    this.#site.place(path, content, modifiedMs);
    this.#contents.set(path, content);
    this.#model.send(feeds[feed], String(file), content, modifiedMs, feeds[feed].daily ? file : 0);
  }
}
