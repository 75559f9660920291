// npm run bench [-- --only runs|upkeep] [--rows N] [--rounds N] [--raw DIR] [--days N] [--rows-per-day N] [--skip PART,…]
// [--json FILE]; parts to skip: recovery, cold, query, growth.
// What a run and what upkeep cost, as ratios within this one run. Prints a table and, with --json, writes the figures.
// Asserts nothing.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureTools } from '../src/setup/tools';
import { load, type Bench } from './bench';
import { measureRuns } from './runs';
import { root } from './stack';
import { measureUpkeep } from './upkeep';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rows: { type: 'string', default: '99457' },
      rounds: { type: 'string', default: '10' },
      raw: { type: 'string' },
      days: { type: 'string', default: '60' },
      'rows-per-day': { type: 'string', default: '20000' },
      json: { type: 'string' },
      skip: { type: 'string', default: '' },
    },
  });
  const skip = new Set(values.skip.split(','));
  const tools = await ensureTools('runtime');
  const work = mkdtempSync(join(tmpdir(), 'headgate-bench-'));
  const env = {
    ...process.env,
    PYTHONPATH: join(root, 'spark'),
    HEADGATE_JARS: tools.jars,
    SPARK_HOME: tools.sparkHome,
    PYSPARK_PYTHON: tools.python,
  };
  const figures: Bench['figures'] = { loadAtStart: load() };
  const part = (name: string): Bench => {
    const folder = join(work, name);
    mkdirSync(folder);
    return { tools, env, work: folder, figures };
  };
  try {
    if (values.only !== 'upkeep') {
      await measureRuns(part('runs'), {
        rows: Number(values.rows),
        rounds: Number(values.rounds),
        skip,
        ...(values.raw === undefined ? {} : { raw: values.raw }),
      });
    }
    if (values.only !== 'runs') {
      await measureUpkeep(part('upkeep'), {
        days: Number(values.days),
        rowsPerDay: Number(values['rows-per-day']),
        skip,
      });
    }
  } finally {
    figures['loadAtEnd'] = load();
    for (const [name, value] of Object.entries(figures)) {
      process.stdout.write(`${name.padEnd(20)} ${typeof value === 'string' ? value : JSON.stringify(value)}\n`);
    }
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
    rmSync(work, { recursive: true, force: true });
  }
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
