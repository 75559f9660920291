// Owns how set-up shows its progress: live lines on a terminal, plain lines elsewhere, always on stderr.
import { Listr, ListrLogger, ProcessOutput, type ListrDefaultRendererLogLevels, type ListrLogLevels } from 'listr2';
import type { Progress } from './context';

export type SetupTask = { readonly title: string; readonly run: (progress: Progress) => Promise<void> };

export interface Reporter {
  /** Runs all tasks at once; rejects with the first failure after all have ended. */
  run(tasks: readonly SetupTask[]): Promise<void>;
}

/** Results go to stdout, so that `--json` stays one object; progress does not. */
export function createReporter(stream: NodeJS.WriteStream = process.stderr): Reporter {
  return {
    run: async (tasks) => {
      const failures: unknown[] = [];
      const listed = tasks.map(({ title, run }) => ({
        title,
        task: async (_: unknown, task: { output: string }) => {
          const show = isLive(stream) ? (line: string) => void (task.output = line) : sparingly(title, stream);
          await run(show).catch((error: unknown) => {
            failures.push(error);
            throw error;
          });
        },
      }));
      await createList(listed, stream).run();
      if (failures.length > 0) throw failures[0];
    },
  };
}

/** Some pseudo-terminals have no width: live lines would be one letter wide. */
function isLive(stream: NodeJS.WriteStream): boolean {
  return stream.isTTY && stream.columns >= 40;
}

type ListedTask = { title: string; task: (context: unknown, task: { output: string }) => Promise<void> };

function createList(tasks: ListedTask[], stream: NodeJS.WriteStream): { run(): Promise<unknown> } {
  const common = { concurrent: true, exitOnError: false };
  const options = { useIcons: isLive(stream), toStderr: [], processOutput: new ProcessOutput(stream, stream) };
  if (isLive(stream)) {
    const logger = new ListrLogger<ListrDefaultRendererLogLevels>(options);
    return new Listr(tasks, { ...common, renderer: 'default', rendererOptions: { logger, showErrorMessage: false } });
  }
  const logger = new ListrLogger<ListrLogLevels>(options);
  return new Listr(tasks, { ...common, renderer: 'simple', rendererOptions: { logger } });
}

const quietMs = 15_000;

/** In a log file nobody needs every compiled package. */
export function sparingly(title: string, stream: { write(text: string): unknown }, now = Date.now): Progress {
  let last = Number.NEGATIVE_INFINITY;
  return (line, weight = 'step') => {
    if (weight === 'detail' && now() - last < quietMs) return;
    last = now();
    stream.write(`  ${title}: ${line}\n`);
  };
}

export const silentReporter: Reporter = {
  run: async (tasks) => {
    await Promise.all(tasks.map(({ run }) => run(() => {})));
  },
};
