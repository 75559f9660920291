// What a lake holds, read from its files: versions of a table, traces that jobs left. No Delta library, no Headgate code.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** Committed versions of a Delta table, ascending; empty when there is no table. */
export function tableVersions(table: string): readonly number[] {
  const log = join(table, '_delta_log');
  if (!existsSync(log)) return [];
  return readdirSync(log)
    .filter((name) => /^\d{20}\.json$/.test(name))
    .map((name) => Number(name.slice(0, 20)))
    .toSorted((a, b) => a - b);
}

const commitInfo = z.object({ commitInfo: z.object({ operation: z.string() }) });

/** The operation of each version, e.g. `MERGE`. */
export function tableOperations(table: string): readonly string[] {
  return tableVersions(table).map((version) => {
    const text = readFileSync(join(table, '_delta_log', `${String(version).padStart(20, '0')}.json`), 'utf8');
    const found = text.split('\n').flatMap((line) => {
      const parsed = line === '' ? undefined : commitInfo.safeParse(JSON.parse(line)).data;
      return parsed === undefined ? [] : [parsed.commitInfo.operation];
    });
    return found[0] ?? 'unknown';
  });
}

/** Files of a pipeline's state folder, relative, sorted: manifests, requests, reports, failures, ledger entries. */
export function stateFiles(lake: string, pipeline: string): readonly string[] {
  const folder = join(lake, '_headgate', pipeline);
  if (!existsSync(folder)) return [];
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.json') && !name.includes('_delta_log'))
    .toSorted();
}

const reportSchema = z.object({ attempt: z.number(), environment: z.record(z.string(), z.string()) });

/** Report of a job of the only batch there is. */
export function readReport(lake: string, pipeline: string, job: 'prepare' | 'commit'): z.infer<typeof reportSchema> {
  const found = stateFiles(lake, pipeline).filter((name) => name.endsWith(`${job}.report.json`));
  const [path] = found;
  if (path === undefined || found.length > 1) throw new Error(`${found.length} ${job} reports instead of one`);
  return reportSchema.parse(JSON.parse(readFileSync(join(lake, '_headgate', pipeline, path), 'utf8')));
}
