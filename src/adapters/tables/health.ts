// Reads the health of a Delta table through headgate_spark.health: from its log, without Spark and without listing it.
import type { HealthQuestion } from '../../activities/ports';
import { tableHealth, type TableHealth } from '../../contracts/maintenance-schema';
import { retentionHours } from '../../domain/upkeep/vacuum';
import { askPython, type PythonRuntime } from './ask-python';

/** Throws as `askPython` does; a table that is not there yet is the error `TableNotFound`. */
export async function readHealth(
  runtime: PythonRuntime,
  question: HealthQuestion,
  signal?: AbortSignal,
): Promise<TableHealth> {
  const { settings } = question;
  const options = {
    'file-size': settings.fileSize,
    'window-hours': settings.windowHours,
    'retain-hours': retentionHours(settings),
    'full-every-hours': settings.vacuumFullEveryDays * 24,
    'ordered-by': question.zorderBy[0] ?? question.clusterBy[0],
  };
  const [answer] = await askPython(runtime, 'headgate_spark.health', options, question.table, signal);
  return tableHealth.parse(answer);
}
