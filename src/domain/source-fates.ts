// What became of the rows of every source, for people and records. Pure.
import type { PrepareReport } from '../contracts/job';
import { quarantineTable } from '../contracts/layout';
import type { PipelineRef } from '../contracts/pipeline-ref';
import type { PreparedRows, QuarantinedRows, SourceFates } from '../contracts/run';

/** Of the driving source with what expectations put aside; `read = kept + quarantined + duplicates` for each. */
function fatesOfSources(report: Pick<PrepareReport, 'sources' | 'rows'>, from: string | undefined): SourceFates {
  const { staged, unjoined, quarantined } = report.rows;
  return Object.fromEntries(
    Object.entries(report.sources).map(([name, { reasons = [], ...rows }]) => {
      const drives = name === from;
      return [name, { drives, ...rows, ...(drives ? { kept: staged + unjoined, quarantined } : {}), reasons }];
    }),
  );
}

/** Rows of all sources that this batch left in quarantine, and where; nothing where there are none. */
function quarantinedBy(
  report: Pick<PrepareReport, 'quarantine' | 'digest'>,
  { state }: Pick<PipelineRef, 'state'>,
): QuarantinedRows | undefined {
  const rows = Object.values(report.quarantine).reduce((sum, count) => sum + count, 0);
  return rows === 0 ? undefined : { rows, table: quarantineTable(state), where: `digest = '${report.digest}'` };
}

/** What a person looks at before the commit, and what the gate is about. */
export function preparedOf(report: PrepareReport, { from, state }: Pick<PipelineRef, 'from' | 'state'>): PreparedRows {
  const quarantine = quarantinedBy(report, { state });
  return {
    read: report.rows.read,
    staged: report.rows.staged,
    sources: fatesOfSources(report, from),
    ...(quarantine === undefined ? {} : { quarantine }),
  };
}
