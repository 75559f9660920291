// One run of the product from the outside: its wall time, what of it was Spark, and quiet before the next measurement.
import type { Digest } from '../src/contracts/ids';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import type { Client } from '@temporalio/client';
import type { JobReport } from '../src/contracts/job';
import { batchFolder, defaultStateRoot, jobPaths } from '../src/contracts/layout';
import { keeperWorkflowId } from '../src/contracts/names';
import type { TableView } from '../src/contracts/keeper';
import type { RunPipelineResult } from '../src/contracts/run';
import { root } from './bench';

export const shippedPipeline = join(root, 'pipelines', 'customer-sales.yaml');

export type Run = {
  readonly workflowId: string;
  readonly keeper: string;
  readonly wall: number;
  /** Seconds of its two jobs by their own reports. */
  readonly spark: number;
  readonly result: RunPipelineResult;
  /** Folder with requests and reports of its jobs. */
  readonly batch: string;
};

export type RunRequest = {
  readonly id: string;
  readonly raw: string;
  readonly lake: string;
  /** Default: the shipped one. */
  readonly pipeline?: string;
};

export function readReport<Report extends JobReport>(state: string, job: Report['job'], digest: Digest): Report {
  return JSON.parse(readFileSync(jobPaths(state, job, digest, 1).report, 'utf8')) as Report;
}

const secondsOf = ({ seconds }: JobReport): number => Object.values(seconds).reduce((sum, spent) => sum + spent, 0);

/** Returns when the table's keeper has nothing to do any more: what it does beside a measured run would slow that. */
export async function runOnce(client: Client, { id, raw, lake, pipeline = shippedPipeline }: RunRequest): Promise<Run> {
  const workflowId = `bench/${id}`;
  const since = performance.now();
  const result: RunPipelineResult = await client.workflow.execute('runPipeline', {
    workflowId,
    taskQueue: 'headgate',
    args: [{ pipeline, variables: { RAW: raw, LAKE: lake } }],
  });
  const wall = (performance.now() - since) / 1000;
  const { outcome, digest, table } = result;
  if (outcome !== 'committed' || digest === undefined) throw new Error(`run ${id} ended ${outcome}`);
  const keeper = keeperWorkflowId(table.path);
  await keeperRests(client, keeper);
  const state = defaultStateRoot(table.path, result.pipeline);
  const reports = (['prepare', 'commit'] as const).map((job) => readReport(state, job, digest));
  const spark = reports.reduce((sum, report) => sum + secondsOf(report), 0);
  return { workflowId, keeper, wall, spark, result, batch: batchFolder(state, digest) };
}

/** Quiet three times in a row: between two steps of upkeep nothing runs for a moment. */
async function keeperRests(client: Client, keeper: string): Promise<void> {
  const handle = client.workflow.getHandle(keeper);
  for (let quiet = 0; quiet < 3;) {
    await delay(100);
    const { maintaining } = await handle.query<TableView>('table');
    quiet = maintaining === undefined ? quiet + 1 : 0;
  }
}
