// A second, independent parser: botocore's model agrees with ours, what our client sends and what the emulator answers pass there too.
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import {
  AddJobFlowStepsCommand,
  AddTagsCommand,
  CancelStepsCommand,
  DescribeClusterCommand,
  DescribeReleaseLabelCommand,
  DescribeStepCommand,
  GetAutoTerminationPolicyCommand,
  GetManagedScalingPolicyCommand,
  ListBootstrapActionsCommand,
  ListClustersCommand,
  ListInstanceFleetsCommand,
  ListInstancesCommand,
  ListReleaseLabelsCommand,
  ListStepsCommand,
  ModifyClusterCommand,
  PutAutoTerminationPolicyCommand,
  PutManagedScalingPolicyCommand,
  RemoveAutoTerminationPolicyCommand,
  RemoveManagedScalingPolicyCommand,
  RemoveTagsCommand,
  RunJobFlowCommand,
  SetKeepJobFlowAliveWhenNoStepsCommand,
  SetTerminationProtectionCommand,
  TerminateJobFlowsCommand,
  type EMRClient,
} from '@aws-sdk/client-emr';
import { setImmediate } from 'node:timers/promises';
import { ensureTools } from '../../../src/setup/tools';
import { HandClock } from './clock';
import { startEmrEmulator, type EmrEmulator } from './emulator';
import { ScriptedExecutor, untilEnded } from './executor';
import { operationOf, shapeOf, type Shape } from './model';
import { enums, limits, real } from './model-limits';
import { servedNames } from './served-names';
import { clientOf, flow, step } from './support';

type Exchange = {
  readonly operation: string;
  readonly request: unknown;
  readonly status: number;
  readonly headers: object;
  readonly response: string;
};

let python: string;
let clock: HandClock;
let emulator: EmrEmulator;
let emr: EMRClient;
let exchanges: Exchange[];

beforeAll(async () => {
  ({ python } = await ensureTools('test'));
});

beforeEach(async () => {
  clock = new HandClock();
  emulator = await startEmrEmulator({ clock, executor: new ScriptedExecutor(untilEnded) });
  emr = clientOf(emulator);
  exchanges = [];
  record(emr);
});

afterEach(async () => {
  emr.destroy();
  await emulator.stop();
});

type Sent = { readonly headers: Record<string, string>; readonly body: Uint8Array };
type Received = { readonly statusCode: number; readonly headers: object; body: Readable };

/** Notes what goes over the wire, both ways. */
function record(client: EMRClient): void {
  client.middlewareStack.add(
    (next) => async (input) => {
      const answer = await next(input);
      const [sent, received] = [input.request as Sent, answer.response as Received];
      const chunks: Buffer[] = [];
      for await (const chunk of received.body) chunks.push(Buffer.from(chunk));
      const body = Buffer.concat(chunks);
      received.body = Readable.from([body]);
      exchanges.push({
        operation: sent.headers['x-amz-target']?.replace('ElasticMapReduce.', '') ?? '',
        request: JSON.parse(new TextDecoder().decode(sent.body)),
        status: received.statusCode,
        headers: received.headers,
        response: body.toString(),
      });
      return answer;
    },
    { step: 'deserialize', priority: 'low', name: 'record' },
  );
}

