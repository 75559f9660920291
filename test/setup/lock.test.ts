import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, utimesSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import { acquireLock } from '../../src/setup/lock.cjs';
import { createRoom, removeRooms } from './room';

afterEach(removeRooms);

const endedPid = (): number => spawnSync(process.execPath, ['-e', '']).pid;

function lockOf(holder: { pid: number; host?: string }): string {
  return createRoom().write('a.lock', JSON.stringify({ token: 'theirs', host: hostname(), ...holder }));
}

describe('the lock', () => {
  it('lets eight set-ups through one after another', async () => {
    const file = join(createRoom().folder, 'deep', 'a.lock');
    let inside = 0;
    let most = 0;
    const setUp = async (): Promise<void> => {
      const release = await acquireLock(file, { pollMs: 1 });
      most = Math.max(most, (inside += 1));
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside -= 1;
      release();
    };
    await Promise.all(Array.from({ length: 8 }, setUp));
    expect(most).toBe(1);
    expect(readdirSync(dirname(file))).toEqual([]);
  });

  it('is taken over from a process that has died, by one of those who wait', async () => {
    const file = lockOf({ pid: endedPid() });
    let inside = 0;
    let most = 0;
    const setUp = async (): Promise<void> => {
      const release = await acquireLock(file, { pollMs: 1 });
      most = Math.max(most, (inside += 1));
      await new Promise((resolve) => setTimeout(resolve, 2));
      inside -= 1;
      release();
    };
    await Promise.all([setUp(), setUp(), setUp()]);
    expect(most).toBe(1);
    expect(existsSync(file)).toBe(false);
  });

  it('is taken over when its holder has been silent for a minute, as after a restart of the machine', async () => {
    const file = lockOf({ pid: process.pid });
    const before = new Date(Date.now() - 61_000);
    utimesSync(file, before, before);
    const release = await acquireLock(file, { pollMs: 1 });
    expect(JSON.parse(readFileSync(file, 'utf8')).token).not.toBe('theirs');
    release();
  });

  it.each([
    ['a living process', { pid: process.pid }],
    ['another machine that shares the folder', { pid: endedPid(), host: 'elsewhere' }],
  ])('is left to %s, and who waits is told', async (_, holder) => {
    const file = lockOf(holder);
    const waited: number[] = [];
    const lock = acquireLock(file, { pollMs: 1, onWait: ({ pid }) => waited.push(pid) });
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(waited).toEqual([holder.pid]);
    expect(JSON.parse(readFileSync(file, 'utf8')).token).toBe('theirs');
    const old = new Date(0);
    utimesSync(file, old, old);
    (await lock)();
  });

  it('is not removed by a holder that has lost it', async () => {
    const room = createRoom();
    const file = join(room.folder, 'a.lock');
    const release = await acquireLock(file);
    room.write('a.lock', JSON.stringify({ pid: process.pid, token: 'theirs', host: hostname() }));
    release();
    expect(existsSync(file)).toBe(true);
  });
});
