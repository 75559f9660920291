// Live progress of a run on stderr: one line per finished phase, and on a terminal a moving line for the open one.
import type { RunProgress } from '../contracts/run';
import { seconds } from './output';
import { indented, paint, printable } from './terminal';

export type ProgressView = {
  update(progress: RunProgress): void;
  /** Something is being retried; the same trouble is told once. */
  trouble(text: string): void;
  stop(): void;
};

const silent: ProgressView = { update: () => undefined, trouble: () => undefined, stop: () => undefined };

const clearLine = '\r\u001B[2K';

type Stream = Pick<NodeJS.WriteStream, 'write'> & { readonly isTTY?: boolean };

/** `quiet` shows nothing: for --json and for scripts. Without a terminal only finished phases are written. */
export function createProgressView(quiet: boolean, stream: Stream = process.stderr): ProgressView {
  if (quiet) return silent;
  const live = stream.isTTY === true;
  const printed = new Map<string, string>();
  const told = new Set<string>();
  let named = false;
  let open: { readonly phase: string; readonly since: number } | undefined;

  const draw = (): void => {
    if (live && open !== undefined)
      stream.write(
        `${clearLine}${printable(`${paint.cyan('▶')} ${open.phase} ${paint.dim(seconds((Date.now() - open.since) / 1000))}`)}`,
      );
  };
  const timer = live ? setInterval(draw, 100) : undefined;
  const line = (text: string): void => {
    stream.write(`${live ? clearLine : ''}${printable(text)}\n`);
  };

  return {
    update: (progress) => {
      if (!named && progress.pipeline !== undefined) {
        named = true;
        line(`${paint.bold(progress.pipeline)} → ${progress.table ?? ''}`);
      }
      for (const { phase, state, seconds: spent, note } of progress.phases) {
        if (state === 'waiting' || state === 'skipped') continue;
        if (state === 'running') {
          if (open?.phase !== phase) open = { phase, since: Date.now() };
          continue;
        }
        if (printed.get(phase) === `${state} ${spent}`) continue;
        printed.set(phase, `${state} ${spent}`);
        if (open?.phase === phase) open = undefined;
        const mark = state === 'done' ? paint.green('✓') : state === 'held' ? paint.yellow('⏸') : paint.red('✗');
        line(
          `${mark} ${phase.padEnd(8)} ${spent === undefined ? '' : paint.dim(seconds(spent))} ${note ?? ''}`.trimEnd(),
        );
      }
    },
    trouble: (text) => {
      const kind = text.replace(/attempt \d+/, '');
      if (told.has(kind)) return;
      told.add(kind);
      line(`${paint.yellow('!')} ${indented(text)}`);
    },
    stop: () => {
      clearInterval(timer);
      if (live && open !== undefined) stream.write(clearLine);
      open = undefined;
    },
  };
}
