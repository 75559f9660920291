// What a job and its submitter leave behind in files: the lasting truth about who was asked, and how it ended.
import { z } from 'zod';
import { jobKinds } from '../contracts/job';
import { parseJobFailure, parseJobReport } from '../contracts/job-schema';
import { attemptReport } from '../contracts/layout';
import type { RuntimeName } from '../contracts/pipeline';
import { runtimeTraits } from '../contracts/runtimes';
import type { JobAttempt, JobEnd, JobHandle, JobOutcome, ObjectStore } from './ports';

const text = z.string();

const runtimeName = z.custom<RuntimeName>((value) => typeof value === 'string' && Object.hasOwn(runtimeTraits, value));

const handleSchema: z.ZodType<JobHandle> = z.object({
  stepKey: text,
  job: z.enum(jobKinds),
  attempt: z.int().positive(),
  requestPath: text,
  reportPath: text,
  failurePath: text,
  runtime: runtimeName,
  id: text,
  taskQueue: text.exactOptional(),
});

export async function readHandle(store: ObjectStore, path: string): Promise<JobHandle | undefined> {
  const found = await store.readText(path);
  return found === undefined ? undefined : handleSchema.parse(JSON.parse(found));
}

const clusterSchema = z.object({ runtime: runtimeName, cluster: text });

/** Who was asked for an attempt: the host whose queue it is, or a cluster of a runtime. */
type AskedPlace =
  | { readonly kind: 'host'; readonly host: string }
  | ({ readonly kind: 'cluster' } & z.infer<typeof clusterSchema>);

export const clusterText = (runtime: RuntimeName, cluster: string): string => JSON.stringify({ runtime, cluster });

export function parsePlace(written: string | undefined): AskedPlace | undefined {
  if (written === undefined) return undefined;
  if (!written.startsWith('{')) return { kind: 'host', host: written };
  return { kind: 'cluster', ...clusterSchema.parse(JSON.parse(written)) };
}

type Succeeded = Extract<JobOutcome, { kind: 'succeeded' }>;

/** Whether the step has a report: the final one, or what the attempt has left. */
export async function isReported(store: ObjectStore, { reportPath, attempt }: JobAttempt): Promise<boolean> {
  for (const path of [reportPath, attemptReport(reportPath, attempt)]) {
    if ((await store.stat(path)) !== undefined) return true;
  }
  return false;
}

/** What an attempt has left becomes the report of the step here, unless that of another one has. */
export async function reportedOutcome(store: ObjectStore, job: JobAttempt): Promise<Succeeded | undefined> {
  return (await finalReport(store, job)) ?? (await settleReport(store, job));
}

async function finalReport(store: ObjectStore, { reportPath }: JobAttempt): Promise<Succeeded | undefined> {
  const report = await store.readText(reportPath);
  return report === undefined ? undefined : { kind: 'succeeded', report: parseJobReport(report, reportPath) };
}

async function settleReport(store: ObjectStore, job: JobAttempt): Promise<Succeeded | undefined> {
  const path = attemptReport(job.reportPath, job.attempt);
  const text = await store.readText(path);
  if (text === undefined) return undefined;
  const report = parseJobReport(text, path);
  if (await store.putIfAbsent(job.reportPath, text)) return { kind: 'succeeded', report };
  return finalReport(store, job);
}

/** The outcome of a job that the runtime says has ended. One that was told to stop and yet left its report succeeded. */
export async function endedOutcome(store: ObjectStore, job: JobAttempt, end: JobEnd): Promise<JobOutcome> {
  const reported = await reportedOutcome(store, job);
  if (reported !== undefined) return reported;
  if (end.cause?.kind === 'cancelled') return { kind: 'cancelled' };
  const told = await store.readText(job.failurePath);
  if (told !== undefined) {
    const failure = parseJobFailure(told, job.failurePath);
    return failure.kind === 'cancelled' ? { kind: 'cancelled' } : { kind: 'failed', failure };
  }
  const { kind = 'unknown', text: reason = 'no error was told' } = end.cause ?? {};
  const logs = end.logs === undefined ? {} : { logs: end.logs };
  return { kind: 'lost', reason, ...(kind === 'infrastructure' ? {} : { cause: kind }), ...logs };
}
