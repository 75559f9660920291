// What the table of a pipeline file must hold: key, partitions, clustering, and a place of its own.
import type { Pipeline } from '../contracts/pipeline';
import type { PipelineFile } from '../contracts/pipeline-file-schema';
import { reportUnknownColumns, type Report } from './check-sources';
import { targetColumns } from './check-transform';
import { suggest } from '../domain/suggest';
import { hasFolder } from './paths';

export function checkTarget(file: PipelineFile, pipeline: Pipeline, report: Report): void {
  checkPlaces(file, pipeline, report);
  const { target } = pipeline;
  const columns = targetColumns(pipeline);
  if (columns !== undefined) {
    const lists = {
      key: file.target.key ?? [],
      partition_by: target.partitionBy,
      zorder_by: target.zorderBy,
      cluster_by: target.clusterBy,
    };
    for (const [name, list] of Object.entries(lists)) {
      reportUnknownColumns(list, columns, ['target', name], 'the table', report);
    }
    if (file.target.key === undefined) checkDefaultKey(pipeline, columns, report);
    checkLatestBy(pipeline, columns, report);
    if (columns.every((column) => target.partitionBy.includes(column))) {
      report(['target', 'partition_by'], 'names every column of the table', 'Leave at least one column out.');
    }
  }
  for (const [index, column] of target.zorderBy.entries()) {
    if (!target.partitionBy.includes(column)) continue;
    const problem = '{value} is also a partition column: its value is the same in all rows of a partition';
    report(['target', 'zorder_by', index], problem, 'Remove it from zorder_by or from partition_by.');
  }
  checkClusterBy(pipeline, report);
  if (target.partitionsFixed && target.partitionBy.length === 0) {
    report(['target', 'partitions_fixed'], 'has no effect without partition_by', 'Remove it, or add partition_by.', {
      atKey: true,
    });
  }
}

/** Delta refuses liquid clustering on a partitioned table, and ZORDER on a clustered one. */
function checkClusterBy({ target }: Pipeline, report: Report): void {
  if (target.clusterBy.length === 0) return;
  const others = { partition_by: target.partitionBy, zorder_by: target.zorderBy };
  for (const [name, columns] of Object.entries(others)) {
    if (columns.length === 0) continue;
    const remedy = `Remove ${name}, or cluster_by: liquid clustering does the work of both.`;
    report(['target', 'cluster_by'], `cannot stand beside ${name}`, remedy, { atKey: true });
  }
}

function checkDefaultKey(pipeline: Pipeline, columns: readonly string[], report: Report): void {
  const from = pipeline.sources.find(({ name }) => name === pipeline.transform.from);
  const declared = pipeline.target.key.filter((key) => from?.columns.some(({ name }) => name === key));
  const lost = declared.filter((key) => !columns.includes(key));
  if (lost.length === 0) return;
  const problem = `leaves out ${lost.join(', ')}, the key of the table`;
  report(['transform', 'select'], problem, 'Select it too, or write target: { key: […] }.');
}

/** A MERGE compares versions of a row by this column, so the table must hold it. */
function checkLatestBy(pipeline: Pipeline, columns: readonly string[], report: Report): void {
  const from = pipeline.sources.find(({ name }) => name === pipeline.transform.from);
  if (from?.latestBy === undefined || columns.includes(from.latestBy)) return;
  if (!from.columns.some(({ name }) => name === from.latestBy)) return;
  const problem = '{value} is not kept in the table: a late older row would overwrite a newer one';
  const remedy = `Add it to transform.select. ${suggest(from.latestBy, columns, 'Columns')}`;
  report(['sources', from.name, 'latest_by'], problem, remedy);
}

function checkPlaces(file: PipelineFile, pipeline: Pipeline, report: Report): void {
  const { table } = pipeline.target;
  if (/[*?[\]{}]/.test(file.target.table)) {
    report(
      ['target', 'table'],
      '{value} is a pattern, not one folder',
      'Write the path of one table without * ? [ ] { }.',
    );
  } else if (!hasFolder(table)) {
    report(['target', 'table'], '{value} names no folder', 'Write a folder below the root or the bucket.');
  }
  if (pipeline.state === table || pipeline.state.startsWith(`${table}/`)) {
    report(
      ['state'],
      '{value} lies in the folder of the table, where VACUUM removes foreign files',
      'Choose a folder beside it.',
    );
  }
}
