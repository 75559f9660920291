// The job protocol between TypeScript and headgate_spark, version 1: one JSON request in, one JSON report out. It is written here
// once: `npm run protocol` turns it into Python. Not for workflows: they take types and constants from job.ts.
import { z } from 'zod';
import {
  count,
  digestSchema,
  failureFields,
  type Infer,
  intervalSchema,
  named,
  parseDocument,
  stepKeySchema,
  text,
  texts,
} from './document-schema';
import { jobProtocol, type JobKind } from './kinds';
import { maintenanceKind, partitionValues } from './maintenance-schema';
import { expectationAction, pipeline, tableUri, target } from './pipeline-schema';

const staging = named('Staging', { table: text, version: count, rows: count });
export type Staging = Infer<typeof staging>;

/** A table as its log tells it without Spark. */
export const tableBase = named('TableBase', {
  id: text.describe("Delta's own id of the table: another table at the same address has another one."),
  version: count,
  commit: text.describe('Fingerprint of the log entry of that version: 16 hex digits of the SHA-256 over its bytes.'),
});
export type TableBase = Infer<typeof tableBase>;

const requestBase = {
  protocol: z.literal(jobProtocol),
  stepKey: stepKeySchema.describe('`pipeline/table/batch/job`.'),
  generation: count.describe("Raised only by a deliberate redo. Becomes Delta's txnVersion."),
  attempt: count.describe('Counts submissions of this step; names the failure file.'),
  run: text.describe('Temporal workflow id of the run, for userMetadata and quarantine.'),
  digest: digestSchema,
  reportPath: text.describe(
    'The report of the step, written once: by the worker (put-if-absent), from what an attempt left beside it as `<job>.report-<attempt>.json`.',
  ),
  failurePath: text.describe('Written when this attempt fails.'),
};

/** One answer for each kind of job, which names it. */
type ByJob = { readonly [Kind in JobKind]: z.ZodType<{ readonly job: Kind }> };

const requests = {
  prepare: named('PrepareRequest', {
    ...requestBase,
    job: z.literal('prepare'),
    pipeline,
    manifestPath: text,
    stagingTable: text.describe('Delta table of this batch alone; the report pins the version.'),
    quarantineTable: text.describe('Delta table of the pipeline; appended once per batch.'),
  }),
  commit: named('CommitRequest', {
    ...requestBase,
    job: z.literal('commit'),
    pipeline: text,
    target,
    latestBy: text.exactOptional().describe('Column of the staged row that orders versions of a key.'),
    timezone: text,
    interval: intervalSchema.exactOptional(),
    base: tableBase
      .exactOptional()
      .describe(
        'The table that the batch was planned against; absent: there was none. Another one now, or an older state of it, is refused.',
      ),
    staging,
  }),
  maintain: named(
    'MaintainRequest',
    {
      ...requestBase,
      job: z.literal('maintain'),
      table: tableUri,
      kind: maintenanceKind,
      partitions: z.array(partitionValues).describe('Partitions to rewrite; empty: the whole table.'),
      zorderBy: texts,
      clusterBy: texts,
      cubeBytes: count.exactOptional().describe('`cluster`: size from which on a z-cube is left alone, bytes.'),
      fileSize: count,
      retainHours: count.describe(
        'Shortest time that files of old versions stay, hours. What the table promises by its own property counts when it is longer.',
      ),
      vacuumCeiling: z
        .number()
        .describe("Largest share of the table's files, old and new, that a VACUUM may delete, 0 to 1."),
      adopt: z.boolean().exactOptional().describe('A table that Headgate did not make may be kept too.'),
      version: count
        .exactOptional()
        .describe('Version of the table that the plan was made for: commits of this step come after it.'),
    },
    'One slice of a maintenance plan; a long OPTIMIZE makes several versions of the table.',
  ),
} satisfies ByJob;

export const asideReason = named(
  'AsideReason',
  {
    reason: text,
    rows: count,
    column: text.exactOptional().describe('The column whose value or absence is the reason, where it is one column.'),
    declared: text.exactOptional().describe('Its type, with its pattern if it has one.'),
    sample: named('AsideSample', {
      file: text.exactOptional().describe('Path of the file that the row is from, where it is from one file.'),
      row: text.describe('The row as it came, cut.'),
      detail: text.describe('What is wrong with it, a sentence.'),
      value: text.exactOptional().describe('The text that could not be read, cut.'),
      fields: count.exactOptional().describe('How many fields the line has, where that is what is wrong.'),
      width: count.exactOptional().describe('And how many it should have.'),
    }),
  },
  'Rows that went aside for one reason, with one of them. Texts are as they came: whoever prints them makes them safe.',
);
export type AsideReason = Infer<typeof asideReason>;

const sourceRows = named(
  'SourceRows',
  {
    read: count,
    kept: count,
    quarantined: count.describe('Put aside before any expectation: unreadable, or in contradiction to another row.'),
    unreadable: count.exactOptional().describe('Those of them that could not be read as declared.'),
    duplicates: count.describe('Dropped because another row of the batch with the same key stands for them.'),
    reasons: z
      .array(asideReason)
      .exactOptional()
      .describe('The commonest reasons why rows of this source are in quarantine, expectations among them.'),
  },
  'Rows of one source by fate; `read = kept + quarantined + duplicates`.',
);
export type SourceRows = Infer<typeof sourceRows>;

