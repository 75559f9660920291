// What can be made to go wrong, each as a client of EMR would meet it.
import {
  AddJobFlowStepsCommand,
  ListClustersCommand,
  ListInstancesCommand,
  ListInstanceFleetsCommand,
  ListStepsCommand,
  RunJobFlowCommand,
  type EMRClient,
  type RunJobFlowInput,
} from '@aws-sdk/client-emr';
import { setImmediate } from 'node:timers/promises';
import { HandClock } from './clock';
import { startEmrEmulator, type EmrEmulator } from './emulator';
import { ScriptedExecutor, untilEnded } from './executor';
import { clientOf, clusterOf, flow, runFlow, step, stepOf, turnClock } from './support';

let clock: HandClock;
let executor: ScriptedExecutor;
let emulator: EmrEmulator;
let emr: EMRClient;
let chance: number;

beforeEach(async () => {
  clock = new HandClock();
  executor = new ScriptedExecutor(untilEnded);
  emulator = await startEmrEmulator({ clock, executor, random: () => chance });
  emr = clientOf(emulator);
});

afterEach(async () => {
  emr.destroy();
  await emulator.stop();
});

const run = (more: Partial<RunJobFlowInput> = {}): Promise<string> => runFlow(emr, more);

const turn = (ms: number): Promise<void> => turnClock(clock, ms);

async function up(more: Partial<RunJobFlowInput> = {}): Promise<string> {
  const id = await run(more);
  await turn(1500);
  return id;
}

const list = () => emr.send(new ListClustersCommand({}));

const markets = async (cluster: string): Promise<unknown[]> => {
  const { Instances: all = [] } = await emr.send(
    new ListInstancesCommand({ ClusterId: cluster, InstanceFleetType: 'TASK' }),
  );
  return all.map(({ Market, Status }) => `${Market} ${Status?.State}`);
};

describe('calls', () => {
  it('are throttled, the next ones of an operation', async () => {
    emulator.switches.add({ kind: 'throttle', times: 2, operations: ['ListClusters'] });
    await run();
    for (let index = 0; index < 2; index += 1) {
      await expect(list()).rejects.toMatchObject({ name: 'ThrottlingException', $metadata: { httpStatusCode: 400 } });
    }
    await list();
  });

  it('are throttled at a rate until that is cleared', async () => {
    emulator.switches.add({ kind: 'throttle', rate: 0.5 });
    chance = 0.5;
    await list();
    chance = 0.49;
    await expect(list()).rejects.toThrow('Rate exceeded');
    emulator.switches.clear();
    await list();
  });

  it('that are throttled are retried by a client that retries', async () => {
    emulator.switches.add({ kind: 'throttle', times: 1 });
    const patient = clientOf(emulator, 3);
    await patient.send(new ListClustersCommand({}));
    patient.destroy();
    expect(emulator.calls.map(({ outcome }) => outcome)).toEqual(['ThrottlingException', 'ok']);
  });

  it.each([
    [500, 'InternalFailure'],
    [503, 'ServiceUnavailable'],
  ] as const)('fail with %d', async (status, type) => {
    emulator.switches.add({ kind: 'error', times: 1, status });
    await expect(run()).rejects.toMatchObject({ $metadata: { httpStatusCode: status } });
    expect(emulator.calls.map(({ outcome }) => outcome)).toEqual([type]);
    expect(emulator.clusters.size).toBe(0);
  });

  it('are answered late', async () => {
    emulator.switches.add({ kind: 'slow', ms: 300, times: 1 });
    const since = performance.now();
    await list();
    expect(performance.now() - since).toBeGreaterThanOrEqual(290);
  });

  it('are served and not answered, so a client that retries makes a second cluster', async () => {
    emulator.switches.add({ kind: 'lost-response', times: 1, operations: ['RunJobFlow'] });
    await expect(run()).rejects.toThrow(/hang up|ECONNRESET|aborted|terminated/);
    expect(emulator.clusters.size).toBe(1);
    emulator.switches.add({ kind: 'lost-response', times: 1, operations: ['RunJobFlow'] });
    const eager = clientOf(emulator, 3);
    await eager.send(new RunJobFlowCommand(flow));
    eager.destroy();
    expect(emulator.clusters.size).toBe(3);
    expect(emulator.calls.map(({ outcome }) => outcome)).toEqual(['response lost', 'response lost', 'ok']);
  });

  it('read what was true a while ago, and write what is asked for now', async () => {
    const id = await up();
    await turn(10_000);
    const { StepIds: [one = ''] = [] } = await emr.send(
      new AddJobFlowStepsCommand({ JobFlowId: id, Steps: [step('one')] }),
    );
    emulator.switches.add({ kind: 'stale-reads', ms: 5000 });
    const steps = async () => (await emr.send(new ListStepsCommand({ ClusterId: id }))).Steps?.length;
    expect([await steps(), (await clusterOf(emr, id)).state]).toEqual([0, 'WAITING']);
    await expect(stepOf(emr, id, one)).rejects.toThrow('not valid');
    const fresh = await run();
    await expect(clusterOf(emr, fresh)).rejects.toThrow('not valid');
    expect((await list()).Clusters).toHaveLength(1);
    await turn(5000);
    expect([await steps(), (await clusterOf(emr, id)).state, (await list()).Clusters?.length]).toEqual([
      1,
      'RUNNING',
      2,
    ]);
  });
});

