import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { findTemporal, installTemporal } from '../../src/setup/temporal-server';
import { createRoom, removeRooms, silent, type Answer, type Call } from './room';

afterEach(removeRooms);

const says = (server: string): { code: number; stdout: string } => ({
  code: 0,
  stdout: `temporal version 0.0.0-DEV (Server ${server}, UI 2.42.1)\n`,
});
const asksVersion = ({ args }: Call): boolean => args[0] === '--version';
const downloads = ({ args }: Call): boolean => basename(args[0] ?? '') === 'download-temporal.cjs';
const builds = ({ args }: Call): boolean => args[0] === 'install';

/** Plays the download: one file, named as the SDK names it. */
function download(call: Call): { code: number } {
  writeFileSync(join(call.args[1] ?? '', 'temporal-sdk-typescript-1.24.0'), 'downloaded');
  return { code: 0 };
}

function build(call: Call): { code: number } {
  writeFileSync(join(call.options.env?.['GOBIN'] ?? '', 'temporal'), 'built');
  return { code: 0 };
}

describe('findTemporal', () => {
  it('takes the one on PATH when its server is new enough, whatever the CLI calls itself', async () => {
    const room = createRoom(() => says('1.29.1'));
    const path = room.program('temporal');
    expect(await findTemporal(room)).toEqual({ path, serverVersion: '1.29.1' });
  });

  it.each([
    ['is too old', says('1.24.2')],
    ['does not start', { code: 126 }],
  ])('passes over one on PATH that %s', async (_, answer) => {
    const room = createRoom(() => answer);
    room.program('temporal');
    expect(await findTemporal(room)).toBeUndefined();
  });

  it('refuses an unfit HEADGATE_TEMPORAL instead of passing over it', async () => {
    const room = createRoom(() => says('1.24.2')).withEnv({ HEADGATE_TEMPORAL: '/own/temporal' });
    await expect(findTemporal(room)).rejects.toMatchObject({
      type: 'UnfitTemporal',
      fields: { path: '/own/temporal' },
    });
  });
});

describe('installTemporal', () => {
  it('downloads it, and finds it the next time without asking anybody', async () => {
    const room = createRoom((call) => (downloads(call) ? download(call) : says('1.29.1')));
    const installed = await installTemporal(room, silent);
    const calls = room.calls.length;
    expect(await findTemporal(room)).toEqual(installed);
    expect(room.calls).toHaveLength(calls);
    expect(room.calls.filter(builds)).toEqual([]);
  });

  it.each([
    ['of another server', '1.30.0', {}],
    ['of another checksum', '1.29.1', { HEADGATE_TEMPORAL_SHA256: '0'.repeat(64) }],
  ])('refuses a download %s', async (_, server, env) => {
    const room = createRoom((call) => (downloads(call) ? download(call) : says(server))).withEnv(env);
    await expect(installTemporal(room, silent)).rejects.toMatchObject({ type: 'ChecksumMismatch' });
    expect(await findTemporal(room)).toBeUndefined();
  });

  it('takes a download of the checksum that is given', async () => {
    const env = { HEADGATE_TEMPORAL_SHA256: createHash('sha256').update('downloaded').digest('hex') };
    const room = createRoom((call) => (downloads(call) ? download(call) : says('1.29.1'))).withEnv(env);
    expect(await installTemporal(room, silent)).toMatchObject({ serverVersion: '1.29.1' });
  });

  it('builds it with Go where there is no way to the download, and leaves no Go cache behind', async () => {
    const room = createRoom((call) => {
      if (builds(call)) return build(call);
      return asksVersion(call) ? says('1.29.1') : undefined;
    });
    room.program('go');
    const { path } = await installTemporal(room, silent);
    const { args, options } = room.calls.find(builds) ?? { args: [], options: {} };
    expect(args.at(-1)).toBe('github.com/temporalio/cli/cmd/temporal@v1.5.1');
    expect(options.env?.['GOMODCACHE']).toContain(`${join(path, '..')}.part-`);
  });

  it('uses the Go cache of someone who has these modules already', async () => {
    const room = createRoom((call) => {
      if (builds(call)) return build(call);
      if (asksVersion(call)) return says('1.29.1');
      return call.args[0] === 'env' ? { code: 0, stdout: `${join(room.folder, 'go')}\n` } : undefined;
    });
    mkdirSync(join(room.folder, 'go', 'cache', 'download', 'github.com', 'temporalio', 'cli'), { recursive: true });
    room.program('go');
    await installTemporal(room, silent);
    expect(room.calls.find(builds)?.options.env).not.toHaveProperty('GOMODCACHE');
  });

  const failures: [string, Answer, string[], RegExp][] = [
    ['without Go', () => ({ code: 1, stderr: 'Connection refused' }), [], /Connection refused.*go is not on PATH/],
    [
      'when Go fails',
      (call) => (builds(call) ? { code: 1, stderr: 'no such module' } : undefined),
      ['go'],
      /no such module/,
    ],
    [
      'when what was built does not start',
      (call) => (builds(call) ? build(call) : undefined),
      ['go'],
      /could not be had/,
    ],
  ];
  it.each(failures)('names all three ways %s', async (_, answer, programs, message) => {
    const room = createRoom(answer);
    for (const name of programs) room.program(name);
    await expect(installTemporal(room, silent)).rejects.toMatchObject({
      type: 'MissingTemporal',
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(/on PATH.*download.*install Go/),
    });
  });
});