export const expectationResult = named('ExpectationResult', {
  name: text,
  action: expectationAction,
  checked: count,
  failed: count,
});
export type ExpectationResult = Infer<typeof expectationResult>;

export const warning = named('JobWarning', {
  type: text.describe('Stable name, e.g. `ExtraColumns`, `EmptyFile`.'),
  message: text,
});

const tableVersion = named('TableVersion', {
  path: text,
  version: count,
  recovered: z.boolean().describe("The work was found in the table's history, not done by this attempt."),
});

const reportBase = {
  protocol: z.literal(jobProtocol),
  stepKey: stepKeySchema,
  generation: count,
  attempt: count,
  digest: digestSchema,
  warnings: z.array(warning),
  seconds: z.record(text, z.number()).describe('Seconds by part of the job.'),
  environment: z
    .record(text, text)
    .describe('Versions of Spark, Delta, Java, Python, Hadoop; what writes the log of tables on S3.'),
};

const reports = {
  prepare: named('PrepareReport', {
    ...reportBase,
    job: z.literal('prepare'),
    sources: z.record(text, sourceRows),
    rows: named(
      'PrepareRows',
      {
        read: count,
        staged: count,
        quarantined: count,
        duplicates: count,
        unjoined: count.describe('Rows that an inner join or a SQL transform left out; counted, never silent.'),
      },
      'Rows of the `from` source by fate; `read = staged + quarantined + duplicates + unjoined`.',
    ),
    quarantine: z.record(text, count).describe('Quarantined rows by reason, all sources.'),
    expectations: z.array(expectationResult),
    bins: z.record(text, z.record(text, count)).describe('Staged rows per bin label, per binned column.'),
    staging,
  }),
  commit: named('CommitReport', {
    ...reportBase,
    job: z.literal('commit'),
    rows: named('CommitRows', {
      staged: count,
      inserted: count,
      updated: count,
      unchanged: count.describe('Equal to the row in the table, or older than it by `latestBy` or delivery.'),
    }),
    table: tableVersion,
    files: named('CommittedFiles', {
      added: count,
      removed: count,
      bytesAdded: count,
      scannedOf: count.exactOptional().describe('Target files before and after skipping, where the runtime can tell.'),
      scanned: count.exactOptional(),
    }),
  }),
  maintain: named('MaintainReport', {
    ...reportBase,
    job: z.literal('maintain'),
    kind: maintenanceKind.describe(
      'What was done: `vacuum-full` also where LITE was asked for and the log no longer holds what it reads.',
    ),
    table: tableVersion,
    files: named(
      'MaintainedFiles',
      { added: count, removed: count, bytesAdded: count, bytesRemoved: count },
      'OPTIMIZE: files of the versions before and after. VACUUM: what was deleted for good.',
    ),
  }),
} satisfies ByJob;

/** By kind of job: what is asked and what comes back. */
export type JobRequests = { readonly [Kind in keyof typeof requests]: Infer<(typeof requests)[Kind]> };
export type JobReports = { readonly [Kind in keyof typeof reports]: Infer<(typeof reports)[Kind]> };

export type JobRequest = JobRequests[keyof JobRequests];
export type PrepareRequest = JobRequests['prepare'];
export type CommitRequest = JobRequests['commit'];
export type MaintainRequest = JobRequests['maintain'];

export type JobReport = JobReports[keyof JobReports];
export type PrepareReport = JobReports['prepare'];
export type CommitReport = JobReports['commit'];
export type MaintainReport = JobReports['maintain'];

const { prepare: firstRequest, ...otherRequests } = requests;
export const jobRequest = z
  .discriminatedUnion('job', [firstRequest, ...Object.values(otherRequests)])
  .meta({ id: 'JobRequest' });

const { prepare: firstReport, ...otherReports } = reports;
export const jobReport = z
  .discriminatedUnion('job', [firstReport, ...Object.values(otherReports)])
  .meta({ id: 'JobReport' });

export const jobFailure = named(
  'JobFailure',
  {
    protocol: z.literal(jobProtocol),
    stepKey: stepKeySchema,
    attempt: count,
    ...failureFields,
    detail: text.describe('The start of the original error text, for engineers.'),
  },
  'What a failed attempt leaves in `failurePath`.',
);
export type JobFailure = Infer<typeof jobFailure>;

const remedy =
  'Worker and headgate_spark must be of one version: run `headgate doctor`. If the file was edited or damaged, remove it and run again.';

/** `file` names the document in errors; keys that this version does not know are left out. */
export const parseJobReport = (json: string, file: string): JobReport =>
  parseDocument({ schema: jobReport, name: 'JobReport', remedy }, json, file);

export const parseJobFailure = (json: string, file: string): JobFailure =>
  parseDocument({ schema: jobFailure, name: 'JobFailure', remedy }, json, file);
