// What the runtime of a pipeline file must hold: places that a cluster can reach, and settings that go together.
import type { ClusterFleet, ClusterShape } from '../contracts/cluster-shape';
import type { Pipeline } from '../contracts/pipeline';
import type { PipelineFile } from '../contracts/pipeline-file-schema';
import type { Report } from './check-sources';
import { emrOf } from './resolve-runtime';

export function checkRuntime(file: PipelineFile, pipeline: Pipeline, report: Report): void {
  const { cluster } = pipeline;
  const emr = emrOf(file.runtime);
  if (cluster === undefined || emr === undefined) return;
  checkPlaces(file, pipeline, report);
  if (cluster.kind === 'existing') {
    for (const key of Object.keys(emr).filter((name) => name !== 'cluster')) {
      const problem = `has no effect on ${cluster.id}, which exists`;
      report(
        ['runtime', 'emr', key],
        problem,
        'Remove it, or let Headgate make the cluster: per-run, or a pool name.',
        {
          atKey: true,
        },
      );
    }
    return;
  }
  checkShape(cluster.shape, emr, report);
}

const onS3 = (place: string): boolean => /^s3[an]?:\/\//i.test(place);

/** Machines of a cluster read and write S3 alone. */
function checkPlaces(file: PipelineFile, { sources, target, state, cluster }: Pipeline, report: Report): void {
  const problem = '{value} is not on S3, where a cluster could reach it';
  const remedy = 'Write s3://bucket/folder, or use runtime: local.';
  if (!onS3(target.table)) report(['target', 'table'], problem, remedy);
  if (!onS3(state) && file.state !== undefined) report(['state'], problem, remedy);
  const logs = cluster !== undefined && cluster.kind !== 'existing' ? cluster.shape.logs : undefined;
  const hasLogs = typeof file.runtime === 'object' && file.runtime.emr.log_uri !== undefined;
  if (logs !== undefined && hasLogs && !onS3(logs)) report(['runtime', 'emr', 'log_uri'], problem, remedy);
  for (const { name, path, extract } of sources) {
    if (onS3(path) || extract === 'copy') continue;
    report(
      ['sources', name, 'path'],
      problem,
      'Write s3://bucket/folder, or extract: copy, which brings the files there.',
    );
  }
}

const unitsOf = (fleet: ClusterFleet | undefined): number => (fleet === undefined ? 0 : fleet.onDemand + fleet.spot);

function checkShape(shape: ClusterShape, emr: NonNullable<ReturnType<typeof emrOf>>, report: Report): void {
  const at = (...path: readonly string[]) => ['runtime', 'emr', ...path];
  const { core, task, scaling, release, idleSeconds, maxAgeSeconds, tags } = shape;
  if (!/^emr-(?:7\.|[89]\.|spark-[89]\.|spark-\d\d)/.test(release)) {
    report(at('release'), '{value} is too old', 'Use emr-spark-8.2.0, or emr-7.13.0 for Spark 3.5.');
  }
  if (unitsOf(core) === 0) {
    report(at('core'), 'has no unit', 'Write on_demand: 1 or more: a cluster keeps its files on core machines.', {
      atKey: true,
    });
  }
  if (emr.spot_wait !== undefined && core.spot + (task?.spot ?? 0) === 0) {
    report(at('spot_wait'), 'has no effect without Spot', 'Remove it, or write spot: 1 or more for task.', {
      atKey: true,
    });
  }
  if (shape.spotMinutes > 1440) report(at('spot_wait'), '{value} is too long', 'Write 1 day or less.');
  if (idleSeconds > 6 * 86_400) report(at('idle'), '{value} is too long', 'Write 6 days or less.');
  if (idleSeconds > maxAgeSeconds) {
    report(
      at('idle'),
      '{value} is longer than a cluster lives (max_age)',
      'Write a shorter idle, or a longer max_age.',
    );
  }
  if (scaling !== undefined && scaling.min > scaling.max) {
    report(at('scaling', 'min'), '{value} is more than max', 'Write a range, as { min: 2, max: 10 }.');
  } else if (scaling !== undefined && unitsOf(core) + unitsOf(task) > scaling.max) {
    const problem = `is less than the ${unitsOf(core) + unitsOf(task)} units that core and task start with`;
    report(at('scaling', 'max'), problem, 'Write a greater max, or scaling: off.');
  }
  if (Object.keys(tags).length > 40)
    report(at('tags'), 'has more than 40 tags', 'EMR takes 50, of which some are ours.');
  for (const [name, value] of Object.entries(tags)) {
    if (!/^[\p{L}\p{N} _.:/=+@-]{0,256}$/u.test(value))
      report(at('tags', name), '{value} cannot be the value of a tag', 'Use letters, digits, blanks and _.:/=+-@.');
  }
}