describe('a cluster', () => {
  it('starts slowly', async () => {
    emulator.switches.add({ kind: 'slow-start', ms: 60_000, times: 1 });
    const [slow, quick] = [await run(), await run()];
    await turn(1500);
    expect([(await clusterOf(emr, slow)).state, (await clusterOf(emr, quick)).state]).toEqual(['STARTING', 'WAITING']);
    await turn(60_000);
    expect((await clusterOf(emr, slow)).state).toBe('WAITING');
  });

  it('fails in its bootstrap actions', async () => {
    emulator.switches.add({ kind: 'bootstrap-failure', times: 1 });
    const id = await up({ Steps: [step('one')] });
    await turn(300);
    expect(await clusterOf(emr, id)).toMatchObject({
      state: 'TERMINATED_WITH_ERRORS',
      reason: { Code: 'BOOTSTRAP_FAILURE' },
    });
    expect(executor.ran).toEqual([]);
  });

  it('gets no capacity, and ends when the time for it is over', async () => {
    emulator.switches.add({ kind: 'no-capacity', market: 'ANY', times: 1 });
    const id = await up();
    // 10 minutes were asked for, a tenth of a second each; fleets without a time of their own take an hour.
    await turn(5000);
    expect((await clusterOf(emr, id)).state).toBe('STARTING');
    await turn(1500);
    expect(await clusterOf(emr, id)).toMatchObject({
      state: 'TERMINATED_WITH_ERRORS',
      reason: { Code: 'INSTANCE_FLEET_TIMEOUT' },
    });
  });

  it('gets no Spot, and buys on demand when the time for it is over', async () => {
    emulator.switches.add({ kind: 'no-capacity', market: 'SPOT', times: 1 });
    const id = await up();
    expect((await clusterOf(emr, id)).state).toBe('STARTING');
    await turn(1000);
    expect((await clusterOf(emr, id)).state).toBe('WAITING');
    expect(await markets(id)).toEqual(['ON_DEMAND RUNNING', 'ON_DEMAND RUNNING']);
    const { InstanceFleets: fleets } = await emr.send(new ListInstanceFleetsCommand({ ClusterId: id }));
    expect(fleets?.[2]).toMatchObject({
      TargetSpotCapacity: 4,
      ProvisionedSpotCapacity: 0,
      ProvisionedOnDemandCapacity: 4,
    });
  });

  it('gets no Spot, and ends where it may not buy on demand', async () => {
    emulator.switches.add({ kind: 'no-capacity', market: 'SPOT', times: 1 });
    const patient = { SpotSpecification: { TimeoutDurationMinutes: 5, TimeoutAction: 'TERMINATE_CLUSTER' } } as const;
    const fleets = flow.Instances?.InstanceFleets?.map((fleet) => ({ ...fleet, LaunchSpecifications: patient }));
    const id = await up({ Instances: { ...flow.Instances, InstanceFleets: fleets } });
    await turn(1000);
    expect((await clusterOf(emr, id)).reason).toMatchObject({ Code: 'INSTANCE_FLEET_TIMEOUT' });
  });

  it('loses a Spot machine in mid-step, and gets another', async () => {
    const id = await up();
    const { StepIds: [one = ''] = [] } = await emr.send(
      new AddJobFlowStepsCommand({ JobFlowId: id, Steps: [step('one')] }),
    );
    const lost = emulator.clusters.get(id)?.lose({ fleet: 'TASK', market: 'SPOT', failsSteps: true });
    expect(lost?.instance.Market).toBe('SPOT');
    await setImmediate();
    expect(await stepOf(emr, id, one)).toMatchObject({
      state: 'FAILED',
      failure: { Message: expect.stringContaining('ExecutorLostFailure') },
    });
    expect(await markets(id)).toEqual(['SPOT TERMINATED', 'SPOT RUNNING']);
    await turn(1000);
    expect(await markets(id)).toEqual(['SPOT TERMINATED', 'SPOT RUNNING', 'SPOT RUNNING']);
    expect((await clusterOf(emr, id)).state).toBe('WAITING');
  });

  it('loses one and its step goes on', async () => {
    const id = await up();
    const { StepIds: [one = ''] = [] } = await emr.send(
      new AddJobFlowStepsCommand({ JobFlowId: id, Steps: [step('one')] }),
    );
    emulator.clusters.get(id)?.lose({ fleet: 'TASK' });
    await turn(1000);
    expect((await stepOf(emr, id, one)).state).toBe('RUNNING');
  });

  it('does not outlive its master, and breaks its step off', async () => {
    const id = await up();
    const { StepIds: [one = ''] = [] } = await emr.send(
      new AddJobFlowStepsCommand({ JobFlowId: id, Steps: [step('one')] }),
    );
    emulator.clusters.get(id)?.lose({ fleet: 'MASTER' });
    await turn(300);
    expect(await clusterOf(emr, id)).toMatchObject({
      state: 'TERMINATED_WITH_ERRORS',
      reason: { Code: 'INSTANCE_FAILURE' },
    });
    expect((await stepOf(emr, id, one)).state).toBe('INTERRUPTED');
  });
});

