// Example reports, requests and pipelines for tests, taken from the golden files of the protocol.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type {
  CommitReport,
  JobKind,
  JobReport,
  MaintainReport,
  PrepareReport,
  PrepareRequest,
} from '../../src/contracts/job';
import type { Pipeline } from '../../src/contracts/pipeline';
import { referTo } from '../../src/domain/pipeline-ref';

const golden = (name: string): unknown => JSON.parse(readFileSync(join(__dirname, '..', 'golden', name), 'utf8'));

export const prepareReport = golden('prepare.report.json') as PrepareReport;

export const commitReport = golden('commit.report.json') as CommitReport;

export const reportOf: Readonly<Record<JobKind, JobReport>> = {
  prepare: prepareReport,
  commit: commitReport,
  maintain: golden('maintain.report.json') as MaintainReport,
};

export const pipeline: Pipeline = (golden('prepare.request.json') as PrepareRequest).pipeline;

/** As workflows get it. */
export const pipelineRef = referTo(pipeline, `${pipeline.state}/definitions/d.json`);
