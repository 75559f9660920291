// The folders of one trial, as a user has them: files that come in, pipelines, two lakes, a link to one of them.
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Content, Feed } from './model';

export const feeds = {
  orders: { name: 'orders', latestBy: false, daily: false },
  /** Another pipeline on the table of `orders`. */
  returns: { name: 'returns', latestBy: false, daily: false },
  /** One state folder for both lakes. */
  fixed: { name: 'fixed', latestBy: false, daily: false },
  latest: { name: 'latest', latestBy: true, daily: false },
  daily: { name: 'daily', latestBy: false, daily: true },
  /** Its lines are joined with notes, of which it has one file. */
  noted: { name: 'noted', latestBy: false, daily: false },
} as const satisfies Record<string, Feed>;

export type FeedName = keyof typeof feeds;

/** `link` and `slashes` are the first lake by other spellings. */
export type LakeName = 'dev' | 'prod' | 'link' | 'slashes';

/** Before this a line is fine; from here on it breaks the pipelines' rule. */
export const breakingFrom = 90_000;

const tableOf = (feed: FeedName): string => (feed === 'returns' ? 'orders' : feed);

export const dayOf = (file: number): string => `2026-05-0${file + 1}`;

export class Site {
  readonly folder: string;
  readonly tag: string;

  constructor(base: string, tag: string) {
    this.tag = tag;
    this.folder = join(base, tag);
    for (const name of ['dev', 'prod', 'pipelines']) mkdirSync(join(this.folder, name), { recursive: true });
    symlinkSync(join(this.folder, 'dev'), join(this.folder, 'link'));
    for (const feed of Object.keys(feeds)) mkdirSync(join(this.folder, 'raw', feed), { recursive: true });
    this.placeNotes('good');
  }

  get pipelines(): string {
    return join(this.folder, 'pipelines');
  }

  get raw(): string {
    return join(this.folder, 'raw');
  }

  pipelineName = (feed: FeedName): string => `${feed}-${this.tag}`;

  pipelineFile = (feed: FeedName): string => join(this.pipelines, `${this.pipelineName(feed)}.yaml`);

  lake = (lake: LakeName): string => (lake === 'slashes' ? `${this.folder}//dev/` : join(this.folder, lake));

  /** As it is, whatever the spelling. */
  table(feed: FeedName, lake: LakeName): string {
    return join(realpathSync(this.folder), lake === 'prod' ? 'prod' : 'dev', tableOf(feed));
  }

  stateFolders(): readonly string[] {
    return [join(this.folder, 'state'), ...['dev', 'prod'].map((lake) => join(this.folder, lake, '_headgate'))];
  }

  define(feed: FeedName, factor: number): void {
    const path = feeds[feed].daily ? '{yyyy-MM-dd}.csv' : '*.csv';
    const text = `
name: ${this.pipelineName(feed)}
sources:
  lines:
    path: \${RAW}/${feed}/${path}
    format: csv
    ${feeds[feed].daily ? 'arrives: interval' : 'arrives: new-files'}
    columns: { id: string!, value: int!, at: int }
    key: [id]
    ${feeds[feed].latestBy ? 'latest_by: at' : ''}
${feed === 'noted' ? this.#notes : ''}
transform:
  from: lines
  ${feed === 'noted' ? 'join: { notes: { on: id, how: left } }' : ''}
  columns: { total: value * ${factor} }
expectations:
  sane: { check: value < ${breakingFrom}, action: fail }
target: { table: "\${LAKE}/${tableOf(feed)}" }
${feed === 'fixed' ? `state: ${join(this.folder, 'state')}` : ''}
`;
    writeFileSync(this.pipelineFile(feed), text);
  }

  file(feed: FeedName, file: number): string {
    return join(this.raw, feed, feeds[feed].daily ? `${dayOf(file)}.csv` : `part-${file}.csv`);
  }

  /** A whole file appears under its name, as a careful sender does it. */
  place(path: string, content: Content, modifiedMs: number): void {
    const bad = Array.from({ length: content.unreadable }, (_, index) => `x${index},n/a,1`);
    const lines = content.lines.map(({ id, value, at }) => `${id},${value},${at}`);
    const head = content.broken ? 'id,amount,at' : 'id,value,at';
    const text = content.lines.length + content.unreadable === 0 ? '' : `${[head, ...lines, ...bad].join('\n')}\n`;
    const hidden = join(this.folder, 'raw', '.part');
    writeFileSync(hidden, text);
    utimesSync(hidden, modifiedMs / 1000, modifiedMs / 1000);
    renameSync(hidden, path);
  }

  get #notes(): string {
    return `
  notes:
    path: \${RAW}/notes.csv
    format: csv
    arrives: snapshot
    columns: { id: string!, note: int! }
    key: [id]
`;
  }

  placeNotes(shape: 'good' | 'unreadable'): void {
    const lines = ['k0', 'k1', 'k2'].map((id, index) => `${id},${shape === 'good' ? index : 'n/a'}`);
    writeFileSync(join(this.raw, 'notes.csv'), `${['id,note', ...lines].join('\n')}\n`);
  }

  /** What Headgate keeps, or a part of it, is gone. */
  deleteState(part: 'all' | 'ledger' | 'batches'): void {
    for (const folder of this.stateFolders()) {
      if (part === 'all') rmSync(folder, { recursive: true, force: true });
      else for (const found of foldersNamed(folder, part)) rmSync(found, { recursive: true, force: true });
    }
  }

  /** What a crash or a careless worker leaves behind. */
  leftovers(): readonly string[] {
    return [...this.stateFolders(), this.lake('dev'), this.lake('prod')]
      .filter((folder) => existsSync(folder))
      .flatMap((folder) => readdirSync(folder, { recursive: true, encoding: 'utf8' }))
      .filter((name) => /(^|\/)\.headgate-|\/inputs\/./.test(name));
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function foldersNamed(folder: string, name: string): readonly string[] {
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((path) => path === name || path.endsWith(`/${name}`))
    .map((path) => join(folder, path));
}

export function moveFolder(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  renameSync(from, to);
}

export function copyFolder(from: string, to: string): void {
  rmSync(to, { recursive: true, force: true });
  cpSync(from, to, { recursive: true });
}
