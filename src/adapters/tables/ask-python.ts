// Asks a program of headgate_spark about a table (delta-rs, no Spark): one short process, JSON lines, errors as JSON.
import { execFile } from 'node:child_process';
import { z } from 'zod';
import { HeadgateError } from '../../contracts/errors';

export type PythonRuntime = {
  /** Interpreter of the Python environment. */
  readonly python: string;
  /** Folder that holds `headgate_spark`. */
  readonly pythonPath: string;
  /** Time for one answer. Default nine minutes. */
  readonly limitMs?: number;
};

export type Options = Readonly<Record<string, string | number | undefined>>;

const errorSchema = z.object({ type: z.string(), message: z.string(), remedy: z.string() });

/** Below the time that an activity has for it, so that the program is ended and not forgotten. */
const limitMsDefault = 9 * 60_000;

/** Throws a HeadgateError of kind `data` when the table cannot be read and `config` when the question is wrong. */
export async function askPython(
  runtime: PythonRuntime,
  program: string,
  options: Options,
  table: string,
  signal?: AbortSignal,
): Promise<readonly unknown[]> {
  const { code, stdout, stderr } = await run(runtime, program, options, table, signal);
  signal?.throwIfAborted();
  if (code === 'SIGKILL') throw readTimedOut(table);
  const lines = stdout.split('\n').filter((line) => line !== '');
  if (code === 0) return lines.map((line): unknown => JSON.parse(line));
  const told = parseError(lines.at(-1) ?? '');
  throw new HeadgateError({
    kind: told === undefined ? 'unknown' : code === 2 ? 'config' : 'data',
    type: told?.type ?? 'ReadFailed',
    message: told?.message ?? `Reading '${table}' ended with code ${code}: ${stderr.trim().slice(-500)}`,
    remedy: told?.remedy ?? 'Run `headgate doctor` to check the Python environment.',
    fields: { table },
  });
}

const readTimedOut = (table: string): HeadgateError =>
  new HeadgateError({
    kind: 'infrastructure',
    type: 'ReadTimedOut',
    message: `Reading '${table}' was ended, by its time limit or from outside.`,
    remedy: 'Check the disk or the store of the table, and the memory of the machine.',
    fields: { table },
  });

function parseError(line: string): z.infer<typeof errorSchema> | undefined {
  try {
    return errorSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

type Ended = { readonly code: number | string; readonly stdout: string; readonly stderr: string };

function run(
  runtime: PythonRuntime,
  program: string,
  options: Options,
  table: string,
  signal?: AbortSignal,
): Promise<Ended> {
  // `--name=value`, so that a value may start with a dash
  const flags = Object.entries(options).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
  const env = { ...process.env, PYTHONPATH: runtime.pythonPath };
  const args = ['-m', program, ...flags, '--', table];
  return new Promise((resolve, reject) => {
    const { limitMs: timeout = limitMsDefault } = runtime;
    const limits = { timeout, killSignal: 'SIGKILL', maxBuffer: 512 * 1024 * 1024, signal } as const;
    execFile(runtime.python, args, { env, ...limits }, (error, stdout, stderr) => {
      if (error?.code === 'ENOENT') {
        reject(
          new HeadgateError({
            kind: 'config',
            type: 'PythonMissing',
            message: `The Python interpreter '${runtime.python}' does not exist.`,
            remedy: 'Run `headgate doctor`; it sets the Python environment up again.',
            fields: { python: runtime.python },
            cause: error,
          }),
        );
        return;
      }
      resolve({ code: error === null ? 0 : (error.code ?? error.signal ?? 'unknown'), stdout, stderr });
    });
  });
}
