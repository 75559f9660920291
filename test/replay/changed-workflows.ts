// A twin of runPipeline with its first step changed: replaying a real history on it must fail.
import { proxyActivities } from '@temporalio/workflow';
import type { RunActivities } from '../../src/activities/run';

const { publishRun } = proxyActivities<RunActivities>({ startToCloseTimeout: '1 minute' });

export async function runPipeline(): Promise<void> {
  await publishRun({} as Parameters<typeof publishRun>[0]);
}
