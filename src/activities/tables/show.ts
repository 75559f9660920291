// Reads rows of Delta tables through headgate_spark.show (delta-rs, no Spark). Only reads; starts one short process per call.
import { execFile } from 'node:child_process';
import { z } from 'zod';
import { HeadgateError } from '../../contracts/errors';

export type PythonRuntime = {
  /** Interpreter of the Python environment. */
  readonly python: string;
  /** Folder that holds `headgate_spark`. */
  readonly pythonPath: string;
};

export type TableQuestion = {
  /** Path or URI of the Delta table. */
  readonly table: string;
  /** Default: the newest. */
  readonly version?: number;
  /** Most rows to return. Default 20. */
  readonly limit?: number;
  /** Names of columns, exactly as in the table. Default: all. */
  readonly columns?: readonly string[];
  /** SQL condition on the rows. */
  readonly where?: string;
  /** A whole SELECT instead of `columns` and `where`; the table is called `t`. */
  readonly sql?: string;
};

/** Decimals, dates, times and whole numbers beyond 2^53 are text. */
export type TableRow = Readonly<Record<string, unknown>>;

export type TableAnswer = {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: readonly TableRow[];
  readonly version: number;
  /** Rows of the whole table at that version, not of the answer. */
  readonly totalRows: number;
  readonly files: number;
};

const headSchema = z.object({
  version: z.number().int(),
  totalRows: z.number().int(),
  files: z.number().int(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
});
const rowSchema = z.record(z.string(), z.unknown());
const errorSchema = z.object({ type: z.string(), message: z.string(), remedy: z.string() });

/** Throws a HeadgateError of kind `data` when the table cannot be read and `config` when the question is wrong. */
export async function readTable(runtime: PythonRuntime, question: TableQuestion): Promise<TableAnswer> {
  const { code, stdout, stderr } = await runShow(runtime, question);
  const lines = stdout.split('\n').filter((line) => line !== '');
  if (code === 0) {
    const [head, ...rows] = lines.map((line): unknown => JSON.parse(line));
    const { columns, version, totalRows, files } = headSchema.parse(head);
    return { columns, version, totalRows, files, rows: rows.map((row) => rowSchema.parse(row)) };
  }
  const told = parseError(lines.at(-1) ?? '');
  throw new HeadgateError({
    kind: told === undefined ? 'unknown' : code === 2 ? 'config' : 'data',
    type: told?.type ?? 'ShowFailed',
    message: told?.message ?? `Reading '${question.table}' ended with code ${code}: ${stderr.trim().slice(-500)}`,
    remedy: told?.remedy ?? 'Run `headgate doctor` to check the Python environment.',
    fields: { table: question.table, version: question.version },
  });
}

function parseError(line: string): z.infer<typeof errorSchema> | undefined {
  try {
    return errorSchema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

type Ended = { readonly code: number | string; readonly stdout: string; readonly stderr: string };

function runShow(runtime: PythonRuntime, question: TableQuestion): Promise<Ended> {
  // `--name=value`, so that a value may start with a dash
  const options = [
    ['version', question.version],
    ['limit', question.limit],
    ['columns', question.columns?.join(',')],
    ['where', question.where],
    ['sql', question.sql],
  ].flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`]));
  const env = { ...process.env, PYTHONPATH: runtime.pythonPath };
  const args = ['-m', 'headgate_spark.show', ...options, '--', question.table];
  return new Promise((resolve, reject) => {
    execFile(runtime.python, args, { env, maxBuffer: 512 * 1024 * 1024 }, (error, stdout, stderr) => {
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
