// What runs and keepers tell each other about commits, as far as a workflow relies on it.
import { jobProtocol, type CommitReport } from '../../contracts/job';
import type { CommitAsk, CommitJob, CommitReply, Waiter, WithdrawAsk, Withdrawn } from '../../contracts/keeper';
import { runtimeNames } from '../../contracts/kinds';
import { clusterNeed, jobCost } from './cluster-messages';
import { digest, failure, stepKey, tableAddress } from './common';
import {
  count,
  flag,
  label,
  list,
  literal,
  number,
  oneOf,
  open,
  optional,
  record,
  sparse,
  tagged,
  text,
} from './shape';
import { maintenanceRequest } from './upkeep-messages';

const interval = open<NonNullable<CommitJob['request']['interval']>>({ start: text, end: text });

const waiterFields = { replyTo: label, run: optional(text) };
export const waiter = open<Waiter>(waiterFields);

export const commitJob = open<CommitJob>({
  runtime: oneOf(runtimeNames),
  state: label,
  needs: optional(clusterNeed),
  upkeep: optional(maintenanceRequest),
  request: open<CommitJob['request']>({
    protocol: literal(jobProtocol),
    job: literal('commit'),
    stepKey,
    generation: count,
    run: text,
    digest,
    pipeline: text,
    target: sparse<CommitJob['request']['target']>({
      table: tableAddress,
      key: list(text),
      partitionBy: list(text),
      zorderBy: list(text),
      clusterBy: list(text),
      partitionsFixed: flag,
      deletionVectors: flag,
      evolve: optional(literal('add-columns')),
    }),
    latestBy: optional(text),
    timezone: text,
    interval: optional(interval),
    base: optional(open<NonNullable<CommitJob['request']['base']>>({ id: text, version: count, commit: text })),
    staging: open<CommitJob['request']['staging']>({ table: text, version: count, rows: count }),
  }),
});

export const commitAsk = open<CommitAsk>({ ...waiterFields, job: commitJob });

export const withdrawAsk = open<WithdrawAsk>({ ...waiterFields, stepKey: label, strict: optional(literal(true)) });

export const withdrawn = open<Withdrawn>({ ...waiterFields, stepKey: label });

const commitReport = open<CommitReport>({
  protocol: literal(jobProtocol),
  job: literal('commit'),
  stepKey,
  generation: count,
  attempt: count,
  digest,
  warnings: list(open<CommitReport['warnings'][number]>({ type: text, message: text })),
  seconds: record(number),
  environment: record(text),
  rows: open<CommitReport['rows']>({ staged: count, inserted: count, updated: count, unchanged: count }),
  table: open<CommitReport['table']>({ path: text, version: count, recovered: flag }),
  files: open<CommitReport['files']>({
    added: count,
    removed: count,
    bytesAdded: count,
    scannedOf: optional(count),
    scanned: optional(count),
  }),
});

type Reply<Kind extends CommitReply['kind']> = Extract<CommitReply, { readonly kind: Kind }>;

export const commitReply = tagged<'kind', CommitReply>('kind', {
  committed: open<Reply<'committed'>>({
    kind: literal('committed'),
    stepKey: label,
    report: commitReport,
    cost: optional(jobCost),
  }),
  failed: open<Reply<'failed'>>({ kind: literal('failed'), stepKey: label, failure, cost: optional(jobCost) }),
  running: open<Reply<'running'>>({ kind: literal('running'), stepKey: label }),
  withdrawn: open<Reply<'withdrawn'>>({ kind: literal('withdrawn'), stepKey: label }),
  unknown: open<Reply<'unknown'>>({ kind: literal('unknown'), stepKey: label }),
});
