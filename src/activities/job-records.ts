// What a job and its submitter leave behind in files: the lasting truth about who was asked, and how it ended.
import { z } from 'zod';
import { jobKinds } from '../contracts/job';
import { parseJobFailure, parseJobReport } from '../contracts/job-schema';
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

export async function reportedOutcome(
  store: ObjectStore,
  { reportPath }: JobAttempt,
): Promise<Extract<JobOutcome, { kind: 'succeeded' }> | undefined> {
  const report = await store.readText(reportPath);
  return report === undefined ? undefined : { kind: 'succeeded', report: parseJobReport(report, reportPath) };
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
