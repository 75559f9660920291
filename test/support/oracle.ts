// Sample files and the oracle, both in Python, as the tests ask for them.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { z } from 'zod';
import { sparkFolder, testTools } from './tools';

const execute = promisify(execFile);
const environment = { ...process.env, PYTHONPATH: sparkFolder, PYTHONDONTWRITEBYTECODE: '1' };

/** `python -m headgate_spark.sample --out <folder> …`. */
export async function makeSample(folder: string, ...args: readonly string[]): Promise<void> {
  const { python } = await testTools();
  await execute(python, ['-m', 'headgate_spark.sample', '--out', folder, ...args], { env: environment });
}

const verdictSchema = z.object({
  equal: z.boolean(),
  differences: z.array(z.record(z.string(), z.unknown())),
  expected: z.record(z.string(), z.array(z.record(z.string(), z.union([z.string(), z.number()])))),
});

export type Verdict = z.infer<typeof verdictSchema>;

/** What DuckDB computes from the raw files against what delta-rs reads from the table. */
export async function askOracle(
  pipeline: 'customer-sales' | 'retail-by-day',
  raw: string,
  table: string,
): Promise<Verdict> {
  const { python } = await testTools();
  const script = join(sparkFolder, 'tests', 'oracle', 'oracle.py');
  const args = [script, pipeline, '--raw', raw, '--table', table];
  // exit code 1 says unequal: that is an answer
  const { stdout } = await execute(python, args, { env: environment, maxBuffer: 64 * 1024 * 1024 }).catch(
    (error: { code?: number; stdout: string }) => {
      if (error.code === 1 && error.stdout !== '') return error;
      throw error;
    },
  );
  return verdictSchema.parse(JSON.parse(stdout));
}

/** A customers file of these ids, all of age 40. */
export async function makeCustomers(file: string, ids: readonly string[]): Promise<void> {
  const { python } = await testTools();
  const script = [
    'import sys, pyarrow as pa, pyarrow.parquet as pq',
    'ids = sys.argv[2:]',
    'n = len(ids)',
    'ages = pa.array([40] * n, pa.int32())',
    'columns = {"customer_id": ids, "gender": ["Male"] * n, "age": ages, "payment_method": ["Card"] * n}',
    'pq.write_table(pa.table(columns), sys.argv[1])',
  ].join('\n');
  await execute(python, ['-c', script, file, ...ids], { env: environment });
}
