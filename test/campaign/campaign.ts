// Trials from seeds: plays them, shrinks what fails, tells it.
import { mkdtempSync, rmSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { commandList, type Command } from './commands';
import { Moments } from './moments';
import { Site } from './site';
import { StageLost, type Stage } from './stage';
import { Trial } from './trial';

export type Outcome = {
  readonly violations: readonly string[];
  readonly tale: readonly string[];
  /** Why the trial says nothing. */
  readonly lost?: string;
};

export type Play = (commands: readonly Command[], onTale?: (line: string) => void) => Promise<Outcome>;

/** Memory has no disk to wait for, where the system has such a folder. */
export const makeBase = (): string =>
  mkdtempSync(join(existsSync('/dev/shm') ? '/dev/shm' : tmpdir(), 'headgate-campaign-'));

let count = 0;

export const createPlay =
  (
    base: string,
    createStage: (site: Site, moments: Moments) => Stage,
    /** Kinds of violations that are known: a trial goes on in spite of them. */
    besides: readonly string[] = [],
  ): Play =>
  async (commands, onTale = () => undefined) => {
    count += 1;
    const site = new Site(base, `trial${count.toString(36)}x`);
    const moments = new Moments();
    const stage = createStage(site, moments);
    const trial = new Trial(stage, site, moments, (text) => !besides.includes(kindOf(text)));
    trial.onTale = onTale;
    try {
      for (const command of commands) {
        await trial.do(command);
        if (trial.violations.length > 0) break;
      }
      if (trial.violations.length === 0) await trial.finish();
    } catch (error) {
      if (error instanceof StageLost) return { violations: [], tale: trial.tale, lost: error.message };
      trial.violations.push(`defect of the campaign: ${error instanceof Error ? error.stack : String(error)}`);
    } finally {
      await stage.close();
      rmSync(site.folder, { recursive: true, force: true });
    }
    return trial;
  };

export const commandsOf = (seed: number): readonly Command[] => fc.sample(commandList, { seed, numRuns: 1 })[0] ?? [];

/** A shorter list that fails in the same way: the first word of a violation names it. */
export async function shrink(
  seed: number,
  play: Play,
  kind: string,
  limitMs: number,
): Promise<readonly Command[] | undefined> {
  const property = fc.asyncProperty(commandList, async (commands) => {
    const { violations } = await play(commands);
    return !violations.some((text) => kindOf(text) === kind);
  });
  const details = await fc.check(property, {
    seed,
    numRuns: 1,
    interruptAfterTimeLimit: limitMs,
    markInterruptAsFailure: false,
  });
  return details.counterexample?.[0];
}

export const kindOf = (violation: string): string => violation.split(':', 1)[0] ?? violation;
