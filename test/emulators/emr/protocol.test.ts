// The protocol, through the unmodified client and raw: what is served, what is refused and how, pages and filters.
import {
  AddJobFlowStepsCommand,
  AddTagsCommand,
  DescribeClusterCommand,
  DescribeReleaseLabelCommand,
  GetAutoTerminationPolicyCommand,
  GetManagedScalingPolicyCommand,
  ListBootstrapActionsCommand,
  ListClustersCommand,
  ListInstanceFleetsCommand,
  ListInstancesCommand,
  ListReleaseLabelsCommand,
  ListStepsCommand,
  paginateListSteps,
  PutAutoTerminationPolicyCommand,
  PutManagedScalingPolicyCommand,
  RemoveTagsCommand,
  TerminateJobFlowsCommand,
  type EMRClient,
} from '@aws-sdk/client-emr';
import { HandClock } from './clock';
import { startEmrEmulator, type EmrEmulator } from './emulator';
import { ScriptedExecutor, untilEnded } from './executor';
import { clientOf, clusterOf, flow, runFlow, step } from './support';

let clock: HandClock;
let emulator: EmrEmulator;
let emr: EMRClient;

beforeEach(async () => {
  clock = new HandClock();
  emulator = await startEmrEmulator({ clock, executor: new ScriptedExecutor(untilEnded) });
  emr = clientOf(emulator);
});

afterEach(async () => {
  emr.destroy();
  await emulator.stop();
});

const run = (more: object = {}): Promise<string> => runFlow(emr, more);

/** As no SDK would send it. */
async function raw(target: string, body: string, authorization = signed): Promise<{ status: number; answer: unknown }> {
  const headers = { 'x-amz-target': target, 'content-type': 'application/x-amz-json-1.1', authorization };
  const response = await fetch(emulator.endpoint, { method: 'POST', body, headers });
  return { status: response.status, answer: await response.json() };
}

const signed =
  'AWS4-HMAC-SHA256 Credential=headgate/20260101/us-east-1/elasticmapreduce/aws4_request, SignedHeaders=host, Signature=0';

describe('a request against the model', () => {
  const cases: readonly (readonly [string, string, unknown, string])[] = [
    ['an unknown member', 'DescribeCluster', { ClusterId: 'j-1', Clusterid: 'j-1' }, "Unknown member 'Clusterid'"],
    [
      'an unknown member deep inside',
      'RunJobFlow',
      { Name: 'x', Instances: { InstanceFleets: [{ InstanceFleetType: 'CORE', Spot: 1 }] } },
      "Unknown member 'Spot'",
    ],
    ['a text for a number', 'ModifyCluster', { ClusterId: 'j-1', StepConcurrencyLevel: '2' }, 'a number'],
    [
      'a fraction for a whole number',
      'ModifyCluster',
      { ClusterId: 'j-1', StepConcurrencyLevel: 1.5 },
      'a whole number',
    ],
    ['a number for a text', 'DescribeCluster', { ClusterId: 1 }, 'a string'],
    ['a text for a time', 'ListClusters', { CreatedAfter: '2026-01-01' }, 'a timestamp'],
    ['a text for a list', 'TerminateJobFlows', { JobFlowIds: 'j-1' }, 'a list'],
    ['a missing member', 'DescribeStep', { ClusterId: 'j-1' }, "'DescribeStep.StepId'"],
    [
      'a missing member of an item',
      'AddJobFlowSteps',
      { JobFlowId: 'j-1', Steps: [{ Name: 'x' }] },
      'Steps[0].HadoopJarStep',
    ],
    ['a value outside an enumeration', 'ListClusters', { ClusterStates: ['IDLE'] }, "not 'IDLE'"],
    ['a name of 257 characters', 'RunJobFlow', { Name: 'n'.repeat(257), Instances: {} }, 'at most 256 characters'],
    [
      'an argument of 10,281 characters',
      'AddJobFlowSteps',
      { JobFlowId: 'j-1', Steps: [step('x', ['a'.repeat(10_281)])] },
      'at most 10280',
    ],
    [
      'a negative capacity',
      'RunJobFlow',
      { Name: 'x', Instances: { InstanceFleets: [{ InstanceFleetType: 'CORE', TargetSpotCapacity: -1 }] } },
      'at least 0',
    ],
  ];
  it.each(cases)('with %s is refused', async (_name, operation, body, told) => {
    const { status, answer } = await raw(`ElasticMapReduce.${operation}`, JSON.stringify(body));
    expect({ status, answer }).toEqual({
      status: 400,
      answer: { __type: 'ValidationException', message: expect.stringContaining(told) },
    });
    expect(emulator.clusters.size).toBe(0);
  });

  it('leaves out what is null', async () => {
    const { status } = await raw('ElasticMapReduce.ListClusters', JSON.stringify({ Marker: null }));
    expect(status).toBe(200);
  });

  it.each([
    ['an operation that nobody knows', 'ElasticMapReduce.MakeCoffee', '{}', signed, 400, 'UnknownOperationException'],
    ['one that is not served', 'ElasticMapReduce.ListStudios', '{}', signed, 400, 'UnknownOperationException'],
    ['no operation', '', '{}', signed, 400, 'UnknownOperationException'],
    ['no JSON', 'ElasticMapReduce.ListClusters', '{', signed, 400, 'SerializationException'],
    ['no signature', 'ElasticMapReduce.ListClusters', '{}', '', 400, 'MissingAuthenticationTokenException'],
    [
      'one for another service',
      'ElasticMapReduce.ListClusters',
      '{}',
      signed.replace('elasticmapreduce', 's3'),
      400,
      'InvalidSignatureException',
    ],
  ])('refuses %s', async (_name, target, body, authorization, status, type) => {
    expect(await raw(target, body, authorization)).toEqual({
      status,
      answer: expect.objectContaining({ __type: type }),
    });
  });
});

