// A series of trials that always ends: parts in processes of their own, two at once, and a limit of real time for each trial. A trial
// that does not end in it is a violation of its seed; its process is ended, and the series goes on behind it.
import { fork, type ChildProcess } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { endLeftovers } from '../../src/setup/leftovers';
import { projectRoot } from '../support/tools';
import { kindOf, makeBase } from './campaign';
import type { Message, Part } from './player';

export type Asked = Omit<Part, 'base'> & {
  readonly lanes: number;
  /** Every trial is told as it happens. */
  readonly isTold: boolean;
  /** The series ends with the first trial that fails. */
  readonly isHunt: boolean;
};

export type Found = {
  readonly trials: number;
  readonly seconds: number;
  /** Of these nothing is known: the place where they were played broke, each time. */
  readonly lost: number;
  /** By kind: the seeds. */
  readonly kinds: ReadonlyMap<string, readonly number[]>;
};

const graceMs = 10_000;

/** A server grows old: locks on its time that trials have left behind, and histories in its memory. */
type Limits = { readonly trials: number; readonly trialMs: number; readonly startMs: number; readonly graceMs: number };

/** `graceMs`: what is left after it of a player that has ended is told, and ended. */
const limitsOf = (real: boolean): Limits =>
  real
    ? { trials: 20, trialMs: 900_000, startMs: 240_000, graceMs }
    : { trials: 100, trialMs: 240_000, startMs: 60_000, graceMs };

const bootstrap = join(projectRoot, 'src', 'setup', 'bootstrap.cjs');

/** So often a trial is begun again. */
const mostLosses = 2;

/** One after another, of players. */
const mostFailedStarts = 5;
const restMs = 5000;

/** Each process of a part has it in its environment, whoever started it; a test's stack passes on no name of ours. */
const partVariable = 'PART_OF_CAMPAIGN';

/** How far a player came. */
class Course {
  ended = 0;
  hasBegun = false;
  isInTrial = false;
  isLate = false;
  errors = '';
  tale: string[] = [];
}

export class Series {
  readonly #asked: Asked;
  readonly #limits: Limits;
  readonly #program: string;
  readonly #say: (line: string) => void;
  readonly #kinds = new Map<string, readonly number[]>();
  readonly #players = new Set<ChildProcess>();
  readonly #losses = new Map<number, number>();
  #failedStarts = 0;
  #next: number;
  #end: number;
  #done = 0;

  constructor(
    asked: Asked,
    say: (line: string) => void,
    { limits = {}, program = bootstrap }: { readonly limits?: Partial<Limits>; readonly program?: string } = {},
  ) {
    this.#asked = asked;
    this.#limits = { ...limitsOf(asked.real), ...limits };
    this.#program = program;
    this.#next = asked.first;
    this.#end = asked.first + asked.trials;
    this.#say = say;
  }

  async run(): Promise<Found> {
    const began = Date.now();
    await Promise.all(Array.from({ length: this.#asked.lanes }, () => this.#lane()));
    const lost = [...this.#losses.values()].filter((times) => times >= mostLosses).length;
    return { trials: this.#done, seconds: (Date.now() - began) / 1000, lost, kinds: this.#kinds };
  }

  /** No further trials; what was found is told. */
  stop(): void {
    this.#end = this.#next = this.#asked.first;
    for (const player of this.#players) player.kill('SIGKILL');
  }

  async #lane(): Promise<void> {
    const { trials, lanes } = this.#asked;
    const most = Math.min(this.#limits.trials, Math.ceil(trials / lanes));
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
    const temporary = mkdtempSync(join(tmpdir(), 'headgate-campaign-'));
    const id = randomUUID();
    const { lanes: _, isTold: __, isHunt: ___, ...asked } = this.#asked;
    const part: Part = { ...asked, base, first, trials };
    const player = fork(this.#program, ['campaign', '--part', JSON.stringify(part)], {
      env: { ...process.env, TMPDIR: temporary, [partVariable]: id },
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
    });
    this.#players.add(player);
    try {
      const course = new Course();
      const isWell = await this.#follow(player, part, course);
      const left = await endLeftovers(id, isWell ? this.#limits.graceMs : 0, partVariable);
      // A supervisor may have started another worker meanwhile.
      for (let more = left.length; more > 0;) more = (await endLeftovers(id, 500, partVariable)).length;
      if (isWell && left.length === 0) return course.ended;
      const why = `the process ${course.isLate ? 'has no end' : 'broke'}\n${course.tale.join('\n')}\n${course.errors}`;
      const trouble = isWell
        ? `left: ${left.map(({ command }) => command.slice(0, 160)).join(' | ')}`
        : `hangs: ${why}`;
      // Before the first trial there is no seed to blame: a busy machine starts no server in the five seconds that the SDK gives it.
      if (!course.hasBegun && this.#asked.first < this.#end) {
        this.#failedStarts += 1;
        if (this.#failedStarts > mostFailedStarts) throw new Error(trouble);
        await delay(restMs);
        return 0;
      }
      if (course.isInTrial) this.#done += 1;
      if (this.#asked.first < this.#end)
        this.#hear(first + Math.max(0, course.ended - (course.isInTrial ? 0 : 1)), [trouble]);
      return course.ended + (course.isInTrial ? 1 : 0);
    } finally {
      this.#players.delete(player);
      for (const folder of [base, temporary]) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
    }
  }

  /** To the end of the process, or of the time that it has. False when it broke. */
  async #follow(player: ChildProcess, { shrinkSeconds }: Part, course: Course): Promise<boolean> {
    const { trialMs, startMs } = this.#limits;
    player.stderr?.on('data', (bytes: Buffer) => (course.errors = `${course.errors}${bytes.toString()}`.slice(-2000)));
    const end = (): void => {
      course.isLate = true;
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
          course.isInTrial = course.hasBegun = true;
          this.#failedStarts = 0;
          course.tale = [];
          return;
        case 'tell':
          course.tale.push(message.line);
          if (this.#asked.isTold) this.#say(message.line);
          return;
        case 'end':
          allow(startMs);
          course.isInTrial = false;
          if (this.#isOver(message)) course.ended += 1;
          return;
        case 'shorten':
          return allow(trialMs + shrinkSeconds * 1000);
        case 'shorter':
          return this.#say(`\nshorter, ${message.kind}:\n${message.tale.join('\n')}`);
      }
    });
    const [code] = (await once(player, 'exit')) as [number | null];
    clearTimeout(timer);
    return !course.isLate && code === 0;
  }

  #isOver({ seed, violations, lost }: Extract<Message, { does: 'end' }>): boolean {
    if (lost !== undefined) {
      const times = (this.#losses.get(seed) ?? 0) + 1;
      this.#losses.set(seed, times);
      if (this.#asked.isTold) this.#say(`seed ${seed}: lost, ${lost}`);
      return times >= mostLosses;
    }
    this.#done += 1;
    this.#hear(seed, violations);
    return true;
  }

  #hear(seed: number, violations: readonly string[]): void {
    const counted = violations.filter((text) => !this.#asked.besides.includes(kindOf(text)));
    if (counted.length === 0) return;
    this.#say(`seed ${seed}: ${counted.slice(0, 3).join(' | ')}`);
    for (const kind of new Set(counted.map(kindOf))) this.#kinds.set(kind, [...(this.#kinds.get(kind) ?? []), seed]);
    if (this.#asked.isHunt) this.stop();
  }
}
