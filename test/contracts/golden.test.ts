// Every golden file, found by listing the folder: read whole by the parser of its kind, or written again as the worker writes it.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { look } from '../../src/activities/maintenance';
import { tableHealth } from '../../src/contracts/maintenance-schema';
import type { FrozenBatch } from '../../src/contracts/batch';
import {
  jobKinds,
  type CommitRequest,
  type JobRequest,
  type MaintainRequest,
  type PrepareRequest,
} from '../../src/contracts/job';
import { jobRequest, parseJobFailure, parseJobReport } from '../../src/contracts/job-schema';
import { attemptReport, jobPaths } from '../../src/contracts/layout';
import { parseManifest } from '../../src/contracts/batch-schema';
import { commitRequest, maintenanceRequest, prepareRequest } from '../../src/domain/job-requests';
import { referTo } from '../../src/domain/pipeline-ref';
import { healthyTable, partitionHealth } from '../fakes/health';
import { pipeline } from '../fakes/reports';

const folder = join(__dirname, '..', 'golden');
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
const goldens = readdirSync(folder, { recursive: true, encoding: 'utf8' })
  .filter((name) => name.endsWith('.json'))
  .toSorted();

/** As the submitting activity completes it. */
function submitted(request: Omit<JobRequest, 'attempt' | 'reportPath' | 'failurePath'>, attempt: number): unknown {
  const paths = jobPaths(pipeline.state, request.job, request.digest, request.generation);
  return { ...request, attempt, reportPath: paths.report, failurePath: paths.failure(attempt) };
}

const batchOf = ({ digest }: Pick<FrozenBatch, 'digest'>, manifestPath = ''): FrozenBatch => ({
  ...{ digest, manifestPath, fileCount: 2, bytes: 1, toCopy: 0, sample: [], notices: [] },
});

const writePrepare = (golden: PrepareRequest): unknown => {
  const batch = batchOf(golden, golden.manifestPath);
  return submitted(
    prepareRequest(referTo(golden.pipeline, golden.pipeline), batch, golden.run, golden.generation).request,
    golden.attempt,
  );
};

const writeCommit = (golden: CommitRequest): unknown => {
  const { request } = commitRequest(
    referTo(pipeline, pipeline),
    batchOf(golden),
    golden.staging,
    golden.run,
    golden.generation,
  );
  return submitted(request, golden.attempt);
};

/** The digest stands for what the job does and is its own matter: the golden one takes its place. */
const writeMaintain = (golden: MaintainRequest): unknown => {
  const partitions = golden.partitions.map((values) => ({ ...partitionHealth('any', { files: 2 }), values }));
  const asked = maintenanceRequest(pipeline, golden.kind);
  const [job] = look(asked, healthyTable({ partitions }), new Date(0)).jobs;
  if (job === undefined) throw new Error('no job');
  const { digest } = job.request;
  return JSON.parse(JSON.stringify(submitted(job.request, golden.attempt)).replaceAll(digest, golden.digest));
};

type AttemptReport = { readonly report: string; readonly attempt: number };
const nameReports = (told: readonly AttemptReport[]): unknown =>
  told.map(({ report, attempt }) => ({ report, attempt, path: attemptReport(report, attempt) }));

const readers: readonly (readonly [names: RegExp, read: (json: string, name: string) => unknown])[] = [
  [/^\w+\.report\.json$/, parseJobReport],
  [/^failure\.json$/, parseJobFailure],
  [/^attempt-reports\.json$/, (json) => nameReports(JSON.parse(json) as AttemptReport[])],
  [/^manifest\.json$/, parseManifest],
  [/^health\/[\w-]+\.json$/, (json) => tableHealth.parse(JSON.parse(json))],
  [/^prepare\.request\.json$/, (json) => writePrepare(JSON.parse(json) as PrepareRequest)],
  [/^commit\.request\.json$/, (json) => writeCommit(JSON.parse(json) as CommitRequest)],
  [/^maintain\.request\.json$/, (json) => writeMaintain(JSON.parse(json) as MaintainRequest)],
];

test.each(goldens)('%s comes back unchanged', (name) => {
  const read = readers.find(([names]) => names.test(name))?.[1];
  if (read === undefined) throw new Error(`nobody reads the golden file ${name}: name its reader here and in pytest`);
  expect(read(text(name), name)).toEqual(JSON.parse(text(name)));
});

test.each(goldens.filter((name) => name.endsWith('.request.json')))('%s fits its schema', (name) => {
  const request: unknown = JSON.parse(text(name));
  expect(jobRequest.parse(request)).toEqual(request);
});

test.each(jobKinds)('%s has a golden request and a golden report', (job) => {
  expect(goldens).toEqual(expect.arrayContaining([`${job}.request.json`, `${job}.report.json`]));
});

test('there is a golden file for every reader', () => {
  expect(readers.filter(([names]) => !goldens.some((name) => names.test(name)))).toEqual([]);
});