it('tells a client of an unknown cluster, flow and step as EMR does', async () => {
  await expect(emr.send(new DescribeClusterCommand({ ClusterId: 'j-NONE' }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
    message: "Cluster id 'j-NONE' is not valid.",
    $metadata: { httpStatusCode: 400 },
  });
  await expect(emr.send(new AddJobFlowStepsCommand({ JobFlowId: 'j-NONE', Steps: [step('x')] }))).rejects.toMatchObject(
    {
      name: 'ValidationException',
      message: 'Specified job flow ID not valid.',
    },
  );
  const id = await run();
  await expect(emr.send(new ListStepsCommand({ ClusterId: id, StepIds: ['s-NONE'] }))).rejects.toMatchObject({
    name: 'InvalidRequestException',
  });
});

it('answers with what was asked for, and times as times', async () => {
  const id = await run({
    Tags: [{ Key: 'owner', Value: 'run/1' }],
    ManagedScalingPolicy: {
      ComputeLimits: { UnitType: 'InstanceFleetUnits', MinimumCapacityUnits: 2, MaximumCapacityUnits: 8 },
    },
    AutoTerminationPolicy: { IdleTimeout: 60 },
    BootstrapActions: [{ Name: 'b', ScriptBootstrapAction: { Path: 's3://code/b.sh', Args: ['1'] } }],
  });
  const { cluster } = await clusterOf(emr, id);
  expect(cluster).toMatchObject({
    Id: id,
    Name: flow.Name,
    ReleaseLabel: flow.ReleaseLabel,
    LogUri: flow.LogUri,
    InstanceCollectionType: 'INSTANCE_FLEET',
    AutoTerminate: false,
    Tags: [{ Key: 'owner', Value: 'run/1' }],
    Status: { State: 'STARTING', Timeline: { CreationDateTime: new Date(clock.now()) } },
  });
  expect(await emr.send(new GetManagedScalingPolicyCommand({ ClusterId: id }))).toMatchObject({
    ManagedScalingPolicy: { ComputeLimits: { MaximumCapacityUnits: 8 } },
  });
  const policy = {
    ComputeLimits: { UnitType: 'Instances', MinimumCapacityUnits: 1, MaximumCapacityUnits: 3 },
  } as const;
  await emr.send(new PutManagedScalingPolicyCommand({ ClusterId: id, ManagedScalingPolicy: policy }));
  expect((await emr.send(new GetManagedScalingPolicyCommand({ ClusterId: id }))).ManagedScalingPolicy).toEqual(policy);
  await emr.send(new PutAutoTerminationPolicyCommand({ ClusterId: id, AutoTerminationPolicy: { IdleTimeout: 90 } }));
  const { AutoTerminationPolicy: auto } = await emr.send(new GetAutoTerminationPolicyCommand({ ClusterId: id }));
  expect(auto).toEqual({ IdleTimeout: 90 });
  const { BootstrapActions: actions } = await emr.send(new ListBootstrapActionsCommand({ ClusterId: id }));
  expect(actions).toEqual([{ Name: 'b', ScriptPath: 's3://code/b.sh', Args: ['1'] }]);

  await emr.send(new AddTagsCommand({ ResourceId: id, Tags: [{ Key: 'lease', Value: 'a' }] }));
  await emr.send(new RemoveTagsCommand({ ResourceId: id, TagKeys: ['owner'] }));
  expect((await clusterOf(emr, id)).cluster?.Tags).toEqual([{ Key: 'lease', Value: 'a' }]);
});

it('tells fleets and machines by market, as far as they came', async () => {
  const id = await run();
  const fleets = async () =>
    ((await emr.send(new ListInstanceFleetsCommand({ ClusterId: id }))).InstanceFleets ?? []).map((fleet) => [
      fleet.InstanceFleetType,
      fleet.Status?.State,
      fleet.ProvisionedOnDemandCapacity,
      fleet.ProvisionedSpotCapacity,
    ]);
  expect(await fleets()).toEqual([
    ['MASTER', 'PROVISIONING', 0, 0],
    ['CORE', 'PROVISIONING', 0, 0],
    ['TASK', 'PROVISIONING', 0, 0],
  ]);
  clock.turn(1500);
  expect(await fleets()).toEqual([
    ['MASTER', 'RUNNING', 1, 0],
    ['CORE', 'RUNNING', 2, 0],
    ['TASK', 'RUNNING', 0, 4],
  ]);
  const spot = await emr.send(new ListInstancesCommand({ ClusterId: id, InstanceFleetType: 'TASK' }));
  expect(spot.Instances?.map(({ Market, Status }) => [Market, Status?.State])).toEqual([
    ['SPOT', 'RUNNING'],
    ['SPOT', 'RUNNING'],
  ]);
  const { Instances: all = [] } = await emr.send(
    new ListInstancesCommand({ ClusterId: id, InstanceStates: ['RUNNING'] }),
  );
  expect(all).toHaveLength(4);
  expect(all[0]?.Status?.Timeline?.ReadyDateTime).toEqual(new Date(clock.now()));
});

it('pages steps by fifty, newest first, and filters by state and by ten ids at most', async () => {
  const id = await run();
  const ids: string[] = [];
  for (let batch = 0; batch < 3; batch += 1) {
    const steps = Array.from({ length: 40 }, (_, index) => step(`step ${batch * 40 + index}`));
    ids.push(...((await emr.send(new AddJobFlowStepsCommand({ JobFlowId: id, Steps: steps }))).StepIds ?? []));
  }
  clock.turn(1500);
  const pages: number[] = [];
  const listed: (string | undefined)[] = [];
  for await (const { Steps: steps = [] } of paginateListSteps({ client: emr }, { ClusterId: id })) {
    pages.push(steps.length);
    listed.push(...steps.map((one) => one.Id));
  }
  expect(pages).toEqual([50, 50, 20]);
  expect(listed).toEqual(ids.toReversed());

  const running = await emr.send(new ListStepsCommand({ ClusterId: id, StepStates: ['RUNNING'] }));
  expect(running.Steps?.map((one) => one.Id)).toEqual(ids.slice(0, 1));
  const some = await emr.send(new ListStepsCommand({ ClusterId: id, StepIds: ids.slice(3, 5) }));
  expect(some.Steps).toHaveLength(2);
  await expect(emr.send(new ListStepsCommand({ ClusterId: id, StepIds: ids.slice(0, 11) }))).rejects.toThrow(
    'At most 10',
  );
  await expect(emr.send(new ListStepsCommand({ ClusterId: id, Marker: 'none' }))).rejects.toThrow('Marker');
});

it('pages clusters by fifty, filters by state and time, and keeps no order', async () => {
  const ids: string[] = [];
  for (let index = 0; index < 60; index += 1) {
    if (index === 50) clock.turn(1000);
    ids.push(await run());
  }
  const first = await emr.send(new ListClustersCommand({}));
  const second = await emr.send(new ListClustersCommand({ Marker: first.Marker }));
  expect([first.Clusters?.length, second.Clusters?.length, second.Marker]).toEqual([50, 10, undefined]);
  const listed = [...(first.Clusters ?? []), ...(second.Clusters ?? [])].map(({ Id }) => Id);
  expect(new Set(listed)).toEqual(new Set(ids));
  expect(listed).not.toEqual(ids.toReversed());

  const later = await emr.send(new ListClustersCommand({ CreatedAfter: new Date(clock.now()) }));
  expect(new Set(later.Clusters?.map(({ Id }) => Id))).toEqual(new Set(ids.slice(50)));
  const before = await emr.send(new ListClustersCommand({ CreatedBefore: new Date(clock.now() - 1) }));
  expect(before.Clusters).toHaveLength(50);
  await emr.send(new TerminateJobFlowsCommand({ JobFlowIds: ids.slice(0, 2) }));
  const ending = await emr.send(new ListClustersCommand({ ClusterStates: ['TERMINATING'] }));
  expect(new Set(ending.Clusters?.map(({ Id }) => Id))).toEqual(new Set(ids.slice(0, 2)));
});

it('knows releases, and runs no other', async () => {
  const { ReleaseLabels: labels } = await emr.send(new ListReleaseLabelsCommand({ Filters: { Prefix: 'emr-spark' } }));
  expect(labels).toContain('emr-spark-8.2.0');
  const { Applications: applications } = await emr.send(
    new DescribeReleaseLabelCommand({ ReleaseLabel: 'emr-7.13.0' }),
  );
  expect(applications).toContainEqual({ Name: 'Spark', Version: '3.5.6' });
  await expect(run({ ReleaseLabel: 'emr-8.2.0' })).rejects.toThrow('release label');
});

it('logs every call with its parameters and outcome', async () => {
  const id = await run();
  await clusterOf(emr, 'j-NONE').catch(() => {});
  expect(emulator.calls).toMatchObject([
    { operation: 'RunJobFlow', outcome: 'ok', parameters: { Name: flow.Name }, at: new Date(clock.now()) },
    { operation: 'DescribeCluster', outcome: 'InvalidRequestException', parameters: { ClusterId: 'j-NONE' } },
  ]);
  expect(id).toMatch(/^j-[A-Z0-9]{13}$/);
});
