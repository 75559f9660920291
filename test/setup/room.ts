// A throw-away machine for set-up tests: temporary folders, a PATH of empty programs, and a shell that answers from a script.
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import type { SetupContext } from '../../src/setup/context';
import type { RunOptions, RunResult, Shell } from '../../src/setup/shell';

export type Call = { readonly command: string; readonly args: readonly string[]; readonly options: RunOptions };

export type Answer = (call: Call) => Partial<RunResult> | undefined;

export type Room = SetupContext & {
  readonly folder: string;
  readonly calls: readonly Call[];
  /** Puts an executable on this machine's PATH and returns its path. */
  program(name: string): string;
  write(file: string, text: string): string;
  /** The same machine with other variables. */
  withEnv(env: Readonly<Record<string, string>>): Room;
};

const rooms: string[] = [];

/** `answer` plays the other programs; what it leaves undefined ends with code 1. */
export function createRoom(answer: Answer = () => undefined): Room {
  const folder = mkdtempSync(join(tmpdir(), 'headgate-room-'));
  rooms.push(folder);
  const calls: Call[] = [];
  const shell: Shell = {
    run: (command, args, options = {}) => {
      const call = { command, args, options };
      calls.push(call);
      return Promise.resolve({ code: 1, stdout: '', stderr: '', ...answer(call) });
    },
  };
  const bin = join(folder, 'bin');
  const write = (file: string, text: string): string => {
    const path = join(folder, file);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return path;
  };
  const room: Room = {
    env: { PATH: bin, HOME: join(folder, 'home') },
    cache: join(folder, 'cache'),
    root: resolve(__dirname, '..', '..'),
    shell,
    folder,
    calls,
    program: (name) => {
      const path = write(join('bin', name), '');
      chmodSync(path, 0o755);
      return path;
    },
    write,
    withEnv: (env) => ({ ...room, env: { ...room.env, ...env } }),
  };
  return room;
}

export function removeRooms(): void {
  for (const room of rooms.splice(0)) rmSync(room, { recursive: true, force: true });
}

/** A Java installation as distributions lay it out, with its version written beside it. */
export function installJava(
  room: Room,
  name: string,
  version: string,
): { readonly home: string; readonly java: string } {
  room.write(join(name, 'release'), `IMPLEMENTOR="Test"\nJAVA_VERSION="${version}"\n`);
  const java = room.write(join(name, 'bin', 'java'), '');
  chmodSync(java, 0o755);
  return { home: join(room.folder, name), java };
}

export const silent = (): void => undefined;
