// What the tests of the emulator share: a client as the product has it, requests, and waiting for a state.
import {
  DescribeClusterCommand,
  DescribeStepCommand,
  EMRClient,
  RunJobFlowCommand,
  type RunJobFlowInput,
  type StepConfig,
} from '@aws-sdk/client-emr';
import { setImmediate, setTimeout as delay } from 'node:timers/promises';
import type { HandClock } from './clock';
import type { EmrEmulator } from './emulator';

export function clientOf({ endpoint }: Pick<EmrEmulator, 'endpoint'>, maxAttempts = 1): EMRClient {
  return new EMRClient({
    endpoint,
    region: 'us-east-1',
    credentials: { accessKeyId: 'headgate', secretAccessKey: 'headgate-emulator' },
    maxAttempts,
  });
}

/** A cluster that waits, of an on-demand master and a Spot task fleet. */
export const flow: RunJobFlowInput = {
  Name: 'a cluster',
  ReleaseLabel: 'emr-spark-8.2.0',
  LogUri: 's3://logs/emr/',
  ServiceRole: 'service-role',
  JobFlowRole: 'machine-role',
  Applications: [{ Name: 'Spark' }],
  Configurations: [{ Classification: 'delta-defaults', Properties: { 'delta.enabled': 'true' } }],
  Instances: {
    KeepJobFlowAliveWhenNoSteps: true,
    InstanceFleets: [
      { InstanceFleetType: 'MASTER', TargetOnDemandCapacity: 1, InstanceTypeConfigs: [{ InstanceType: 'm7g.xlarge' }] },
      {
        InstanceFleetType: 'CORE',
        TargetOnDemandCapacity: 2,
        InstanceTypeConfigs: [{ InstanceType: 'm7g.2xlarge', WeightedCapacity: 2 }],
      },
      {
        InstanceFleetType: 'TASK',
        TargetSpotCapacity: 4,
        InstanceTypeConfigs: [{ InstanceType: 'm7g.2xlarge', WeightedCapacity: 2 }],
        LaunchSpecifications: {
          SpotSpecification: {
            TimeoutDurationMinutes: 10,
            TimeoutAction: 'SWITCH_TO_ON_DEMAND',
            AllocationStrategy: 'price-capacity-optimized',
          },
        },
      },
    ],
  },
};

/** The id of a cluster like `flow`. */
export const runFlow = async (client: EMRClient, more: Partial<RunJobFlowInput> = {}): Promise<string> =>
  (await client.send(new RunJobFlowCommand({ ...flow, ...more }))).JobFlowId ?? '';

/** Turns the clock, then lets what steps have promised come true. */
export async function turnClock(clock: HandClock, ms: number): Promise<void> {
  clock.turn(ms);
  await setImmediate();
}

export const step = (
  name: string,
  args: readonly string[] = ['spark-submit', 'x.py'],
  more: Partial<StepConfig> = {},
): StepConfig => ({
  Name: name,
  ActionOnFailure: 'CONTINUE',
  HadoopJarStep: { Jar: 'command-runner.jar', Args: [...args] },
  ...more,
});

export async function clusterOf(client: EMRClient, id: string) {
  const { Cluster: cluster } = await client.send(new DescribeClusterCommand({ ClusterId: id }));
  return { state: cluster?.Status?.State, reason: cluster?.Status?.StateChangeReason, cluster };
}

export async function stepOf(client: EMRClient, cluster: string, id: string) {
  const { Step: found } = await client.send(new DescribeStepCommand({ ClusterId: cluster, StepId: id }));
  return { state: found?.Status?.State, failure: found?.Status?.FailureDetails, step: found };
}

/** Asks until the answer is one of the wanted. */
export async function until<T>(ask: () => Promise<T>, isWanted: (answer: T) => boolean, seconds = 60): Promise<T> {
  for (const end = Date.now() + seconds * 1000; ; await delay(100)) {
    const answer = await ask();
    if (isWanted(answer)) return answer;
    if (Date.now() > end) throw new Error(`after ${seconds} s it is still ${JSON.stringify(answer)}`);
  }
}
