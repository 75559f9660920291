// MetricSink that appends JSON lines to a local file; one write per line, so that workers may share the file.
//   createJsonLinesSink(path): MetricSink
import { appendFile, mkdir } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { MetricSink } from '../../activities/ports';

export function createJsonLinesSink(path: string): MetricSink {
  return {
    async emit(metric) {
      await mkdir(dirname(path), { recursive: true, mode: 0o700 });
      await appendFile(path, `${JSON.stringify(metric)}\n`, { mode: 0o600 });
    },
  };
}
