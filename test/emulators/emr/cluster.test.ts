// Clusters and steps live as on EMR: every state, what ends what, and what is refused.
import {
  AddJobFlowStepsCommand,
  CancelStepsCommand,
  ListInstancesCommand,
  ListStepsCommand,
  ModifyClusterCommand,
  SetKeepJobFlowAliveWhenNoStepsCommand,
  SetTerminationProtectionCommand,
  TerminateJobFlowsCommand,
  type EMRClient,
  type RunJobFlowInput,
  type StepCancellationOption,
  type StepConfig,
} from '@aws-sdk/client-emr';
import { setImmediate } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';
import { HandClock } from './clock';
import { startEmrEmulator, type EmrEmulator } from './emulator';
import { MemoryLogs, ScriptedExecutor, stubborn, untilEnded } from './executor';
import { clientOf, clusterOf, flow, runFlow, step, stepOf, turnClock } from './support';

let clock: HandClock;
let executor: ScriptedExecutor;
let logs: MemoryLogs;
let emulator: EmrEmulator;
let emr: EMRClient;

beforeEach(async () => {
  clock = new HandClock();
  executor = new ScriptedExecutor(untilEnded);
  logs = new MemoryLogs();
  emulator = await startEmrEmulator({ clock, executor, logs });
  emr = clientOf(emulator);
});

afterEach(async () => {
  emr.destroy();
  await emulator.stop();
});

const run = (more: Partial<RunJobFlowInput> = {}): Promise<string> => runFlow(emr, more);

const transient = (more: Partial<RunJobFlowInput> = {}): Promise<string> =>
  run({ ...more, Instances: { ...flow.Instances, KeepJobFlowAliveWhenNoSteps: false } });

const add = async (cluster: string, ...steps: readonly StepConfig[]): Promise<string[]> =>
  (await emr.send(new AddJobFlowStepsCommand({ JobFlowId: cluster, Steps: [...steps] }))).StepIds ?? [];

const terminate = (cluster: string) => emr.send(new TerminateJobFlowsCommand({ JobFlowIds: [cluster] }));

const cancel = (cluster: string, id: string, option?: StepCancellationOption) =>
  emr.send(new CancelStepsCommand({ ClusterId: cluster, StepIds: [id], StepCancellationOption: option }));

const turn = (ms: number): Promise<void> => turnClock(clock, ms);

async function up(more: Partial<RunJobFlowInput> = {}): Promise<string> {
  const id = await run(more);
  await turn(1500);
  return id;
}

const states = async (cluster: string): Promise<(string | undefined)[]> =>
  ((await emr.send(new ListStepsCommand({ ClusterId: cluster }))).Steps ?? [])
    .map((one) => one.Status?.State)
    .toReversed();

const failing = async (): Promise<number> => 1;

