// One time-skipping server and one worker for many trials. The worker has the product's workflows; what an activity does is up to
// the trial that its workflow belongs to.
import { readFileSync } from 'node:fs';
import { Context } from '@temporalio/activity';
import { Client } from '@temporalio/client';
import { ApplicationFailure } from '@temporalio/common';
import { TestWorkflowEnvironment } from '@temporalio/testing';
import { Runtime, Worker } from '@temporalio/worker';
import { ensureTools } from '../../../src/setup/tools';
import { whileTimePasses } from '../../support/virtual-time';
import { addSearchAttributes, ourSearchAttributes } from '../../../src/workers/connection';

export type Activities = Readonly<Record<string, (...args: never[]) => Promise<unknown>>>;

export type CheapServer = {
  readonly client: Client;
  readonly taskQueue: string;
  readonly open: (tag: string, activities: Activities) => void;
  readonly close: (tag: string) => void;
  /** Lets virtual time pass, for all trials. The server's lock on it is kept while something goes on. */
  readonly pass: (ms: number, isQuiet: () => boolean) => Promise<void>;
  /** How far its time is from where the trials have put it. Constant, or the server has lost count of its locks. */
  readonly skewMs: () => Promise<number>;
  readonly stop: () => Promise<void>;
};

const taskQueue = 'campaign';

/** Folder, pipelines and workflow ids of a trial name it. */
const tagPattern = /trial[0-9a-z]+x/;

const ignore = (): void => undefined;
const silent = { log: ignore, trace: ignore, debug: ignore, info: ignore, warn: ignore, error: ignore };

export async function startCheapServer(bundle: string, activityNames: readonly string[]): Promise<CheapServer> {
  const { testServer } = await ensureTools('test');
  if (testServer === undefined) throw new Error('no test server was installed');
  Runtime.install({ logger: silent, telemetryOptions: { logging: { forward: {}, filter: 'OFF' } } });
  let passedMs = 0;
  const environment = await TestWorkflowEnvironment.createTimeSkipping({
    server: { executable: { type: 'existing-path', path: testServer } },
  });
  await addSearchAttributes(environment.connection, 'default', ourSearchAttributes);
  const trials = new Map<string, Activities>();
  const route =
    (name: string) =>
    async (...args: never[]): Promise<unknown> => {
      const workflowId = Context.current().info.workflowExecution?.workflowId ?? '';
      const activity = trials.get(tagPattern.exec(workflowId)?.[0] ?? '')?.[name];
      if (activity === undefined) throw ApplicationFailure.nonRetryable(`the trial of ${workflowId} is over`);
      return activity(...args);
    };
  const worker = await Worker.create({
    connection: environment.nativeConnection,
    taskQueue,
    workflowBundle: { code: readFileSync(bundle, 'utf8') },
    activities: Object.fromEntries(activityNames.map((name) => [name, route(name)])),
    maxConcurrentActivityTaskExecutions: 200,
    maxHeartbeatThrottleInterval: '100ms',
    shutdownGraceTime: '100ms',
    shutdownForceTime: '2s',
  });
  const running = worker.run();
  return {
    // Not the environment's own client: with that one time would pass whenever somebody waits.
    client: new Client({ connection: environment.connection }),
    taskQueue,
    open: (tag, activities) => void trials.set(tag, activities),
    close: (tag) => void trials.delete(tag),
    pass: async (ms, isQuiet) => {
      await whileTimePasses(environment, environment.sleep(ms), { isQuiet });
      passedMs += ms;
    },
    skewMs: async () => (await environment.currentTimeMs()) - Date.now() - passedMs,
    stop: async () => {
      worker.shutdown();
      await running;
      await environment.teardown();
    },
  };
}
