// npm run campaign -- [--real] [--trials N] [--seed S] [--replay SEED] [--shrink SECONDS] [--tale] [--besides KIND,…]
import { parseArgs } from 'node:util';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { projectRoot } from '../support/tools';
import { commandsOf, createPlay, kindOf, makeBase, shrink, type Play } from './campaign';
import { activityNames } from './cheap/activities';
import { startCheapServer } from './cheap/server';
import { CheapStage } from './cheap/stage';
import { RealStage, startRealStack } from './real/stage';

type Opened = { readonly play: Play; readonly stop: () => Promise<void> };

async function open(isReal: boolean, besides: readonly string[]): Promise<Opened> {
  const base = makeBase();
  const close = (): void => rmSync(base, { recursive: true, force: true });
  if (isReal) {
    const stack = await startRealStack(base);
    const play = createPlay(base, (site, moments) => new RealStage(stack, site, moments), besides);
    return { play, stop: () => stack.stop().finally(close) };
  }
  const server = await startCheapServer(join(projectRoot, 'dist', 'workflow-bundle.js'), activityNames);
  const play = createPlay(base, (site, moments) => new CheapStage(server, site, moments), besides);
  return { play, stop: () => server.stop().finally(close) };
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      trials: { type: 'string', default: '100' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      real: { type: 'boolean', default: false },
      replay: { type: 'string' },
      tale: { type: 'boolean', default: false },
      besides: { type: 'string', default: '' },
      shrink: { type: 'string', default: '30' },
    },
  });
  const { play, stop } = await open(values.real, values.besides.split(','));
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const first = Number(values.replay ?? values.seed);
  const trials = values.replay === undefined ? Number(values.trials) : 1;
  const began = Date.now();
  const found = new Map<string, number[]>();
  let done = 0;
  try {
    for (let seed = first; seed < first + trials; seed += 1) {
      const outcome = await play(commandsOf(seed), values.replay === undefined && !values.tale ? undefined : say);
      done += 1;
      if (outcome.violations.length === 0) continue;
      say(`trial ${done}, seed ${seed}: ${outcome.violations.slice(0, 3).join(' | ')}`);
      for (const kind of new Set(outcome.violations.map(kindOf))) found.set(kind, [...(found.get(kind) ?? []), done]);
    }
    if (values.replay !== undefined && Number(values.shrink) > 0) {
      for (const kind of found.keys()) {
        const shorter = await shrink(first, play, kind, Number(values.shrink) * 1000);
        if (shorter === undefined) continue;
        const again = await play(shorter);
        say(`\nshorter, ${kind}:\n${again.tale.join('\n')}\n${again.violations.join('\n')}`);
      }
    }
  } finally {
    await stop();
  }
  const seconds = (Date.now() - began) / 1000;
  say(
    `${done} trials in ${seconds.toFixed(1)} s (${((done / seconds) * 60).toFixed(0)} a minute), ${found.size} kinds of violations`,
  );
  for (const [kind, at] of found) say(`  ${kind}: ${at.length} trials, first in trial ${at[0]}`);
  // A call that is still in flight would throw from its timer.
  process.exit(found.size > 0 ? 1 : 0);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
