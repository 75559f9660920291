// Upkeep of a table around its Spark jobs: look at its log, let the policy decide, write the jobs. Decides nothing itself.
import { parseDigest } from '../contracts/ids';
import { cancellationSignal } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { jobProtocol } from '../contracts/job';
import { stepKey } from '../contracts/layout';
import type { TableHealth } from '../contracts/maintenance';
import type { MaintenanceJob, MaintenanceLook, MaintenancePlan, MaintenanceRequest } from '../contracts/upkeep';
import { keeperWorkflowId } from '../contracts/names';
import type { AskedMaintenance } from '../contracts/keeper';
import { planNow } from '../domain/upkeep/on-demand';
import { planMaintenance } from '../domain/upkeep/policy';
import { sliceAction, type Slice } from '../domain/upkeep/slices';
import { retentionHours } from '../domain/upkeep/vacuum';
import { guarded } from './failures';
import { askKeeper } from './keeper';
import { currentSettings } from '../domain/upkeep/settings';
import type { Clock, HealthQuestion } from './ports';
import { sha256 } from './sha256';

export type MaintenanceActivityDeps = {
  readonly client: Client;
  readonly taskQueue: string;
  readonly clock: Clock;
  readonly readHealth: (question: HealthQuestion, signal: AbortSignal) => Promise<TableHealth>;
};

/** The plan for a table as it is now. */
export function decide(request: MaintenanceRequest, health: TableHealth, now: Date): MaintenancePlan {
  if (request.now !== undefined) return planNow(health, request, request.now);
  return planMaintenance(health, request.settings, request, now);
}

/** The same work on the same version is the same step: a look that is repeated finds the job that ran. */
function jobOf(request: MaintenanceRequest, version: number, slice: Slice): MaintenanceJob {
  const { fileSize } = request.settings;
  const identity = JSON.stringify([request.table, version, slice, request.zorderBy, request.clusterBy, fileSize]);
  const digest = parseDigest(sha256(identity).slice(0, 32));
  const { settings } = request;
  return {
    runtime: request.runtime,
    state: request.state,
    ...(request.needs === undefined ? {} : { needs: request.needs }),
    request: {
      protocol: jobProtocol,
      job: 'maintain',
      stepKey: stepKey(request.pipeline, request.table, digest, 'maintain'),
      generation: 1,
      run: keeperWorkflowId(request.table),
      digest,
      table: request.table,
      kind: slice.kind,
      partitions: slice.partitions,
      zorderBy: request.zorderBy,
      clusterBy: request.clusterBy,
      ...(slice.cubeBytes === undefined ? {} : { cubeBytes: slice.cubeBytes }),
      fileSize: settings.fileSize,
      retainHours: retentionHours(settings),
      vacuumCeiling: settings.vacuumCeiling,
      version,
      ...(settings.adopt === undefined ? {} : { adopt: settings.adopt }),
    },
  };
}

export function look(request: MaintenanceRequest, health: TableHealth, now: Date): MaintenanceLook {
  const plan = decide(request, health, now);
  const slices = plan.actions.flatMap((action) => sliceAction(action, health.partitions));
  return {
    plan,
    jobs: slices.map((slice) => jobOf(request, health.version, slice)),
    mostSmallFiles: health.partitions.reduce((most, { smallFiles }) => Math.max(most, smallFiles), 0),
    held: health.held,
    savings: health.savings,
  };
}

export function createMaintenanceActivities({ client, taskQueue, clock, readHealth }: MaintenanceActivityDeps) {
  return {
    /** Reads the table's log only; may be repeated. */
    lookAtTable: guarded(async (asked: MaintenanceRequest): Promise<MaintenanceLook> => {
      const request = { ...asked, settings: currentSettings(asked.settings) };
      return look(request, await readHealth(request, cancellationSignal()), clock.now());
    }),

    /** May be repeated: the keeper knows who has asked. */
    askMaintenance: guarded((ask: AskedMaintenance): Promise<void> =>
      askKeeper({ client, taskQueue }, ask.request.table, 'acceptMaintenance', ask),
    ),
  };
}

export type MaintenanceActivities = ReturnType<typeof createMaintenanceActivities>;