describe('a cluster', () => {
  it('goes from STARTING to WAITING, works, and ends when it is told to', async () => {
    const id = await run();
    const seen = [(await clusterOf(emr, id)).state];
    await turn(1000);
    seen.push((await clusterOf(emr, id)).state);
    await turn(500);
    seen.push((await clusterOf(emr, id)).state);
    const [one = ''] = await add(id, step('one'));
    seen.push((await clusterOf(emr, id)).state);
    await cancel(id, one);
    await setImmediate();
    seen.push((await clusterOf(emr, id)).state);
    await terminate(id);
    seen.push((await clusterOf(emr, id)).state);
    await turn(300);
    const { state, reason, cluster } = await clusterOf(emr, id);
    expect([...seen, state]).toEqual([
      ...['STARTING', 'BOOTSTRAPPING', 'WAITING', 'RUNNING', 'WAITING', 'TERMINATING', 'TERMINATED'],
    ]);
    expect(reason?.Code).toBe('USER_REQUEST');
    expect(cluster?.Status?.Timeline?.EndDateTime).toEqual(new Date(clock.now()));
  });

  it('that is not kept alive ends with its last step', async () => {
    executor.next(async () => 0);
    const id = await transient({ Steps: [step('one'), step('two')] });
    await turn(1500);
    await turn(300);
    expect(await clusterOf(emr, id)).toMatchObject({ state: 'TERMINATED', reason: { Code: 'ALL_STEPS_COMPLETED' } });
    expect(await states(id)).toEqual(['COMPLETED', 'COMPLETED']);
  });

  it('may be told later that it is not to be kept alive', async () => {
    const id = await up();
    await emr.send(new SetKeepJobFlowAliveWhenNoStepsCommand({ JobFlowIds: [id], KeepJobFlowAliveWhenNoSteps: false }));
    expect((await clusterOf(emr, id)).state).toBe('TERMINATING');
  });

  it('ends when it was idle for the time of its policy, and only then', async () => {
    const id = await up({ AutoTerminationPolicy: { IdleTimeout: 60 } });
    await turn(59_000);
    const [one = ''] = await add(id, step('one'));
    await turn(60_000);
    expect((await clusterOf(emr, id)).state).toBe('RUNNING');
    await cancel(id, one);
    await setImmediate();
    await turn(59_999);
    expect((await clusterOf(emr, id)).state).toBe('WAITING');
    await turn(1);
    expect(await clusterOf(emr, id)).toMatchObject({
      state: 'TERMINATING',
      reason: { Message: expect.stringContaining('idle') },
    });
  });

  it.each([59, 604_801])('refuses an idle time-out of %d s', async (seconds) => {
    await expect(run({ AutoTerminationPolicy: { IdleTimeout: seconds } })).rejects.toThrow('IdleTimeout');
  });

  it('that is protected is not ended, and what else was named is', async () => {
    const [kept, other] = [await up(), await up()];
    await emr.send(new SetTerminationProtectionCommand({ JobFlowIds: [kept], TerminationProtected: true }));
    await expect(emr.send(new TerminateJobFlowsCommand({ JobFlowIds: [kept, other] }))).rejects.toMatchObject({
      name: 'ValidationException',
      message: expect.stringContaining('termination protected'),
    });
    expect([(await clusterOf(emr, kept)).state, (await clusterOf(emr, other)).state]).toEqual([
      'WAITING',
      'TERMINATING',
    ]);
  });

  it('that ends takes its steps with it and takes no other', async () => {
    const id = await up();
    await add(id, step('one'), step('two'));
    await terminate(id);
    await expect(add(id, step('three'))).rejects.toMatchObject({
      name: 'ValidationException',
      message: 'A job flow that is shutting down, terminated, or finished may not be modified.',
    });
    await turn(300);
    await expect(add(id, step('three'))).rejects.toThrow('may not be modified');
    expect(await states(id)).toEqual(['CANCELLED', 'CANCELLED']);
    // Ending it once more is nothing new.
    await terminate(id);
    expect((await clusterOf(emr, id)).state).toBe('TERMINATED');
  });

  it('that ends changes nothing more of a step, however its process ended', async () => {
    executor.next((_step, { kill }) => new Promise((resolve) => kill.addEventListener('abort', () => resolve(0))));
    const id = await up();
    await add(id, step('one'));
    await terminate(id);
    await setImmediate();
    expect(await states(id)).toEqual(['CANCELLED']);
  });

  it('waits for its steps to be gone before it is', async () => {
    let end: (code: number) => void = () => {};
    executor.next(() => new Promise((resolve) => (end = resolve)));
    const id = await up();
    await add(id, step('one'));
    await terminate(id);
    await turn(10_000);
    expect((await clusterOf(emr, id)).state).toBe('TERMINATING');
    end(137);
    await setImmediate();
    expect((await clusterOf(emr, id)).state).toBe('TERMINATED');
  });

  it.each([
    ['no fleets', { InstanceFleets: [] }, 'MASTER instance fleet is missing'],
    ['groups', { MasterInstanceType: 'm7g.xlarge' }, 'instance fleets only'],
    [
      'two masters',
      { InstanceFleets: [flow.Instances?.InstanceFleets?.[0] ?? {}, flow.Instances?.InstanceFleets?.[0] ?? {}] },
      'more than one MASTER',
    ],
  ])('with %s is refused', async (_name, instances, told) => {
    await expect(run({ Instances: instances as RunJobFlowInput['Instances'] })).rejects.toThrow(told);
  });
});

