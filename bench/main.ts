// npm run bench [-- --only PART,…] [--skip PART,…] [--rows N] [--rounds N] [--raw DIR] [--files N] [--large-rows N]
// [--runs N] [--days N] [--rows-per-day N] [--json FILE]
// What runs and upkeep cost, as ratios within this one run. Prints figures beside their goals; with --json writes all.
// Exits with 1 when a part failed, or when an activity was tried again that the bench did not break itself.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import Table from 'cli-table3';
import { ensureTools } from '../src/setup/tools';
import { readConfig } from '../src/workers/config';
import { attemptsBeyondFirst, load, note, root, type Bench, type Figure } from './bench';
import { measureLarge, measureSoak } from './memory';
import { measureRuns, runParts } from './runs';
import { measureUpkeep, upkeepParts } from './upkeep';

const parts: readonly string[] = [...runParts, 'large', 'soak', ...upkeepParts];

function choose(only: string | undefined, skip: string): ReadonlySet<string> {
  const listed = (text: string): readonly string[] => text.split(',').filter((name) => name !== '');
  const unknown = [...listed(only ?? ''), ...listed(skip)].filter((name) => !parts.includes(name));
  if (unknown.length > 0) throw new Error(`no such part: ${unknown.join(', ')}. Parts are ${parts.join(', ')}.`);
  const skipped = new Set(listed(skip));
  return new Set((only === undefined ? parts : listed(only)).filter((name) => !skipped.has(name)));
}

function drawFigures(figures: readonly Figure[]): string {
  const table = new Table({ head: ['part', 'figure', 'measured', 'at most', ''], style: { head: [], border: [] } });
  for (const { part, name, value, unit, goal } of figures) {
    const met = goal === undefined ? '' : value <= goal ? 'met' : 'MISSED';
    table.push([part, name, `${value} ${unit}`.trim(), goal === undefined ? '' : String(goal), met]);
  }
  return table.toString();
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      skip: { type: 'string', default: '' },
      rows: { type: 'string', default: '99457' },
      rounds: { type: 'string', default: '10' },
      raw: { type: 'string' },
      files: { type: 'string', default: '1000' },
      'large-rows': { type: 'string', default: '5000000' },
      runs: { type: 'string', default: '60' },
      days: { type: 'string', default: '60' },
      'rows-per-day': { type: 'string', default: '20000' },
      json: { type: 'string' },
    },
  });
  const chosen = choose(values.only, values.skip);
  const tools = await ensureTools('runtime');
  const work = mkdtempSync(join(tmpdir(), 'headgate-bench-'));
  const env = {
    ...process.env,
    PYTHONPATH: join(root, 'spark'),
    HEADGATE_JARS: tools.jars,
    SPARK_HOME: tools.sparkHome,
    PYSPARK_PYTHON: tools.python,
  };
  const { memory, cores } = readConfig(process.env).spark;
  const figures: Figure[] = [];
  const details: Bench['details'] = { loadAtStart: load() };
  const group = (name: string): Bench => {
    const folder = join(work, name);
    mkdirSync(folder);
    return { tools, env, spark: { memory, cores }, work: folder, figures, details };
  };
  const rows = Number(values.rows);
  const isChosen = (names: readonly string[]): boolean => names.some((name) => chosen.has(name));
  try {
    if (isChosen(runParts)) {
      const raw = values.raw === undefined ? {} : { raw: values.raw };
      const options = { rows, rounds: Number(values.rounds), files: Number(values.files), ...raw };
      await measureRuns(group('runs'), options, chosen);
    }
    if (chosen.has('large')) await measureLarge(group('large'), Number(values['large-rows']));
    if (chosen.has('soak')) await measureSoak(group('soak'), { rows, runs: Number(values.runs) });
    if (isChosen(upkeepParts)) {
      const options = { days: Number(values.days), rowsPerDay: Number(values['rows-per-day']) };
      await measureUpkeep(group('upkeep'), options, chosen);
    }
  } finally {
    details['loadAtEnd'] = load();
    process.stdout.write(`${drawFigures(figures)}\n`);
    for (const [name, value] of Object.entries(details)) note(`${name.padEnd(14)} ${JSON.stringify(value)}`);
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify({ figures, details }, null, 2)}\n`);
    rmSync(work, { recursive: true, force: true });
  }
  const retried = figures.some(({ name, value }) => name === attemptsBeyondFirst && value > 0);
  if (retried) process.exitCode = 1;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
