import { basename } from 'node:path';
import { findJava, findPython, isAtLeast } from '../../src/setup/locate';
import { createRoom, installJava, removeRooms } from './room';

afterEach(removeRooms);

describe('findJava', () => {
  it.each([
    ['17.0.15', 'found'],
    ['21.0.4', 'found'],
    ['1.8.0_402', 'wrong'],
    ['11.0.23', 'wrong'],
    ['24', 'wrong'],
    ['25.0.1', 'wrong'],
  ])('judges Java %s as %s', async (version, kind) => {
    const room = createRoom();
    const { home } = installJava(room, 'jdk', version);
    const found = await findJava(room.withEnv({ JAVA_HOME: home }));
    expect(found.kind).toBe(kind);
    expect(room.calls).toEqual([]);
  });

  it('asks Java itself when its version is not written beside it', async () => {
    const room = createRoom(() => ({ code: 0, stderr: 'openjdk version "17.0.2" 2022-01-18' }));
    room.program('java');
    expect(await findJava(room)).toMatchObject({ kind: 'found', version: '17.0.2' });
  });

  it('takes the one on PATH when JAVA_HOME names one that is too old', async () => {
    const room = createRoom(() => ({ code: 0, stderr: 'version "21.0.1"' }));
    const { home } = installJava(room, 'old', '11.0.2');
    const onPath = room.program('java');
    expect(await findJava(room.withEnv({ JAVA_HOME: home }))).toMatchObject({ kind: 'found', path: onPath });
  });

  it('names the remedy when there is none', async () => {
    expect(await findJava(createRoom())).toMatchObject({
      kind: 'missing',
      remedy: expect.stringMatching(/Java 17 or 21.*JAVA_HOME/),
    });
  });
});

describe('findPython', () => {
  it.each([
    [{ python3: '3.11.2' }, 'python3'],
    [{ python3: '3.9.6', 'python3.12': '3.12.4' }, 'python3.12'],
    [{ python3: '3.15.0', 'python3.14': '3.14.1' }, 'python3.14'],
  ])('of %j takes %s', async (installed, expected) => {
    const versions: Readonly<Record<string, string>> = installed;
    const room = createRoom(({ command }) => ({ code: 0, stdout: `${versions[basename(command)]}\n` }));
    for (const name of Object.keys(versions)) room.program(name);
    const found = await findPython(room);
    expect(found.kind === 'found' && basename(found.path)).toBe(expected);
  });

  it.each([
    ['is too old', { code: 0, stdout: '3.10.12\n' }],
    ['is a shim of a version that is not installed', { code: 127, stdout: '' }],
  ])('refuses one that %s, with a remedy', async (_, answer) => {
    const room = createRoom(() => answer);
    room.program('python3');
    expect(await findPython(room)).toMatchObject({ kind: 'wrong', remedy: expect.stringContaining('3.11') });
  });
});

describe('isAtLeast', () => {
  it.each([
    ['1.29.1', '1.29.1', true],
    ['1.30.0', '1.29.1', true],
    ['1.29.0', '1.29.1', false],
    ['1.9.9', '1.29.1', false],
    ['2', '1.29.1', true],
    ['1.29', '1.29.1', false],
    ['1.31.0-rc1', '1.29.1', true],
  ])('%s against %s is %s', (version, least, answer) => {
    expect(isAtLeast(version, least)).toBe(answer);
  });
});