describe('a step', () => {
  it('fails with what it was told to say', async () => {
    const id = await up();
    emulator.switches.add({ kind: 'step-failure', times: 1, code: 13, stderr: 'java.io.IOException: disk\n' });
    const { StepIds: [one = '', two = ''] = [] } = await emr.send(
      new AddJobFlowStepsCommand({ JobFlowId: id, Steps: [step('one'), step('two')] }),
    );
    await turn(0);
    await setImmediate();
    expect(await stepOf(emr, id, one)).toMatchObject({
      state: 'FAILED',
      failure: { Message: 'java.io.IOException: disk' },
    });
    expect((await stepOf(emr, id, two)).state).toBe('RUNNING');
    expect(executor.ran.map(({ stepId }) => stepId)).toEqual([two]);
  });

  it('is started with too small a heap', async () => {
    const id = await up({ StepConcurrencyLevel: 2 });
    emulator.switches.add({ kind: 'out-of-memory', times: 1 });
    await emr.send(new AddJobFlowStepsCommand({ JobFlowId: id, Steps: [step('one'), step('two')] }));
    expect(executor.ran.map(({ starved }) => starved)).toEqual([true, false]);
  });
});

describe('the control endpoint', () => {
  const control = async (method: string, path: string, body?: object) => {
    const options = body === undefined ? { method } : { method, body: JSON.stringify(body) };
    const response = await fetch(`${emulator.endpoint}/_control/${path}`, options);
    return { status: response.status, answer: await response.json() };
  };

  it('adds, tells and clears rules', async () => {
    const rule = { kind: 'throttle', times: 3 };
    expect(await control('POST', 'rules', rule)).toEqual({ status: 200, answer: [rule] });
    expect(await control('GET', 'rules')).toEqual({ status: 200, answer: [rule] });
    await expect(list()).rejects.toThrow('Rate exceeded');
    expect(await control('DELETE', 'rules')).toEqual({ status: 200, answer: [] });
    await list();
    expect((await control('GET', 'calls')).answer).toMatchObject([
      { outcome: 'ThrottlingException' },
      { outcome: 'ok' },
    ]);
  });

  it('takes a machine away', async () => {
    const id = await up();
    expect((await control('POST', 'loss', { cluster: id, fleet: 'TASK' })).status).toBe(200);
    expect(await markets(id)).toEqual(['SPOT TERMINATED', 'SPOT RUNNING']);
  });

  it.each([
    ['a rule that nobody knows', 'POST', 'rules', { kind: 'typo' }, 400],
    ['a loss of no cluster', 'POST', 'loss', { cluster: 'j-NONE', fleet: 'TASK' }, 400],
    ['another path', 'GET', 'typo', undefined, 404],
  ])('refuses %s', async (_name, method, path, body, status) => {
    expect((await control(method, path, body)).status).toBe(status);
  });
});
