// The fixed part of the campaign: the same trials each time, against the model.
import { rmSync } from 'node:fs';
import { commandsOf, createPlay, kindOf, makeBase, type Play } from './campaign';
import { activityNames } from './cheap/activities';
import { startCheapServer, type CheapServer } from './cheap/server';
import { CheapStage } from './cheap/stage';
import { open } from './open';

const seeds = Array.from({ length: 30 }, (_, index) => index + 1);

const base = makeBase();
let server: CheapServer;
let play: Play;

beforeAll(async () => {
  const bundle = process.env['HEADGATE_TEST_BUNDLE'];
  if (bundle === undefined) throw new Error('run through jest: its global setup bundles the workflows');
  server = await startCheapServer(bundle, activityNames);
  play = createPlay(base, (site, moments) => new CheapStage(server, site, moments));
});

afterAll(async () => {
  await server.stop();
  rmSync(base, { recursive: true, force: true });
});

describe('what users do, and what happens to them meanwhile', () => {
  it.each(seeds)('breaks no promise in trial %i', async (seed) => {
    const { violations, tale } = await play(commandsOf(seed));
    const known = open.get(seed) ?? [];
    const found = violations.filter((text) => !known.includes(kindOf(text)));
    if (found.length > 0) {
      throw new Error(`npm run campaign -- --replay ${seed}\n${found.join('\n')}\n\n${tale.join('\n')}`);
    }
  });
});
