// Child processes that are kept alive: started, watched, started again with a growing pause, ended in order.
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';

export type Recipe = {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly logFile: string;
  /** Opens an IPC channel: the child notices when we are gone. */
  readonly ipc?: boolean;
  /** Resolves when the process serves. */
  readonly ready: (child: ChildProcess) => Promise<void>;
  readonly onRestart?: (code: string) => void;
};

export type KeptProcess = {
  readonly pid: () => number | undefined;
  /** SIGTERM, then SIGKILL after the grace time. */
  stop(graceMs?: number): Promise<void>;
};

export class EndedAtOnceError extends Error {
  override readonly name = 'EndedAtOnceError';
  /** Exit code, or the signal that ended it. */
  readonly code: string;

  constructor({ name, logFile }: Recipe, code: string) {
    super(`${name} ended at once (${code}); its log is ${logFile}`);
    this.code = code;
  }
}

/** Restarts that come faster than this slow each other down, up to ten seconds. */
const quickMs = 5000;

const ended = (child: ChildProcess): Promise<string> =>
  new Promise((resolve) => {
    if (child.exitCode !== null || child.signalCode !== null) resolve(String(child.exitCode ?? child.signalCode));
    child.once('exit', (code, signal) => resolve(String(code ?? signal)));
    child.once('error', (error) => resolve(error.message));
  });

function start(recipe: Recipe): ChildProcess {
  const log = openSync(recipe.logFile, 'a', 0o600);
  try {
    return spawn(recipe.command, [...recipe.args], {
      env: recipe.env,
      stdio: recipe.ipc === true ? ['ignore', log, log, 'ipc'] : ['ignore', log, log],
      // An own group: Ctrl-C in the terminal reaches us alone, and we end the children in order.
      detached: true,
    });
  } finally {
    closeSync(log);
  }
}

/** Starts the process and waits until it serves; from then on restarts it whenever it ends by itself. */
export async function keepProcess(recipe: Recipe): Promise<KeptProcess> {
  let stopping = false;
  let child = start(recipe);
  const firstEnd = ended(child);
  await Promise.race([
    recipe.ready(child),
    firstEnd.then((code) => {
      throw new EndedAtOnceError(recipe, code);
    }),
  ]);

  const watch = async (): Promise<void> => {
    let failures = 0;
    for (;;) {
      const since = Date.now();
      const code = await ended(child);
      if (stopping) return;
      recipe.onRestart?.(code);
      failures = Date.now() - since < quickMs ? failures + 1 : 0;
      if (failures > 0) await delay(Math.min(200 * 2 ** failures, 10_000));
      if (stopping) return;
      child = start(recipe);
    }
  };
  const watching = watch();

  return {
    pid: () => child.pid,
    stop: async (graceMs = 25_000) => {
      stopping = true;
      const end = ended(child);
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), graceMs);
      await end;
      clearTimeout(timer);
      await watching;
    },
  };
}
