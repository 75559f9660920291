// EmrApi over the SDK. One request a call: the SDK would repeat a submit whose answer was lost, and hide calls from the budget.
import {
  AddJobFlowStepsCommand,
  CancelStepsCommand,
  DescribeClusterCommand,
  DescribeStepCommand,
  ListStepsCommand,
  type Configuration,
  type Step,
  type StepState,
  type StepSummary,
} from '@aws-sdk/client-emr';
import type { ClusterView, EmrApi, StepView } from './api';
import type { EmrConnection } from '../../emr/client';

/** One request a call, see `EmrConnection`. */
export function createSdkApi({ client, asked }: EmrConnection): EmrApi {
  return {
    addStep: (cluster, { name, args, logUri, executionRole }) =>
      asked('addStep', cluster, async (limit) => {
        const monitoring =
          logUri === undefined
            ? {}
            : { StepMonitoringConfiguration: { S3MonitoringConfiguration: { LogUri: logUri } } };
        const step = {
          Name: name,
          // The only one that a cluster with several steps at a time takes.
          ActionOnFailure: 'CONTINUE' as const,
          HadoopJarStep: { Jar: 'command-runner.jar', Args: [...args] },
          ...monitoring,
        };
        const role = executionRole === undefined ? {} : { ExecutionRoleArn: executionRole };
        const command = new AddJobFlowStepsCommand({ JobFlowId: cluster, Steps: [step], ...role });
        return present((await client.send(command, limit)).StepIds?.[0], 'a step id');
      }),
    listSteps: (cluster, filter, marker) =>
      asked('listSteps', cluster, async (limit) => {
        const chosen = 'ids' in filter ? { StepIds: [...filter.ids] } : statesOf(filter.states);
        const page = marker === undefined ? {} : { Marker: marker };
        const answer = await client.send(new ListStepsCommand({ ClusterId: cluster, ...chosen, ...page }), limit);
        const steps = (answer.Steps ?? []).map(stepView);
        return { steps, ...(answer.Marker === undefined ? {} : { marker: answer.Marker }) };
      }),
    describeStep: (cluster, step) =>
      asked('describeStep', cluster, async (limit) => {
        const answer = await client.send(new DescribeStepCommand({ ClusterId: cluster, StepId: step }), limit);
        return stepView(present(answer.Step, 'a step'));
      }),
    cancelStep: (cluster, step, how) =>
      asked('cancelStep', cluster, async (limit) => {
        const StepCancellationOption = how === 'kill' ? 'TERMINATE_PROCESS' : 'SEND_INTERRUPT';
        // Its answer tells nothing that the next look does not.
        await client.send(
          new CancelStepsCommand({ ClusterId: cluster, StepIds: [step], StepCancellationOption }),
          limit,
        );
      }),
    describeCluster: (cluster) =>
      asked('describeCluster', cluster, async (limit) => {
        const { Cluster } = await client.send(new DescribeClusterCommand({ ClusterId: cluster }), limit);
        const { Status, ReleaseLabel, LogUri, Configurations } = present(Cluster, 'a cluster');
        const { Code, Message } = Status?.StateChangeReason ?? {};
        return {
          state: present(Status?.State, 'a state'),
          reason: defined({ code: Code, message: Message }),
          ...defined({ releaseLabel: ReleaseLabel, logUri: LogUri }),
          sparkDefaults: sparkDefaultsOf(Configurations),
        } satisfies ClusterView;
      }),
  };
}

const statesOf = (states: readonly string[] | undefined) =>
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- our words for them are EMR's
  states === undefined ? {} : { StepStates: [...states] as StepState[] };

function stepView({ Id, Name, Status, Config }: Step | StepSummary): StepView {
  const { State, StateChangeReason, FailureDetails, Timeline } = Status ?? {};
  const { Reason, Message, LogFile } = FailureDetails ?? {};
  return {
    id: present(Id, 'a step id'),
    name: Name ?? '',
    state: present(State, 'a state'),
    args: Config?.Args ?? [],
    ...defined({
      createdMs: Timeline?.CreationDateTime?.getTime(),
      startedMs: Timeline?.StartDateTime?.getTime(),
      reason: StateChangeReason?.Message,
      failure:
        FailureDetails === undefined ? undefined : defined({ reason: Reason, message: Message, logFile: LogFile }),
    }),
  };
}

const sparkDefaultsOf = (configurations: readonly Configuration[] = []): Readonly<Record<string, string>> =>
  Object.assign(
    {},
    ...configurations.flatMap(({ Classification, Properties }) =>
      Classification === 'spark-defaults' && Properties !== undefined ? [Properties] : [],
    ),
  );

type Defined<T> = { -readonly [Key in keyof T]?: Exclude<T[Key], undefined> };

/** Only the keys that have a value. */
function defined<T extends object>(values: T): Defined<T> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what is undefined is left out
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as Defined<T>;
}

function present<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new TypeError(`EMR answered without ${what}`);
  return value;
}