describe('steps', () => {
  it('wait in their order, as many at once as the level says', async () => {
    const id = await up({ StepConcurrencyLevel: 2 });
    const [one = ''] = await add(id, step('one'), step('two'), step('three'), step('four'));
    expect(await states(id)).toEqual(['RUNNING', 'RUNNING', 'PENDING', 'PENDING']);
    await cancel(id, one);
    await setImmediate();
    expect(await states(id)).toEqual(['CANCELLED', 'RUNNING', 'RUNNING', 'PENDING']);
    await emr.send(new ModifyClusterCommand({ ClusterId: id, StepConcurrencyLevel: 3 }));
    expect(await states(id)).toEqual(['CANCELLED', 'RUNNING', 'RUNNING', 'RUNNING']);
  });

  it('wait while the cluster starts', async () => {
    const id = await run();
    await add(id, step('one'));
    expect(await states(id)).toEqual(['PENDING']);
    await turn(1500);
    expect(await states(id)).toEqual(['RUNNING']);
  });

  it.each(['TERMINATE_CLUSTER', 'CANCEL_AND_WAIT', 'TERMINATE_JOB_FLOW'] as const)(
    'that may run beside others are refused with %s',
    async (action) => {
      const id = await up({ StepConcurrencyLevel: 2 });
      await expect(add(id, step('one', [], { ActionOnFailure: action }))).rejects.toMatchObject({
        name: 'ValidationException',
      });
      expect(await states(id)).toEqual([]);
    },
  );

  it('are refused without an action too, as that means TERMINATE_CLUSTER', async () => {
    const id = await up({ StepConcurrencyLevel: 2 });
    await expect(add(id, { Name: 'one', HadoopJarStep: { Jar: 'command-runner.jar' } })).rejects.toThrow(
      'ActionOnFailure',
    );
  });

  it.each([0, 257])('cannot run %d at once', async (level) => {
    await expect(run({ StepConcurrencyLevel: level })).rejects.toThrow('StepConcurrencyLevel');
  });

  it('are 256 at most that have not ended', async () => {
    const id = await up();
    const [one = ''] = await add(id, ...Array.from({ length: 256 }, (_, index) => step(`step ${index}`)));
    await expect(add(id, step('too many'))).rejects.toMatchObject({ name: 'ValidationException' });
    await cancel(id, one);
    await setImmediate();
    expect(await add(id, step('fits'))).toHaveLength(1);
  });

  it('have 10,240 characters of arguments at most', async () => {
    const id = await up();
    const room = 10_240 - 'command-runner.jar'.length;
    expect(await add(id, step('fits', ['a'.repeat(room - 5000), 'b'.repeat(5000)]))).toHaveLength(1);
    await expect(add(id, step('too long', ['a'.repeat(room - 4999), 'b'.repeat(5000)]))).rejects.toThrow('10240');
  });

  it('that fail with CONTINUE change nothing for the others', async () => {
    const id = await up();
    executor.next(async ({ config }) => (config.Name === 'bad' ? 1 : 0));
    const [bad = ''] = await add(id, step('bad'), step('good'));
    await setImmediate();
    expect(await states(id)).toEqual(['FAILED', 'COMPLETED']);
    expect((await clusterOf(emr, id)).state).toBe('WAITING');
    const { failure } = await stepOf(emr, id, bad);
    expect(failure).toEqual({ Reason: 'Unknown Error.', LogFile: `s3://logs/emr/${id}/steps/${bad}/stderr.gz` });
  });

  it('that fail with CANCEL_AND_WAIT cancel what waits, and the cluster stays', async () => {
    executor.next(failing);
    const id = await transient({ Steps: [step('bad', [], { ActionOnFailure: 'CANCEL_AND_WAIT' }), step('next')] });
    await turn(1500);
    expect(await states(id)).toEqual(['FAILED', 'CANCELLED']);
    expect((await clusterOf(emr, id)).state).toBe('WAITING');
  });

  it('that fail with TERMINATE_CLUSTER end it with errors', async () => {
    executor.next(failing);
    const id = await up({ Steps: [step('bad', [], { ActionOnFailure: 'TERMINATE_CLUSTER' }), step('next')] });
    await turn(300);
    expect(await states(id)).toEqual(['FAILED', 'CANCELLED']);
    expect(await clusterOf(emr, id)).toMatchObject({
      state: 'TERMINATED_WITH_ERRORS',
      reason: { Code: 'STEP_FAILURE' },
    });
  });

  it('that fail do not end others once they may run beside each other, whatever they asked for before', async () => {
    let fail: (code: number) => void = () => {};
    executor.next((one, signals) =>
      one.config.Name === 'bad' ? new Promise((resolve) => (fail = resolve)) : untilEnded(one, signals),
    );
    const id = await up();
    await add(id, step('bad', [], { ActionOnFailure: 'TERMINATE_CLUSTER' }), step('next'));
    await emr.send(new ModifyClusterCommand({ ClusterId: id, StepConcurrencyLevel: 2 }));
    fail(1);
    await setImmediate();
    expect(await states(id)).toEqual(['FAILED', 'RUNNING']);
    expect((await clusterOf(emr, id)).state).toBe('RUNNING');
  });

  it('that fail with TERMINATE_CLUSTER leave a protected cluster waiting', async () => {
    executor.next(failing);
    const id = await up({
      Instances: { ...flow.Instances, TerminationProtected: true },
      Steps: [step('bad', [], { ActionOnFailure: 'TERMINATE_CLUSTER' }), step('next')],
    });
    expect(await states(id)).toEqual(['FAILED', 'CANCELLED']);
    expect((await clusterOf(emr, id)).state).toBe('WAITING');
  });

  it('bring their logs under LogUri, later', async () => {
    executor.next(async () => ({ code: 0, logs: { controller: 'c', stdout: 'o', stderr: 'e' } }));
    const id = await up();
    const [one = ''] = await add(id, step('one'));
    await turn(499);
    expect([...logs.objects.keys()]).toEqual([]);
    await turn(1);
    const folder = `s3://logs/emr/${id}/steps/${one}`;
    expect([...logs.objects].map(([uri, body]) => [uri, gunzipSync(body).toString()])).toEqual([
      [`${folder}/controller.gz`, 'c'],
      [`${folder}/stdout.gz`, 'o'],
      [`${folder}/stderr.gz`, 'e'],
    ]);
  });

  it('bring their logs where the step says so', async () => {
    executor.next(async () => 0);
    const id = await up();
    const own = { S3MonitoringConfiguration: { LogUri: 's3://other/logs' } };
    await add(id, step('one', [], { StepMonitoringConfiguration: own }));
    await turn(500);
    expect([...logs.objects.keys()].every((uri) => uri.startsWith(`s3://other/logs/${id}/steps/`))).toBe(true);
  });
});

