import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { damagedFiles, installOnce, type Installation } from '../../src/setup/install-once';
import { createRoom, removeRooms, silent } from './room';

afterEach(removeRooms);

function installation(overrides: Partial<Installation> = {}): Installation & { readonly made: () => number } {
  const dir = join(createRoom().cache, 'tool', '1.0');
  let made = 0;
  return {
    dir,
    fingerprint: 'tool 1.0',
    needsBytes: 1,
    make: (part) => {
      made += 1;
      writeFileSync(join(part, 'tool'), 'content');
      return Promise.resolve({ checksummed: ['tool'], details: { from: 'test' } });
    },
    made: () => made,
    ...overrides,
  };
}

describe('an installation', () => {
  it('is made once, and only looked at the second time', async () => {
    const tool = installation();
    await installOnce(tool, silent);
    const stamp = await installOnce(tool, silent);
    expect(tool.made()).toBe(1);
    expect(stamp.details).toEqual({ from: 'test' });
  });

  it('is made once when two set-ups start together', async () => {
    const tool = installation();
    await Promise.all([installOnce(tool, silent), installOnce(tool, silent)]);
    expect(tool.made()).toBe(1);
  });

  it('is made anew for another version', async () => {
    const tool = installation();
    await installOnce(tool, silent);
    await installOnce({ ...tool, fingerprint: 'tool 1.1' }, silent);
    expect(tool.made()).toBe(2);
  });

  it('is redone when it was left half-way, and what was left is removed', async () => {
    const tool = installation();
    mkdirSync(tool.dir, { recursive: true });
    writeFileSync(join(tool.dir, 'half'), '');
    mkdirSync(`${tool.dir}.part-1-work`);
    await installOnce(tool, silent);
    expect(readdirSync(tool.dir).toSorted()).toEqual(['.headgate.json', 'tool']);
    expect(readdirSync(join(tool.dir, '..'))).toEqual(['1.0']);
  });

  it.each([
    ['missing', (file: string) => writeFileSync(join(file, '..', '.headgate.json'), '{"fingerprint":')],
    ['shorter', (file: string) => writeFileSync(file, 'cont')],
    ['other by content', (file: string) => writeFileSync(file, 'CONTENT')],
  ])('is redone when its stamp or file is %s', async (_, damage) => {
    const tool = installation();
    await installOnce(tool, silent);
    damage(join(tool.dir, 'tool'));
    await installOnce(tool, silent);
    expect(tool.made()).toBe(2);
    expect(readFileSync(join(tool.dir, 'tool'), 'utf8')).toBe('content');
  });

  it('is kept when only the times of its files changed, as after a copy', async () => {
    const tool = installation();
    await installOnce(tool, silent);
    utimesSync(join(tool.dir, 'tool'), new Date(0), new Date(0));
    await installOnce(tool, silent);
    expect(tool.made()).toBe(1);
  });

  it('leaves nothing behind when making it fails', async () => {
    const tool = installation({ make: () => Promise.reject(new Error('no network')) });
    await expect(installOnce(tool, silent)).rejects.toThrow('no network');
    expect(readdirSync(join(tool.dir, '..'))).toEqual([]);
  });

  it('refuses before it starts when the disk is too full, naming folder and sizes', async () => {
    const tool = installation({ needsBytes: Number.MAX_SAFE_INTEGER });
    await expect(installOnce(tool, silent)).rejects.toMatchObject({
      type: 'DiskFull',
      remedy: expect.stringContaining('HEADGATE_CACHE'),
      fields: { neededBytes: Number.MAX_SAFE_INTEGER },
    });
    expect(tool.made()).toBe(0);
  });

  it('names the folder that it cannot make', async () => {
    const room = createRoom();
    const tool = installation({ dir: join(room.write('file', ''), 'cache', '1.0') });
    await expect(installOnce(tool, silent)).rejects.toMatchObject({ type: 'CacheNotWritable' });
  });
});

describe('damagedFiles', () => {
  it('finds a change that size and time do not show', async () => {
    const tool = installation();
    await installOnce(tool, silent);
    expect(await damagedFiles(tool.dir)).toEqual([]);
    const file = join(tool.dir, 'tool');
    const { mtime } = statSync(file);
    writeFileSync(file, 'CONTENT');
    utimesSync(file, mtime, mtime);
    expect(await damagedFiles(tool.dir)).toEqual(['tool']);
  });

  it('is empty where nothing was installed', async () => {
    const room = createRoom();
    expect(existsSync(room.cache)).toBe(false);
    expect(await damagedFiles(room.cache)).toEqual([]);
  });
});
