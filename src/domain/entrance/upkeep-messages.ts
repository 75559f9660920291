// What keepers are asked and answer about upkeep, as far as a workflow relies on it.
import type { MaintenanceSettings, UpkeepSavings } from '../../contracts/maintenance';
import type { AskedMaintenance } from '../../contracts/keeper';
import { jobProtocol } from '../../contracts/job';
import { maintenanceKinds, runtimeNames } from '../../contracts/kinds';
import type * as upkeep from '../../contracts/upkeep';
import { clusterNeed } from './cluster-messages';
import { digest, failure, stepKey, tableAddress } from './common';
import {
  count,
  flag,
  label,
  later,
  list,
  literal,
  nullable,
  number,
  oneOf,
  open,
  optional,
  record,
  sparse,
  tagged,
  text,
} from './shape';

const kind = oneOf(maintenanceKinds);
const partition = record(nullable(text));
const runtime = oneOf(runtimeNames);

/** The activity that looks at the table fills in what an earlier build did not know. */
const settings = sparse<MaintenanceSettings>({
  optimize: oneOf(['auto', 'off'] as const),
  fileSize: number,
  compactFrom: number,
  clusterAbove: number,
  closedAfter: number,
  rewriteBudget: number,
  windowHours: number,
  quietHours: optional(open<NonNullable<MaintenanceSettings['quietHours']>>({ from: text, to: text, timezone: text })),
  vacuumRetainHours: number,
  vacuumCeiling: number,
  vacuumFullEveryDays: number,
  adopt: optional(flag),
});

export const maintenanceRequest = open<upkeep.MaintenanceRequest>({
  pipeline: label,
  table: tableAddress,
  zorderBy: list(text),
  clusterBy: later(list(text)),
  settings,
  runtime,
  state: label,
  needs: optional(clusterNeed),
  now: optional(kind),
});

export const askedMaintenance = open<AskedMaintenance>({
  request: maintenanceRequest,
  replyTo: label,
  run: optional(text),
});

const plan = open<upkeep.MaintenancePlan>({
  actions: list(
    open<upkeep.MaintenanceAction>({
      kind,
      partitions: list(partition),
      files: number,
      bytes: number,
      gain: text,
      reason: text,
      cubeBytes: optional(number),
    }),
  ),
  declined: list(open<upkeep.DeclinedAction>({ kind, partition: optional(partition), reason: text })),
  budgetBytes: number,
  refused: optional(text),
});

export const maintenanceStep = open<upkeep.MaintenanceStep>({
  kind,
  partitions: number,
  filesAdded: number,
  filesRemoved: number,
  bytesAdded: number,
  bytesRemoved: number,
  version: count,
  seconds: later(number),
});

const savings = open<UpkeepSavings>({
  since: text,
  ingests: number,
  ingestedBytes: number,
  rewrittenBytes: number,
  filesBefore: number,
  filesAfter: number,
  reclaimedFiles: number,
  reclaimedBytes: number,
});

const job = open<upkeep.MaintenanceJob>({
  runtime,
  state: label,
  needs: optional(clusterNeed),
  request: open<upkeep.MaintenanceJob['request']>({
    protocol: literal(jobProtocol),
    job: literal('maintain'),
    stepKey,
    generation: count,
    run: text,
    digest,
    table: tableAddress,
    kind,
    partitions: list(partition),
    zorderBy: list(text),
    clusterBy: list(text),
    cubeBytes: optional(number),
    fileSize: number,
    retainHours: number,
    vacuumCeiling: number,
    adopt: optional(flag),
    version: optional(count),
  }),
});

export const maintenanceLook = open<upkeep.MaintenanceLook>({
  plan,
  jobs: list(job),
  mostSmallFiles: number,
  held: open<upkeep.MaintenanceLook['held']>({ files: number, bytes: number }),
  savings: later(savings),
});

const result = open<upkeep.MaintenanceResult>({
  table: text,
  plan,
  done: list(maintenanceStep),
  savings: later(savings),
  postponed: count,
  failure: optional(failure),
});

type Reply<Kind extends upkeep.MaintenanceReply['kind']> = Extract<upkeep.MaintenanceReply, { readonly kind: Kind }>;

export const maintenanceReply = tagged<'kind', upkeep.MaintenanceReply>('kind', {
  done: open<Reply<'done'>>({ kind: literal('done'), run: optional(text), result }),
  failed: open<Reply<'failed'>>({ kind: literal('failed'), run: optional(text), failure }),
});
