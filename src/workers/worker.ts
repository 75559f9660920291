// Builds and runs a worker: the only place where stores, runtimes and clients are put together.
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { Worker } from '@temporalio/worker';
import { createJobActivities } from '../activities/jobs';
import { createKeeperActivities } from '../activities/keeper';
import { createJsonLinesSink } from '../adapters/metrics/json-lines';
import type { Clock } from '../activities/ports';
import { createLocalRuntime } from '../adapters/runtimes/local/runtime';
import { createMaintenanceActivities } from '../activities/maintenance';
import { createRunActivities } from '../activities/run';
import { readHealth } from '../adapters/tables/health';
import { createStores } from '../adapters/stores';
import type { Config } from './config';
import { connectPlain, connectWorker, registerSearchAttributes, type TemporalTarget } from './connection';
import type { Log } from './log';
import { sparkFolder, workflowBundlePath } from './paths';
import { routeWork, versioningOptions, versionOf } from './versioning';

const clock: Clock = { now: () => new Date() };

export type WorkerTools = { readonly python: string; readonly jars: string; readonly java?: string };

export type RunningWorker = {
  /** Ends when the worker has stopped, cleanly or not. */
  readonly done: Promise<void>;
  /** Finishes open tasks, then stops the resident Spark process unless it still works. */
  readonly stop: () => void;
};

export async function startWorker(
  config: Config,
  tools: WorkerTools,
  target: TemporalTarget,
  log: Log,
): Promise<RunningWorker> {
  const plain = await connectPlain(target, 15_000);
  const client = new Client({ connection: plain, namespace: target.namespace });
  await registerSearchAttributes(plain, target.namespace);
  const connection = await connectWorker(target);
  const local = createLocalRuntime({
    home: config.home,
    cacheDir: config.cache,
    python: tools.python,
    pythonPath: sparkFolder,
    jars: tools.jars,
    ...(tools.java === undefined ? {} : { java: tools.java }),
    ...config.spark,
    log: (message) => log.info(message),
  });
  const store = createStores();
  const version = versionOf(config.taskQueue, workflowBundlePath);
  const routed = routeWork(plain, target.namespace, config.versioning, version);
  const creating = Worker.create({
    connection,
    namespace: target.namespace,
    taskQueue: config.taskQueue,
    workflowBundle: { codePath: workflowBundlePath },
    ...versioningOptions(config.versioning, version),
    activities: {
      ...createRunActivities({
        store,
        clock,
        metrics: createJsonLinesSink(join(config.home, 'metrics.jsonl')),
        pipelines: config.pipelines,
        defaultPipeline: config.defaultPipeline,
        env: process.env,
      }),
      ...createJobActivities({ runtimes: { local }, store }),
      ...createKeeperActivities({ client, taskQueue: config.taskQueue }),
      ...createMaintenanceActivities({
        client,
        taskQueue: config.taskQueue,
        clock,
        readHealth: (question) => readHealth({ python: tools.python, pythonPath: sparkFolder }, question),
      }),
    },
    // A dead worker must be noticed within seconds, so heartbeats may not be held back for 0.8 of the timeout.
    maxHeartbeatThrottleInterval: '1s',
    stickyQueueScheduleToStartTimeout: '3s',
    shutdownGraceTime: '1s',
    shutdownForceTime: '20s',
  });
  const [worker] = await Promise.all([creating, routed]);
  // Starting Spark takes seconds: begin now, and let it warm itself while nothing is asked of it.
  local.ensure().catch((error: unknown) => log.warn(`Spark did not start yet: ${String(error)}`));

  const run = async (): Promise<void> => {
    try {
      await worker.run();
    } finally {
      await local.release();
      await connection.close();
      await plain.close();
    }
  };
  return {
    done: run(),
    stop: () => {
      if (worker.getState() === 'RUNNING') worker.shutdown();
    },
  };
}
