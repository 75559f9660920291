// One trial: commands against the product, and after each of them every promise against the tables.
import { existsSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { HeadgateError } from '../../src/contracts/errors';
import type { Command, Fault, Meanwhile, RunCommand, TableCommand } from './commands';
import { Judge, tell, type Asked, type Circumstances } from './judge';
import { Model } from './model';
import { DiskSays, JobDies, WorkerDies, type Moments } from './moments';
import { copyFolder, dayOf, feeds, moveFolder, type FeedName, type LakeName, type Site } from './site';
import { Sender } from './sender';
import type { Ask, Stage, Started, Told } from './stage';

const overlapMs = 150;

type Other = { readonly asked: Asked; readonly started: Started };

export class Trial {
  readonly #stage: Stage;
  readonly #site: Site;
  readonly #moments: Moments;
  readonly #model = new Model();
  readonly #sender: Sender;
  readonly #judge: Judge;
  readonly #held = new Map<string, Asked>();
  readonly #used = new Set<string>();
  readonly violations: string[] = [];
  readonly tale: string[] = [];
  /** Hears the tale while it happens. */
  onTale: (line: string) => void = () => undefined;
  readonly #counts: (violation: string) => boolean;
  #foreigners = 0;
  /** Another program or a person has touched a table: a run may stop and say so. */
  #mayStop = false;
  #isAlone = true;
  /** Files came while the run went on: which of them it has seen, only the product can know. */
  #hasNewFiles = false;
  #hasLostKeeper = false;

  constructor(stage: Stage, site: Site, moments: Moments, counts: (violation: string) => boolean) {
    this.#counts = counts;
    this.#stage = stage;
    this.#site = site;
    this.#moments = moments;
    this.#sender = new Sender(site, this.#model);
    this.#judge = new Judge(stage, site, this.#model);
    for (const feed of Object.keys(feeds) as FeedName[]) {
      site.define(feed, 2);
      this.#model.define(feeds[feed], 2);
    }
  }

  tell(line: string): void {
    this.tale.push(line);
    this.onTale(line);
  }

  #found(violations: readonly string[]): void {
    this.violations.push(...violations.filter(this.#counts));
  }

  async do(command: Command): Promise<void> {
    this.tell(JSON.stringify(command));
    switch (command.do) {
      case 'send':
      case 'send-again':
      case 'send-notes':
        return this.#sender.send(command);
      case 'table':
        return this.#table(command);
      case 'define':
        this.#site.define(command.feed, command.factor);
        return this.#model.define(feeds[command.feed], command.factor);
      case 'state':
        this.#site.deleteState(command.what);
        return this.#model.stateTouched();
      case 'clock':
        return this.#stage.moveClock(command.hours * 3_600_000);
      case 'bad-start':
        return this.#badStart(command.input);
      case 'decide':
        return this.#decide(command.decision);
      case 'run':
        return this.#run(command);
    }
  }

  /** All gates are decided, each pipeline runs once more, nothing is left. */
  async finish(): Promise<void> {
    this.tell('the end');
    while (this.#held.size > 0) await this.#decide('reject');
    for (const used of this.#used) {
      const [feed, lake, file] = used.split(' ') as [FeedName, LakeName, string];
      await this.#run({ do: 'run', feed, lake, file: Number(file), redo: false, by: 'ui', faults: [], meanwhile: [] });
      while (this.#held.size > 0) await this.#decide('reject');
    }
    this.#found((await this.#stage.leftovers()).map((left) => `left: ${left}`));
  }

  async #table({ feed, lake, what }: TableCommand): Promise<void> {
    const table = this.#site.table(feed, lake);
    const other = this.#site.table(feed, lake === 'prod' ? 'dev' : 'prod');
    if (!existsSync(table) && what !== 'replace') return;
    this.#foreigners += 1;
    const version = await this.#stage.newestVersion(table);
    if (what === 'drop') moveFolder(table, `${this.#site.folder}/dropped`);
    if (what === 'move') moveFolder(table, other);
    if (what === 'copy') copyFolder(table, other);
    if (what === 'restore' && version > 0) await this.#stage.restore(table, this.#foreigners % version);
    if (what === 'append') await this.#stage.append(table, `foreign${this.#foreigners}`);
    if (what === 'replace') await this.#stage.replace(table, `foreign${this.#foreigners}`);
    const [first] = await this.#stage.rows(table);
    if (what === 'double' && first !== undefined) await this.#stage.append(table, first.id);
    if (what === 'alter') await this.#stage.alter(table);
    for (const touched of [table, other]) this.#model.touched(touched, await this.#stage.rows(touched));
    this.#mayStop = true;
    this.#isAlone = false;
  }

  #ask({ feed, lake, file, redo, by }: Pick<RunCommand, 'feed' | 'lake' | 'file' | 'redo' | 'by'>): {
    asked: Asked;
    ask: Ask;
  } {
    const { daily } = feeds[feed];
    const view = this.#model.view(feeds[feed], daily ? file : undefined);
    const table = this.#site.table(feed, lake);
    const pending = redo ? view.files.map(({ content }) => content) : this.#model.pending(table, view);
    this.#used.add(`${feed} ${lake} ${daily ? file : 0}`);
    return {
      asked: { feed, lake, redo, view, pending },
      ask: {
        pipelineFile: this.#site.pipelineFile(feed),
        set: { LAKE: this.#site.lake(lake), RAW: this.#site.raw },
        ...(daily ? { interval: dayOf(file) } : {}),
        ...{ redo, by },
      },
    };
  }

  async #run(command: RunCommand): Promise<void> {
    const { asked, ask } = this.#ask(command);
    this.#isAlone = this.#held.size === 0;
    this.#hasNewFiles = false;
    const before = JSON.stringify(await this.#stage.rows(this.#site.table(asked.feed, asked.lake)));
    const others: Other[] = [];
    for (const { at, fault } of command.faults) this.#moments.plan(at, () => happen(fault));
    for (const { at, what } of command.meanwhile) {
      if (what.do === 'table' && !this.#stage.isSeen(at)) continue;
      this.#moments.plan(at, async () => void others.push(...(await this.#meanwhile(command, what))));
    }
    const told = await this.#stage.end(await this.#stage.start(ask));
    const happened = this.#moments.happened.splice(0);
    if (told.outcome === 'cancelled' && this.#isAlone)
      this.#found(this.#stage.openJobs().map((job) => `left: ${job} goes on behind a run that was cancelled`));
    this.#moments.clear();
    await this.#hear(asked, told, { before, happened });
    for (const other of others) await this.#hear(other.asked, await this.#stage.end(other.started), { happened });
  }

  async #hear(
    asked: Asked,
    told: Told,
    { before, happened }: Pick<Circumstances, 'before' | 'happened'>,
  ): Promise<void> {
    this.tell(tell(told, happened));
    const circumstances = {
      ...(before === undefined ? {} : { before }),
      ...{ happened, isAlone: this.#isAlone, mayStop: this.#mayStop, isBehind: this.#held.size > 0 },
      hasLostKeeper: this.#hasLostKeeper,
    };
    const sure = this.#hasNewFiles ? { ...asked, pending: undefined } : asked;
    this.#found(await this.#judge.judge(sure, told, circumstances));
    if (told.outcome === 'held') this.#held.set(told.run, asked);
    if (told.outcome === 'committed' || told.outcome === 'nothing-new') this.#mayStop = false;
  }

  /** A second run, when that is what came. */
  async #meanwhile(run: RunCommand, what: Meanwhile): Promise<readonly Other[]> {
    switch (what.do) {
      case 'cancel':
        await this.#stage.cancel();
        // Who ends at once by himself needs nobody to end him.
        await delay(overlapMs * 4);
        return [];
      case 'terminate':
        // Nobody is left who could tell what has become of it.
        this.#isAlone = false;
        await this.#stage.terminate();
        return [];
      case 'end-keeper':
        this.#hasLostKeeper = true;
        await this.#stage.endKeepers();
        return [];
      case 'run-too': {
        this.#isAlone = false;
        const { asked, ask } = this.#ask({ ...run, lake: what.lake, redo: what.redo, by: what.by });
        const started = await this.#stage.start(ask);
        // So that it comes to where this one is, and not only behind it.
        await delay(overlapMs);
        return [{ asked, started }];
      }
      case 'table':
        await this.#table(what);
        return [];
      case 'send':
      case 'send-again':
      case 'send-notes':
        this.#hasNewFiles = true;
        this.#sender.send(what);
        return [];
    }
  }

  async #decide(decision: 'approve' | 'reject'): Promise<void> {
    const [first] = this.#held;
    if (first === undefined) return;
    const [run, asked] = first;
    this.#held.delete(run);
    const before = JSON.stringify(await this.#stage.rows(this.#site.table(asked.feed, asked.lake)));
    const told = await this.#stage.decide(run, decision);
    const sure = decision === 'approve' ? { ...asked, pending: undefined } : asked;
    await this.#hear(sure, told, { before, happened: [] });
  }

  async #badStart(input: string): Promise<void> {
    const file = this.#site.pipelineFile('orders');
    const told = await this.#stage.end(await this.#stage.startWith(JSON.parse(input.replace('PIPELINE', file))));
    this.tell(tell(told, []));
    if (told.outcome !== 'failed') this.#found([`misunderstood: ${input} ended as ${told.outcome}`]);
    else if (told.waitedSeconds > 60)
      this.#found([`misunderstood: ${input} was tried again for ${told.waitedSeconds} s`]);
  }
}

async function happen(fault: Fault): Promise<void> {
  switch (fault) {
    case 'worker-dies':
      throw new WorkerDies();
    case 'job-dies':
      throw new JobDies();
    case 'answer-lost':
      throw new HeadgateError({
        ...{ kind: 'infrastructure', type: 'AnswerLost', message: 'The answer was lost.', remedy: 'None.' },
      });
    case 'disk-full':
      throw new DiskSays('ENOSPC');
    case 'disk-read-only':
      throw new DiskSays('EROFS');
    case 'slow':
      await delay(250);
  }
}
