// A series of trials that always ends: parts in processes of their own, two at once, and a limit of real time for each trial. A trial
// that does not end in it is a violation of its seed; its process is ended, and the series goes on behind it.
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { endLeftovers } from '../../src/setup/leftovers';
import { projectRoot } from '../support/tools';
import { kindOf, makeBase } from './campaign';
import type { Message, Part } from './player';

export type Asked = Omit<Part, 'base'> & {
  readonly lanes: number;
  /** Every trial is told as it happens. */
  readonly isTold: boolean;
};

export type Found = {
  readonly trials: number;
  readonly seconds: number;
  /** By kind: the seeds. */
  readonly kinds: ReadonlyMap<string, readonly number[]>;
};

/** A server grows old: locks on its time that trials have left behind, and histories in its memory. */
const limitsOf = (real: boolean): { readonly trials: number; readonly trialMs: number; readonly startMs: number } =>
  real ? { trials: 20, trialMs: 900_000, startMs: 180_000 } : { trials: 100, trialMs: 120_000, startMs: 60_000 };

/** Each process of a part has it in its environment, whoever started it. */
const partVariable = 'HEADGATE_CAMPAIGN_PART';

/** What is left then of a player that has ended is told, and ended. */
const graceMs = 10_000;

type Followed = { readonly begun: number; readonly isTrial: boolean; readonly trouble?: string };

export class Series {
  readonly #asked: Asked;
  readonly #say: (line: string) => void;
  readonly #kinds = new Map<string, readonly number[]>();
  readonly #players = new Set<ChildProcess>();
  #next: number;
  #end: number;
  #done = 0;

  constructor(asked: Asked, say: (line: string) => void) {
    this.#asked = asked;
    this.#next = asked.first;
    this.#end = asked.first + asked.trials;
    this.#say = say;
  }

  async run(): Promise<Found> {
    const began = Date.now();
    await Promise.all(Array.from({ length: this.#asked.lanes }, () => this.#lane()));
    return { trials: this.#done, seconds: (Date.now() - began) / 1000, kinds: this.#kinds };
  }

  /** No further trials; what was found is told. */
  stop(): void {
    this.#end = this.#next;
    for (const player of this.#players) player.kill('SIGKILL');
  }

  async #lane(): Promise<void> {
    const { trials, lanes, real } = this.#asked;
    const most = Math.min(limitsOf(real).trials, Math.ceil(trials / lanes));
    while (this.#next < this.#end) {
      const first = this.#next;
      const until = Math.min(first + most, this.#end);
      this.#next = until;
      for (let from = first; from < until && from < this.#end;) from += await this.#part(from, until - from);
    }
  }

  /** How many of the trials are over. */
  async #part(first: number, trials: number): Promise<number> {
    const base = makeBase();
    const id = randomUUID();
    const { lanes: _, isTold: __, ...asked } = this.#asked;
    const part: Part = { ...asked, base, first, trials };
    const program = join(projectRoot, 'src', 'setup', 'bootstrap.cjs');
    const player = fork(program, ['campaign', '--part', JSON.stringify(part)], {
      env: { ...process.env, [partVariable]: id },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#players.add(player);
    try {
      const { begun, isTrial, trouble } = await this.#follow(player, part);
      const left = await endLeftovers(id, trouble === undefined ? graceMs : 0, partVariable);
      // Without a trial there is no seed to blame, and the next part would fare no better.
      if (trouble !== undefined && !isTrial && begun === 0) throw new Error(trouble);
      const last = first + Math.max(0, begun - 1);
      if (trouble !== undefined) this.#hear(last, [trouble]);
      else if (left.length > 0)
        this.#hear(last, [`left: ${left.map(({ command }) => command.slice(0, 160)).join(' | ')}`]);
      return trouble === undefined ? trials : begun;
    } finally {
      this.#players.delete(player);
      rmSync(base, { recursive: true, force: true });
    }
  }

  /** To the end of the process, or of the time that it has. */
  async #follow(player: ChildProcess, { real, shrinkSeconds }: Part): Promise<Followed> {
    const { trialMs, startMs } = limitsOf(real);
    const tale: string[] = [];
    let begun = 0;
    let isTrial = false;
    let isLate = false;
    let errors = '';
    player.stderr?.on('data', (bytes: Buffer) => (errors = `${errors}${bytes.toString()}`.slice(-4000)));
    const end = (): void => {
      isLate = true;
      player.kill('SIGKILL');
    };
    let timer = setTimeout(end, startMs);
    const allow = (ms: number): void => {
      clearTimeout(timer);
      timer = setTimeout(end, ms);
    };
    player.on('message', (message: Message) => {
      switch (message.does) {
        case 'begin':
          allow(trialMs);
          tale.splice(0);
          begun += 1;
          isTrial = true;
          return;
        case 'tell':
          tale.push(message.line);
          if (this.#asked.isTold) this.#say(message.line);
          return;
        case 'end':
          allow(startMs);
          isTrial = false;
          this.#done += 1;
          return this.#hear(message.seed, message.violations);
        case 'shorten':
          return allow(trialMs + shrinkSeconds * 1000);
        case 'shorter':
          return this.#say(`\nshorter, ${message.kind}:\n${message.tale.join('\n')}`);
      }
    });
    const [code] = (await once(player, 'exit')) as [number | null];
    clearTimeout(timer);
    if (!isLate && code === 0) return { begun, isTrial };
    if (isTrial) this.#done += 1;
    const what = isTrial ? 'the trial' : 'its process';
    const why = isLate ? `${what} has no end` : `${what} ended with ${code ?? 'a signal'}`;
    return { begun, isTrial, trouble: `hangs: ${why}\n${tale.join('\n')}\n${errors}` };
  }

  #hear(seed: number, violations: readonly string[]): void {
    const counted = violations.filter((text) => !this.#asked.besides.includes(kindOf(text)));
    if (counted.length === 0) return;
    this.#say(`seed ${seed}: ${counted.slice(0, 3).join(' | ')}`);
    for (const kind of new Set(counted.map(kindOf))) this.#kinds.set(kind, [...(this.#kinds.get(kind) ?? []), seed]);
  }
}
