import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createShell } from '../../src/setup/shell';
import { createRoom, removeRooms } from './room';

afterEach(removeRooms);

const node = process.execPath;
const shell = createShell();

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

async function until(reached: () => boolean): Promise<void> {
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 20));
}

describe('the shell', () => {
  it('returns code and output, and hands over lines as they come', async () => {
    const lines: string[] = [];
    const script = 'console.log("a  b"); console.error(process.argv[1]); process.exit(3)';
    const result = await shell.run(node, ['-e', script, "it's $HOME"], { onLine: (line) => lines.push(line) });
    expect(result).toEqual({ code: 3, stdout: 'a  b\n', stderr: "it's $HOME\n" });
    expect(lines.toSorted()).toEqual(['a  b', "it's $HOME"]);
  });

  it('answers 127 for a program that does not exist', async () => {
    expect((await shell.run('/no/such/program', [])).code).toBe(127);
  });

  it('ends a program whose time is over', async () => {
    const result = await shell.run(node, ['-e', 'setInterval(() => {}, 1000)'], { timeoutMs: 100 });
    expect(result.code).toBe(124);
  });

  it('ends a program politely when it is told to stop', async () => {
    const stop = new AbortController();
    const script =
      'process.on("SIGTERM", () => { console.log("bye"); process.exit() }); setInterval(() => {}, 1000); console.log("up")';
    const onLine = (line: string): void => void (line === 'up' && stop.abort());
    expect((await shell.run(node, ['-e', script], { stop: stop.signal, onLine })).stdout).toBe('up\nbye\n');
  });

  it('leaves no program behind when set-up itself is killed', async () => {
    // a set-up that starts one program, which tells its pid
    const file = join(createRoom().folder, 'set-up.cjs');
    const { code } = await import('@swc/core').then(({ transformFile }) =>
      transformFile(join(__dirname, '..', '..', 'src', 'setup', 'shell.ts'), {
        jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
        module: { type: 'commonjs' },
      }),
    );
    const program = 'console.log(process.pid); setInterval(() => {}, 1000)';
    writeFileSync(
      file,
      `${code}\ncreateShell().run(process.execPath, ['-e', ${JSON.stringify(program)}], { onLine: console.log })`,
    );
    const setUp = spawn(node, [file], { stdio: ['ignore', 'pipe', 'inherit'] });
    const [told] = await once(setUp.stdout.setEncoding('utf8'), 'data');
    const pid = Number(told);
    expect(isAlive(pid)).toBe(true);
    setUp.kill('SIGKILL');
    await until(() => !isAlive(pid));
  });
});