function botocore(args: readonly string[], input = ''): unknown {
  const script = join(__dirname, 'second_opinion.py');
  const { status, stdout, stderr } = spawnSync(python, ['-I', script, ...args], { input, encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return JSON.parse(stdout);
}

const judged = (): unknown => botocore(['exchanges'], JSON.stringify(exchanges));

/** What the emulator knows of every member that its operations take, told as `second_opinion.py model` tells it. */
function ownModel(): Record<string, object> {
  const found: Record<string, object> = {};
  const told = (shape: Shape, key: string): object => {
    const type = shape.kind === 'number' ? (real.includes(key) ? 'real' : 'whole') : shape.kind;
    const allowed = enums[key];
    return { type, ...(allowed === undefined ? {} : { enum: allowed.toSorted() }), ...limits[key] };
  };
  const visit = (shape: Shape, key: string, more: object): void => {
    if (found[key] !== undefined) return;
    found[key] = { ...told(shape, key), ...more };
    walk(shape, key);
  };
  const walk = (shape: Shape, key: string): void => {
    if (shape.kind === 'list') visit(shapeOf(shape.member), `${key}[]`, {});
    if (shape.kind === 'map') {
      visit({ kind: 'string' }, `${key}{k}`, {});
      visit(shapeOf(shape.member), `${key}{v}`, {});
    }
    if (shape.kind !== 'structure') return;
    for (const { name, schema, required } of shape.members)
      visit(shapeOf(schema), `${shape.name}.${name}`, { required });
  };
  for (const name of servedNames) walk(operationOf(name)?.input ?? { kind: 'unit' }, name);
  return found;
}

it('has the same model of every request: members, types, enumerations, limits, what is required', () => {
  const theirs = botocore(['model', ...servedNames]) as Record<string, object>;
  expect(Object.keys(theirs).length).toBeGreaterThan(200);
  expect(ownModel()).toEqual(theirs);
});

async function sendEverything(): Promise<void> {
  const started = await emr.send(
    new RunJobFlowCommand({
      ...flow,
      Tags: [
        { Key: 'owner', Value: 'run/customer-sales/3f0c9a51' },
        { Key: 'cost', Value: 'customer-sales' },
      ],
      StepConcurrencyLevel: 2,
      EbsRootVolumeSize: 64,
      VisibleToAllUsers: true,
      ScaleDownBehavior: 'TERMINATE_AT_TASK_COMPLETION',
      AutoTerminationPolicy: { IdleTimeout: 600 },
      ManagedScalingPolicy: {
        ComputeLimits: {
          UnitType: 'InstanceFleetUnits',
          MinimumCapacityUnits: 2,
          MaximumCapacityUnits: 16,
          MaximumOnDemandCapacityUnits: 4,
          MaximumCoreCapacityUnits: 4,
        },
        ScalingStrategy: 'ADVANCED',
        UtilizationPerformanceIndex: 50,
      },
      BootstrapActions: [{ Name: 'packages', ScriptBootstrapAction: { Path: 's3://code/b.sh', Args: [] } }],
      Steps: [step('first', ['spark-submit', '--deploy-mode', 'client', 's3://code/main.py', '{"a": "ü"}'])],
    }),
  );
  const id = started.JobFlowId ?? '';
  const of = { ClusterId: id };
  clock.turn(1500);
  const added = await emr.send(
    new AddJobFlowStepsCommand({
      JobFlowId: id,
      Steps: [
        step('second', ['spark-submit', 'x.py'], {
          StepMonitoringConfiguration: { S3MonitoringConfiguration: { LogUri: 's3://logs/steps' } },
        }),
        step('third'),
      ],
      ExecutionRoleArn: 'arn:aws:iam::000000000000:role/step',
    }),
  );
  const [second = '', third = ''] = added.StepIds ?? [];
  await emr.send(new DescribeClusterCommand(of));
  await emr.send(new ListClustersCommand({ CreatedAfter: new Date(0), ClusterStates: ['RUNNING', 'WAITING'] }));
  await emr.send(new CancelStepsCommand({ ...of, StepIds: [second, third], StepCancellationOption: 'SEND_INTERRUPT' }));
  await setImmediate();
  await emr.send(new CancelStepsCommand({ ...of, StepIds: [second], StepCancellationOption: 'TERMINATE_PROCESS' }));
  emulator.switches.add({ kind: 'step-failure', times: 1 });
  await emr.send(new AddJobFlowStepsCommand({ JobFlowId: id, Steps: [step('bad')] }));
  clock.turn(0);
  await setImmediate();
  await emr.send(new ListStepsCommand({ ...of, StepStates: ['RUNNING', 'CANCELLED', 'FAILED'] }));
  await emr.send(new ListStepsCommand({ ...of, StepIds: [second] }));
  await emr.send(new DescribeStepCommand({ ...of, StepId: second }));
  await emr.send(new ListInstanceFleetsCommand(of));
  emulator.clusters.get(id)?.lose({ fleet: 'TASK' });
  await emr.send(
    new ListInstancesCommand({ ...of, InstanceFleetType: 'TASK', InstanceStates: ['RUNNING', 'TERMINATED'] }),
  );
  await emr.send(new ListBootstrapActionsCommand(of));
  await emr.send(new AddTagsCommand({ ResourceId: id, Tags: [{ Key: 'lease', Value: 'run/1' }] }));
  await emr.send(new RemoveTagsCommand({ ResourceId: id, TagKeys: ['lease'] }));
  await emr.send(new PutAutoTerminationPolicyCommand({ ...of, AutoTerminationPolicy: { IdleTimeout: 60 } }));
  await emr.send(new GetAutoTerminationPolicyCommand(of));
  await emr.send(new RemoveAutoTerminationPolicyCommand(of));
  const limit = { UnitType: 'VCPU', MinimumCapacityUnits: 4, MaximumCapacityUnits: 8 } as const;
  await emr.send(new PutManagedScalingPolicyCommand({ ...of, ManagedScalingPolicy: { ComputeLimits: limit } }));
  await emr.send(new GetManagedScalingPolicyCommand(of));
  await emr.send(new RemoveManagedScalingPolicyCommand(of));
  await emr.send(new SetTerminationProtectionCommand({ JobFlowIds: [id], TerminationProtected: true }));
  await emr.send(new TerminateJobFlowsCommand({ JobFlowIds: [id] })).catch(() => {});
  await emr.send(new SetTerminationProtectionCommand({ JobFlowIds: [id], TerminationProtected: false }));
  await emr.send(new SetKeepJobFlowAliveWhenNoStepsCommand({ JobFlowIds: [id], KeepJobFlowAliveWhenNoSteps: true }));
  await emr.send(new ModifyClusterCommand({ ...of, StepConcurrencyLevel: 4 }));
  await emr.send(new ListReleaseLabelsCommand({ Filters: { Prefix: 'emr-' }, MaxResults: 2 }));
  await emr.send(new DescribeReleaseLabelCommand({ ReleaseLabel: 'emr-7.13.0' }));
  await emr.send(new DescribeClusterCommand({ ClusterId: 'j-NONE' })).catch(() => {});
  await emr.send(new TerminateJobFlowsCommand({ JobFlowIds: [id] }));
  clock.turn(300);
  await setImmediate();
  await emr.send(new DescribeClusterCommand(of));
  await emr.send(new ListInstancesCommand(of));
}

it('sends and answers every operation so that botocore has nothing to say against it', async () => {
  await sendEverything();
  expect(new Set(exchanges.map(({ operation }) => operation))).toEqual(new Set(servedNames));
  expect(exchanges.filter(({ status }) => status >= 400)).toHaveLength(2);
  expect(judged()).toEqual([]);
});

it('would be told of a wrong request, a wrong answer and an error of another form', () => {
  const exchange = {
    operation: 'DescribeCluster',
    request: { ClusterId: 'j-1' },
    status: 200,
    headers: {},
    response: '{}',
  };
  exchanges = [
    { ...exchange, request: { Id: 'j-1' } },
    { ...exchange, operation: 'ListClusters', request: { ClusterStates: ['IDLE'] } },
    { ...exchange, response: '{"Cluster": {"Id": "j-1", "State": "RUNNING"}}' },
    { ...exchange, response: '{"Cluster": {"Status": {"State": "IDLE"}}}' },
    { ...exchange, status: 400, response: '{"__type": "ValidationException"}' },
  ];
  expect(judged()).toEqual([
    expect.stringContaining('Missing required parameter in input: "ClusterId"'),
    expect.stringContaining("'IDLE' is none of"),
    expect.stringContaining('.State is not in the model'),
    expect.stringContaining("'IDLE' is none of"),
    expect.stringContaining('error of DescribeCluster'),
  ]);
});
