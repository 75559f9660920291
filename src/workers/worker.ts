// Builds and runs a worker: the only place where stores, runtimes and clients are put together.
import { createHash } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { Client } from '@temporalio/client';
import { Worker, type WorkerOptions } from '@temporalio/worker';
import { createClusterActivities } from '../activities/clusters';
import { createJobActivities } from '../activities/jobs';
import { createKeeperActivities } from '../activities/keeper';
import { createEmrClusters } from '../adapters/clusters/emr-clusters';
import { createJsonLinesSink } from '../adapters/metrics/json-lines';
import type { Clock } from '../activities/ports';
import { createCallBudget } from '../adapters/emr/budget';
import { createLazyEmr } from '../adapters/emr/lazy';
import { createLazyEmrRuntime, openSteps } from '../adapters/runtimes/emr/lazy';
import { createLocalRuntime } from '../adapters/runtimes/local/runtime';
import { createMaintenanceActivities } from '../activities/maintenance';
import { createReapActivities } from '../activities/reap';
import { createRunActivities } from '../activities/run';
import { readHealth } from '../adapters/tables/health';
import { createStores } from '../adapters/stores';
import { hostTaskQueue } from '../contracts/names';
import type { Config } from './config';
import {
  connectPlain,
  connectWorker,
  namespaceIdOf,
  registerSearchAttributes,
  type TemporalTarget,
} from './connection';
import type { Log } from './log';
import { grantedFiles } from './grants';
import { secureHome } from './home';
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
  secureHome(config.home);
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
  const connectEmr = createLazyEmr();
  const emrBudget = createCallBudget();
  const clusters = {
    client,
    clock,
    taskQueue: config.taskQueue,
    store,
    namespaceId: namespaceIdOf(plain, target.namespace),
    clusters: createEmrClusters({ connect: connectEmr, budget: emrBudget }),
  };
  const version = versionOf(config.taskQueue, workflowBundlePath);
  const routed = routeWork(plain, target.namespace, config.versioning, version);
  const hostQueue = hostTaskQueue(config.taskQueue, hostOf(config.home));
  const emr = createLazyEmrRuntime({
    store,
    sparkFolder,
    open: openSteps(connectEmr),
    budget: emrBudget,
    ...(config.emr.executionRole === undefined ? {} : { executionRole: config.emr.executionRole }),
  });
  const jobs = createJobActivities({ runtimes: { local, emr }, store, hostQueue });
  const common: Omit<WorkerOptions, 'taskQueue'> = {
    connection,
    namespace: target.namespace,
    // A dead worker must be noticed within seconds, so heartbeats may not be held back for 0.8 of the timeout.
    maxHeartbeatThrottleInterval: '1s',
    shutdownGraceTime: '1s',
    shutdownForceTime: '20s',
  };
  const [worker, hostWorker] = await Promise.all([
    Worker.create({
      ...common,
      ...versioningOptions(config.versioning, version),
      taskQueue: config.taskQueue,
      workflowBundle: { codePath: workflowBundlePath },
      stickyQueueScheduleToStartTimeout: '3s',
      activities: {
        ...createRunActivities({
          store,
          clock,
          metrics: createJsonLinesSink(join(config.home, 'metrics.jsonl')),
          pipelines: config.pipelines,
          defaultPipeline: config.defaultPipeline,
          allowed: async () => ({ folders: config.pipelineFolders, files: await grantedFiles(config.home) }),
          env: process.env,
          envNames: config.variables,
        }),
        ...jobs,
        ...createClusterActivities(clusters),
        ...createReapActivities(clusters),
        ...createKeeperActivities({ client, taskQueue: config.taskQueue }),
        ...createMaintenanceActivities({
          client,
          taskQueue: config.taskQueue,
          clock,
          readHealth: (question, signal) =>
            readHealth({ python: tools.python, pythonPath: sparkFolder }, question, signal),
        }),
      },
    }),
    // A watch takes a place as long as its job, and next to nothing else. Of no version: a job outlives the build that
    // asked for it.
    Worker.create({
      ...common,
      taskQueue: hostQueue,
      activities: jobs,
      maxConcurrentActivityTaskExecutions: 1000,
    }),
    routed,
  ]);
  const workers = [worker, hostWorker];
  const stop = (): void => {
    for (const worker of workers) if (worker.getState() === 'RUNNING') worker.shutdown();
  };
  // Starting Spark takes seconds: begin now, and let it warm itself while nothing is asked of it.
  local.ensure().catch((error: unknown) => log.warn(`Spark did not start yet: ${String(error)}`));

  const run = async (): Promise<void> => {
    try {
      // One that fails takes the other with it: half a worker would pass for a whole one.
      const ends = await Promise.allSettled(workers.map((worker) => worker.run().finally(stop)));
      for (const end of ends) if (end.status === 'rejected') throw end.reason;
    } finally {
      await local.release();
      await connection.close();
      await plain.close();
    }
  };
  return { done: run(), stop };
}

/** The same after a restart, another for every home: a resident Spark process and its jobs belong to one. */
const hostOf = (home: string): string =>
  createHash('sha256').update(`${hostname()}:${home}`).digest('hex').slice(0, 12);
