// Reads the health of a Delta table through headgate_spark.health: from its log, without Spark and without listing it.
import { z } from 'zod';
import type { HealthQuestion } from '../../activities/ports';
import type { TableHealth } from '../../contracts/maintenance';
import { retentionHours } from '../../domain/upkeep/policy';
import { askPython, type PythonRuntime } from './ask-python';

const count = z.number().int().nonnegative();
const files = z.object({ files: count, bytes: count });

const partitionSchema = z.object({
  values: z.record(z.string(), z.string().nullable()),
  files: count,
  bytes: count,
  rows: count,
  deletedRows: count,
  smallFiles: count,
  smallBytes: count,
  unclusteredFiles: count,
  unclusteredBytes: count,
  ingestsSinceWrite: count,
  overlapDepth: z.number().exactOptional(),
  cubes: z.array(files).exactOptional(),
});

export const healthSchema: z.ZodType<TableHealth> = z.object({
  table: z.string(),
  version: count,
  at: z.string(),
  files: count,
  bytes: count,
  partitions: z.array(partitionSchema),
  held: files,
  expired: files,
  window: z.object({ ingests: count, ingestedBytes: count, rewrittenBytes: count }),
  createdAt: z.string(),
  lastVacuum: z.object({ lite: z.string().exactOptional(), full: z.string().exactOptional() }),
  log: z.object({ files: count, bytes: count, commitsSinceCheckpoint: z.number().int() }),
  savings: z.object({
    since: z.string(),
    ingests: count,
    ingestedBytes: count,
    rewrittenBytes: count,
    filesBefore: count,
    filesAfter: count,
    reclaimedFiles: count,
    reclaimedBytes: count,
  }),
});

/** Throws as `askPython` does; a table that is not there yet is the error `TableNotFound`. */
export async function readHealth(
  runtime: PythonRuntime,
  question: HealthQuestion,
  signal?: AbortSignal,
): Promise<TableHealth> {
  const { settings } = question;
  const options = {
    'target-bytes': settings.targetFileBytes,
    'window-hours': settings.windowHours,
    'retain-hours': retentionHours(settings),
    'ordered-by': question.zorderBy[0] ?? question.clusterBy[0],
  };
  const [answer] = await askPython(runtime, 'headgate_spark.health', options, question.table, signal);
  return healthSchema.parse(answer);
}
