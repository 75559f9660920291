// npm run campaign -- [--real] [--trials N] [--seed S] [--lanes 1|2] [--replay SEED] [--shrink SECONDS] [--tale] [--besides KIND,…] [--hunt]
import { parseArgs } from 'node:util';
import { playPart, type Message, type Part } from './player';
import { Series, type Found } from './series';

const say = (text: string): void => void process.stdout.write(`${text}\n`);

async function playSeries(args: string[]): Promise<void> {
  const { values } = parseArgs({
    args,
    options: {
      trials: { type: 'string', default: '100' },
      seed: { type: 'string', default: String(Date.now() % 1_000_000_000) },
      real: { type: 'boolean', default: false },
      lanes: { type: 'string' },
      replay: { type: 'string' },
      tale: { type: 'boolean', default: false },
      besides: { type: 'string', default: '' },
      shrink: { type: 'string', default: '30' },
      hunt: { type: 'boolean', default: false },
    },
  });
  const isReplay = values.replay !== undefined;
  const trials = isReplay ? 1 : Number(values.trials);
  const series = new Series(
    {
      first: Number(values.replay ?? values.seed),
      trials,
      real: values.real,
      // Told at once, two trials would not be understood; a real trial has the machine for itself.
      lanes: Number(values.lanes ?? (trials === 1 || values.real || values.tale ? 1 : 2)),
      isTold: isReplay || values.tale,
      isHunt: values.hunt,
      besides: values.besides.split(','),
      shrinkSeconds: isReplay ? Number(values.shrink) : 0,
    },
    say,
  );
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => series.stop());
  const found = await series.run();
  tellFound(found);
  process.exitCode = found.kinds.size > 0 ? 1 : 0;
}

function tellFound({ trials, seconds, lost, kinds }: Found): void {
  const perMinute = ((trials / seconds) * 60).toFixed(0);
  say(`${trials} trials in ${seconds.toFixed(1)} s (${perMinute} a minute), ${kinds.size} kinds of violations`);
  if (lost > 0) say(`  ${lost} more say nothing: the time-skipping server lost its time, or a task`);
  for (const [kind, seeds] of kinds) {
    const some = seeds.toSorted((a, b) => a - b).slice(0, 20);
    say(`  ${kind}: ${seeds.length} trials, seeds ${some.join(', ')}${seeds.length > some.length ? ', …' : ''}`);
  }
}

/** Ends with the series that has asked for it. */
async function playAlone(part: Part): Promise<never> {
  process.once('disconnect', () => process.exit(1));
  let sent: Promise<unknown> = Promise.resolve();
  await playPart(part, (message: Message) => {
    sent = new Promise((resolve) => process.send?.(message, undefined, undefined, resolve));
  });
  await sent;
  // A call that is still in flight would throw from its timer.
  process.exit(0);
}

async function main(): Promise<void> {
  const [first, part, ...others] = process.argv.slice(2);
  if (first === '--part' && part !== undefined && others.length === 0) return playAlone(JSON.parse(part) as Part);
  return playSeries(process.argv.slice(2));
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exit(1);
});
