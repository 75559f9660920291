// A series ends whatever becomes of its players. They are stood in for by a program that does what the seed says.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '../support/processes';
import { Series } from './series';

const folder = mkdtempSync(join(tmpdir(), 'headgate-series-'));
const program = join(folder, 'player.cjs');

/** Seed 2 hangs and has a process of its own, 4 breaks, 6 is lost each time, 7 fails; all others are well. */
writeFileSync(
  program,
  `const { spawn } = require('node:child_process');
const { first, trials } = JSON.parse(process.argv.at(-1));
const say = (message) => new Promise((resolve) => process.send(message, undefined, undefined, resolve));
(async () => {
  for (let seed = first; seed < first + trials; seed += 1) {
    await say({ does: 'begin', seed });
    if (seed === 2) {
      const child = spawn(process.execPath, ['-e', 'setInterval(() => 0, 1000)'], { stdio: 'ignore' });
      await say({ does: 'tell', line: 'process ' + child.pid });
      return setInterval(() => 0, 1000);
    }
    if (seed === 4) process.exit(3);
    const violations = seed === 7 ? ['lost: a row'] : [];
    await say({ does: 'end', seed, violations, ...(seed === 6 ? { lost: 'its time' } : {}) });
    if (seed === 6) break;
  }
  process.exit(0);
})();`,
);

afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function play(lanes: number, isHunt = false) {
  const told: string[] = [];
  const series = new Series(
    { first: 1, trials: 9, real: false, lanes, isTold: true, isHunt, besides: [], shrinkSeconds: 0 },
    (line) => void told.push(line),
    { program, limits: { trials: 5, trialMs: 1500, graceMs: 1000 } },
  );
  return { found: await series.run(), told };
}

test.each([1, 2])('a trial without an end costs its seed, and no other, in %d lanes', async (lanes) => {
  const { found, told } = await play(lanes);
  expect(found).toMatchObject({ trials: 8, lost: 1 });
  expect([...found.kinds].map(([kind, seeds]) => [kind, seeds.toSorted((a, b) => a - b)])).toEqual(
    expect.arrayContaining([
      ['hangs', [2, 4]],
      ['lost', [7]],
    ]),
  );
  const pid = Number(told.find((line) => line.startsWith('process '))?.split(' ')[1]);
  expect(pid).toBeGreaterThan(0);
  expect(isAlive(pid)).toBe(false);
});

test('a hunt ends with what it has found', async () => {
  const { found } = await play(1, true);
  expect([...found.kinds]).toEqual([['hangs', [2]]]);
});
