// Reads rows of Delta tables through headgate_spark.show (delta-rs, no Spark). Only reads; starts one short process per call.
import { z } from 'zod';
import { askPython, type Options, type PythonRuntime } from './ask-python';

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
  /** From the question to its first rows, without the start of the process. */
  readonly seconds: number;
};

const headSchema = z.object({
  version: z.number().int(),
  totalRows: z.number().int(),
  files: z.number().int(),
  seconds: z.number(),
  columns: z.array(z.object({ name: z.string(), type: z.string() })),
});
const rowSchema = z.record(z.string(), z.unknown());
/** Throws a HeadgateError of kind `data` when the table cannot be read and `config` when the question is wrong. */
export async function readTable(runtime: PythonRuntime, question: TableQuestion): Promise<TableAnswer> {
  const lines = await askPython(runtime, 'headgate_spark.show', optionsOf(question), question.table);
  const [head, ...rows] = lines;
  const answer = headSchema.parse(head);
  return { ...answer, rows: rows.map((row) => rowSchema.parse(row)) };
}

const optionsOf = ({ version, limit, columns, where, sql }: TableQuestion): Options => ({
  version,
  limit,
  columns: columns?.join(','),
  where,
  sql,
});
