// What the engine's jobs share: how they fail, how they stop between two effects, what every report says.
import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { InputFile } from '../../../src/contracts/batch';
import type { JobFailure, JobRequest } from '../../../src/contracts/job';

/** How a job ends that does not succeed: what Python calls JobFailed. */
export class JobFailed extends Error {
  readonly failure: Pick<JobFailure, 'kind' | 'type' | 'message' | 'remedy' | 'fields'>;

  constructor(kind: JobFailure['kind'], type: string, message: string, fields: JobFailure['fields'] = {}) {
    super(message);
    this.failure = { kind, type, message, remedy: 'See the campaign.', fields };
  }
}

export class Stopped extends Error {}

export const reportBase = ({ stepKey, generation, attempt, digest }: JobRequest) => ({
  protocol: 1 as const,
  ...{ stepKey, generation, attempt, digest },
  warnings: [],
  seconds: { work: 0.001 },
  environment: { spark: 'campaign' },
});

/** Between two effects of a job: it may be stopped, or die, there. */
export type Step = (moment: string) => Promise<void>;

export function writeJson(path: string, value: unknown): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = join(dirname(path), `.${randomUUID()}.json`);
  writeFileSync(temporary, JSON.stringify(value));
  renameSync(temporary, path);
}

/** As the jobs do before they read: a file that is not as it was frozen gives a new batch. */
export function checkUnchanged(file: InputFile): void {
  const found = statSync(file.readPath, { throwIfNoEntry: false });
  const isMoved = found !== undefined && file.readPath === file.path && Math.abs(found.mtimeMs - file.modifiedMs) > 1;
  if (found === undefined || found.size !== file.size || isMoved) {
    throw new JobFailed('inputs-changed', 'InputChanged', `${file.path} changed after the batch was frozen.`);
  }
}
