// Parses what a job leaves behind (report, failure) at the edge, once. Not for workflows: they import the types of job.ts.
import { z } from 'zod';
import { HeadgateError } from './errors';
import { failureKinds, type FailureKind } from './failure';
import { jobProtocol, type JobFailure, type JobReport } from './job';
import { maintenanceKinds } from './maintenance';

const count = z.int().nonnegative();
const text = z.string();

function isFailureKind(value: string): value is FailureKind {
  return Object.hasOwn(failureKinds, value);
}

const failureKind = text.refine(isFailureKind, {
  error: `expected one of ${Object.keys(failureKinds).join(', ')}`,
});

const staging = z.object({ table: text, version: count, rows: count });

const reportBase = {
  protocol: z.literal(jobProtocol),
  stepKey: text,
  generation: count,
  attempt: count,
  digest: text,
  warnings: z.array(z.object({ type: text, message: text })),
  seconds: z.record(text, z.number()),
  environment: z.record(text, text),
};

const prepareReport = z.object({
  ...reportBase,
  job: z.literal('prepare'),
  sources: z.record(text, z.object({ read: count, kept: count, quarantined: count, duplicates: count })),
  rows: z.object({ read: count, staged: count, quarantined: count, duplicates: count, unjoined: count }),
  quarantine: z.record(text, count),
  expectations: z.array(
    z.object({ name: text, action: z.enum(['warn', 'quarantine', 'fail']), checked: count, failed: count }),
  ),
  bins: z.record(text, z.record(text, count)),
  staging,
});

const tableVersion = z.object({ path: text, version: count, recovered: z.boolean() });

const commitReport = z.object({
  ...reportBase,
  job: z.literal('commit'),
  rows: z.object({ staged: count, inserted: count, updated: count, unchanged: count }),
  table: tableVersion,
  files: z.object({
    added: count,
    removed: count,
    bytesAdded: count,
    scannedOf: count.exactOptional(),
    scanned: count.exactOptional(),
  }),
});

const maintainReport = z.object({
  ...reportBase,
  job: z.literal('maintain'),
  kind: z.enum(maintenanceKinds),
  table: tableVersion,
  files: z.object({ added: count, removed: count, bytesAdded: count, bytesRemoved: count }),
});

const jobReport: z.ZodType<JobReport> = z.discriminatedUnion('job', [prepareReport, commitReport, maintainReport]);

const jobFailure: z.ZodType<JobFailure> = z.object({
  protocol: z.literal(jobProtocol),
  stepKey: text,
  attempt: count,
  kind: failureKind,
  type: text,
  message: text,
  remedy: text,
  fields: z.record(text, z.union([text, z.number(), z.boolean(), z.null()])),
  detail: text,
});

const remedy =
  'Worker and headgate_spark must be of one version: run `headgate doctor`. If the file was edited or damaged, remove it and run again.';

/** `file` names the document in errors; keys that this version does not know are left out. */
export function parseJobReport(json: string, file: string): JobReport {
  return parseDocument(jobReport, json, file, 'JobReport');
}

export function parseJobFailure(json: string, file: string): JobFailure {
  return parseDocument(jobFailure, json, file, 'JobFailure');
}

function parseDocument<T>(schema: z.ZodType<T>, json: string, file: string, document: string): T {
  const result = schema.safeParse(parseJson(json, file, document));
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? '(document)' : z.core.toDotPath(issue.path);
  const others = result.error.issues.length - 1;
  throw invalid(document, file, field, (issue?.message ?? 'not valid') + (others > 0 ? ` (and ${others} more)` : ''));
}

function parseJson(json: string, file: string, document: string): unknown {
  try {
    return JSON.parse(json);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw invalid(document, file, '(document)', `not JSON: ${reason}`, cause);
  }
}

function invalid(document: string, file: string, field: string, problem: string, cause?: unknown): HeadgateError {
  return new HeadgateError({
    kind: 'config',
    type: `Invalid${document}`,
    message: `${file} is not a ${document} of protocol ${jobProtocol}: ${field}: ${problem}`,
    remedy,
    fields: { file, field },
    cause,
  });
}
