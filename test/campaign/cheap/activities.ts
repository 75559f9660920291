// The product's activities as one trial has them: over its own disk, engine and clock, on a worker that may die at any moment.
import { Context } from '@temporalio/activity';
import type { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { createJobActivities } from '../../../src/activities/jobs';
import { createKeeperActivities } from '../../../src/activities/keeper';
import { createMaintenanceActivities } from '../../../src/activities/maintenance';
import { createRunActivities } from '../../../src/activities/run';
import { createStores } from '../../../src/adapters/stores';
import { healthyTable } from '../../fakes/health';
import { WorkerDies, type Moments } from '../moments';
import type { Engine } from './engine';
import type { Activities } from './server';
import { createTrialStore } from './store';

export type TrialDeps = {
  readonly client: Client;
  readonly taskQueue: string;
  readonly pipelines: string;
  readonly moments: Moments;
  readonly engine: Engine;
  readonly now: () => Date;
  /** Takes every workflow that asks for an activity: its id and its type. */
  readonly seen: Map<string, string>;
};

export function createTrialActivities({
  client,
  taskQueue,
  pipelines,
  moments,
  engine,
  now,
  seen,
}: TrialDeps): Activities {
  const dead = new WeakSet<Context>();
  const clock = { now };
  const store = createTrialStore(createStores(), moments, {
    check: () => {
      if (dead.has(Context.current())) throw new WorkerDies();
    },
    end: () => void dead.add(Context.current()),
  });
  const product = {
    ...createRunActivities({
      ...{ store, clock, pipelines, defaultPipeline: 'default', env: {}, envNames: [] },
      allowed: async () => ({ folders: [pipelines], files: [] }),
      metrics: { emit: async () => undefined },
    }),
    // Every queue is the common one here: its worker is the one of the host too.
    ...createJobActivities({ runtimes: { local: engine.runtime }, store, hostQueue: taskQueue }),
    ...createKeeperActivities({ client, taskQueue }),
    ...createMaintenanceActivities({
      ...{ client, taskQueue, clock },
      readHealth: async ({ table }) => healthyTable({ table }),
    }),
  };

  /** A worker that dies says nothing: it is missed when the time of the activity, or of its heartbeat, is over. */
  const mortal =
    (name: string, activity: Activities[string]): Activities[string] =>
    async (...args) => {
      const context = Context.current();
      const { workflowExecution, workflowType } = context.info;
      seen.set(workflowExecution?.workflowId ?? '', workflowType ?? '');
      return moments.during(async () => {
        try {
          await moments.reach(`${name}:before`);
          const result = await activity(...args);
          await moments.reach(`${name}:after`);
          if (!dead.has(context)) return result;
        } catch (error) {
          if (error instanceof WorkerDies) dead.add(context);
          if (!dead.has(context)) throw error;
        }
        const { heartbeatTimeoutMs, startToCloseTimeoutMs } = context.info;
        const nextRetryDelay = heartbeatTimeoutMs ?? startToCloseTimeoutMs;
        throw ApplicationFailure.create({ message: 'the worker died', type: 'WorkerDied', nextRetryDelay });
      });
    };
  return Object.fromEntries(Object.entries(product).map(([name, activity]) => [name, mortal(name, activity)]));
}

/** Of all activities that the worker serves. */
export const activityNames: readonly string[] = [
  ...['loadPipeline', 'freezeInputs', 'extractInputs', 'publishRun'],
  ...['submitJob', 'findJob', 'watchJob', 'cancelJob'],
  ...['requestCommit', 'lookAtTable', 'askMaintenance'],
];
