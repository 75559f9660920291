// Owns the starting of other programs for set-up: one small port, so that tests need no network and no processes.
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';

export type RunOptions = {
  readonly cwd?: string;
  /** Laid over the environment of this process; `undefined` removes a name. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  readonly timeoutMs?: number;
  readonly onLine?: (line: string) => void;
  /** Ends the program politely when it fires. */
  readonly stop?: AbortSignal;
};

/** `code` is 127 when the program does not exist, and 124 when its time was over. */
export type RunResult = { readonly code: number; readonly stdout: string; readonly stderr: string };

export interface Shell {
  run(command: string, args: readonly string[], options?: RunOptions): Promise<RunResult>;
}

/**
 * A compiler or a download must not outlive a set-up that was killed: its guard waits on a pipe from us, and ends the
 * program as soon as that closes, which it does in every way that we can die.
 */
const guard = `exec 3<&0
"$@" </dev/null 3<&- &
child=$!
{ read -r _ <&3; kill "$child"; sleep 60; kill -9 "$child"; } >/dev/null 2>&1 &
watcher=$!
exec 3<&-
wait "$child"
code=$?
kill "$watcher" 2>/dev/null
exit "$code"`;

const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
const keptOutput = 200_000;

export function createShell(): Shell {
  return {
    run: (command, args, options = {}) =>
      new Promise((resolve) => {
        const child = spawn('/bin/sh', ['-c', guard, 'sh', command, ...args], {
          ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
          env: { ...process.env, ...options.env },
          stdio: ['pipe', 'pipe', 'pipe'],
        });
        const output = { stdout: '', stderr: '' };
        let timedOut = false;
        const end = (): void => void child.stdin.destroy();
        const interrupted = (signal: NodeJS.Signals): void => {
          end();
          if (process.listenerCount(signal) === 0) process.kill(process.pid, signal);
        };
        const expire = (): void => {
          timedOut = true;
          end();
        };
        const timer = options.timeoutMs === undefined ? undefined : setTimeout(expire, options.timeoutMs);
        options.stop?.addEventListener('abort', end, { once: true });
        for (const signal of signals) process.prependOnceListener(signal, interrupted);
        for (const name of ['stdout', 'stderr'] as const) {
          createInterface({ input: child[name] }).on('line', (line) => {
            output[name] = `${output[name]}${line}\n`.slice(-keptOutput);
            options.onLine?.(line);
          });
        }
        const settle = (code: number, extra = ''): void => {
          clearTimeout(timer);
          for (const signal of signals) process.removeListener(signal, interrupted);
          options.stop?.removeEventListener('abort', end);
          resolve({ code, stdout: output.stdout, stderr: output.stderr + extra });
        };
        child.once('error', (error) => settle(127, `${command}: ${error.message}\n`));
        child.once('close', (code) => settle(timedOut ? 124 : (code ?? 128)));
      }),
  };
}

/** The last lines a failed program wrote: what a person needs to see of it. */
export function lastLines(result: RunResult, count = 6): string {
  const lines = `${result.stdout}\n${result.stderr}`.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-count).join('\n');
}
