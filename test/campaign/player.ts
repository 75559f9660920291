// Plays the trials of one part of a series, in a process of its own, and says of each that it begins, what happens and how it ends.
import { join } from 'node:path';
import { projectRoot } from '../support/tools';
import { commandsOf, createPlay, kindOf, shrink, type Play } from './campaign';
import { activityNames } from './cheap/activities';
import { startCheapServer } from './cheap/server';
import { CheapStage } from './cheap/stage';
import { RealStage, startRealStack } from './real/stage';

/** What a player is asked for. */
export type Part = {
  /** Folder of the sites; who asked removes it. */
  readonly base: string;
  readonly first: number;
  readonly trials: number;
  readonly real: boolean;
  readonly besides: readonly string[];
  /** Zero: what fails is not made shorter. */
  readonly shrinkSeconds: number;
};

export type Message =
  | { readonly does: 'begin'; readonly seed: number }
  | { readonly does: 'tell'; readonly line: string }
  | {
      readonly does: 'end';
      readonly seed: number;
      readonly violations: readonly string[];
      /** Why the trial says nothing of the product. */
      readonly lost?: string;
    }
  | { readonly does: 'shorten'; readonly kind: string }
  | { readonly does: 'shorter'; readonly kind: string; readonly tale: readonly string[] };

const mostSkewMs = 5000;

type Opened = {
  readonly play: Play;
  readonly stop: () => Promise<void>;
  /** Of the stage's clock, where it has one of its own. */
  readonly skewMs: () => Promise<number>;
};

async function openCheap({ base, besides }: Part): Promise<Opened> {
  const server = await startCheapServer(join(projectRoot, 'dist', 'workflow-bundle.js'), activityNames);
  const play = createPlay(base, (site, moments) => new CheapStage(server, site, moments), besides);
  return { play, ...server };
}

async function openReal({ base, besides }: Part): Promise<Opened> {
  const stack = await startRealStack(base);
  const play = createPlay(base, (site, moments) => new RealStage(stack, site, moments), besides);
  return { play, stop: stack.stop, skewMs: async () => 0 };
}

export async function playPart(part: Part, say: (message: Message) => void): Promise<void> {
  const { play, stop, skewMs } = await (part.real ? openReal(part) : openCheap(part));
  const tell = (line: string): void => say({ does: 'tell', line });
  try {
    for (let seed = part.first; seed < part.first + part.trials; seed += 1) {
      say({ does: 'begin', seed });
      const skew = await skewMs();
      const { violations, lost: reason } = await play(commandsOf(seed), tell);
      const isSkewed = Math.abs((await skewMs()) - skew) > mostSkewMs;
      const lost = reason ?? (isSkewed ? 'the server has lost its time' : undefined);
      say({ does: 'end', seed, violations, ...(lost === undefined ? {} : { lost }) });
      // Trials behind one that failed are not to suffer from what it has left in the server.
      if (lost !== undefined || (violations.length > 0 && part.shrinkSeconds === 0)) return;
      for (const kind of new Set(violations.map(kindOf))) {
        if (part.shrinkSeconds === 0) break;
        say({ does: 'shorten', kind });
        const shorter = await shrink(seed, play, kind, part.shrinkSeconds * 1000);
        if (shorter === undefined) continue;
        const again = await play(shorter);
        say({ does: 'shorter', kind, tale: [...again.tale, ...again.violations] });
      }
    }
  } finally {
    await stop();
  }
}