describe('a cancellation', () => {
  it('of a step that waits is done at once', async () => {
    const id = await up();
    const [, two = ''] = await add(id, step('one'), step('two'));
    const { CancelStepsInfoList: infos } = await cancel(id, two);
    expect(infos).toEqual([{ StepId: two, Status: 'SUBMITTED' }]);
    expect(await states(id)).toEqual(['RUNNING', 'CANCELLED']);
    expect(executor.ran).toHaveLength(1);
  });

  it('of one that runs is pending until the process is gone, and SIGKILL where SIGTERM does not help', async () => {
    executor.next(stubborn);
    const id = await up();
    const [one = ''] = await add(id, step('one'));
    await cancel(id, one);
    await setImmediate();
    expect(await states(id)).toEqual(['CANCEL_PENDING']);
    expect((await clusterOf(emr, id)).state).toBe('RUNNING');
    await cancel(id, one, 'TERMINATE_PROCESS');
    await setImmediate();
    expect(await states(id)).toEqual(['CANCELLED']);
  });

  it('that comes too late leaves a completed step', async () => {
    executor.next(
      (_step, { interrupt }) => new Promise((resolve) => interrupt.addEventListener('abort', () => resolve(0))),
    );
    const id = await up();
    const [one = ''] = await add(id, step('one'));
    await cancel(id, one);
    await setImmediate();
    expect(await states(id)).toEqual(['COMPLETED']);
  });

  it('of one that has ended fails, and changes nothing', async () => {
    executor.next(async () => 0);
    const id = await up();
    const [one = ''] = await add(id, step('one'));
    await setImmediate();
    const { CancelStepsInfoList: infos } = await cancel(id, one);
    expect(infos).toMatchObject([{ StepId: one, Status: 'FAILED', Reason: expect.stringContaining('COMPLETED') }]);
    expect(await states(id)).toEqual(['COMPLETED']);
  });

  it('does not fire the action of the step', async () => {
    const id = await up();
    const [one = ''] = await add(id, step('one', [], { ActionOnFailure: 'TERMINATE_CLUSTER' }));
    await cancel(id, one);
    await setImmediate();
    expect((await clusterOf(emr, id)).state).toBe('WAITING');
  });
});

it('leaves no machine running after a cluster', async () => {
  const id = await up();
  await terminate(id);
  await turn(300);
  const { Instances: all = [] } = await emr.send(new ListInstancesCommand({ ClusterId: id }));
  expect(all).toHaveLength(4);
  expect(new Set(all.map(({ Status: status }) => status?.State))).toEqual(new Set(['TERMINATED']));
});
