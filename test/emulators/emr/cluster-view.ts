// What the API tells of a cluster at one moment. Views are never changed, so that an older one can be told again.
import type {
  ClusterState,
  ClusterStateChangeReason,
  RunJobFlowInput,
  Cluster,
  ClusterSummary,
  Command,
  Instance,
  InstanceFleet,
  InstanceFleetState,
  Step,
} from '@aws-sdk/client-emr';
import type { Fleet } from './fleets';
import type { EmrStep } from './step';
import type { Surroundings } from './surroundings';

export type ClusterView = {
  readonly summary: ClusterSummary;
  readonly cluster: Cluster;
  /** Oldest first. */
  readonly steps: readonly Step[];
  readonly fleets: readonly InstanceFleet[];
  readonly instances: readonly Instance[];
  readonly bootstrapActions: readonly Command[];
};

/** What of a cluster is told. */
export interface Told {
  readonly id: string;
  readonly input: RunJobFlowInput;
  readonly around: Pick<Surroundings, 'region' | 'account'>;
  readonly state: ClusterState;
  readonly reason: ClusterStateChangeReason;
  readonly created: Date;
  readonly ready: Date | undefined;
  readonly ended: Date | undefined;
  readonly keepAlive: boolean;
  readonly isProtected: boolean;
  readonly concurrency: number;
  readonly tags: ReadonlyMap<string, string>;
  readonly fleets: readonly Fleet[];
  readonly steps: { readonly all: readonly EmrStep[] };
  now(): Date;
}

const fleetStates = {
  STARTING: 'PROVISIONING',
  BOOTSTRAPPING: 'BOOTSTRAPPING',
  RUNNING: 'RUNNING',
  WAITING: 'RUNNING',
  TERMINATING: 'TERMINATING',
  TERMINATED: 'TERMINATED',
  TERMINATED_WITH_ERRORS: 'TERMINATED',
} as const satisfies Record<ClusterState, InstanceFleetState>;

export function viewOf(cluster: Told): ClusterView {
  const { input, around } = cluster;
  const status = {
    State: cluster.state,
    StateChangeReason: { ...cluster.reason },
    Timeline: { CreationDateTime: cluster.created, ReadyDateTime: cluster.ready, EndDateTime: cluster.ended },
  };
  const summary: ClusterSummary = {
    Id: cluster.id,
    Name: input.Name,
    Status: status,
    NormalizedInstanceHours: normalizedHours(cluster),
    ClusterArn: `arn:aws:elasticmapreduce:${around.region}:${around.account}:cluster/${cluster.id}`,
  };
  return {
    summary,
    cluster: {
      ...summary,
      Ec2InstanceAttributes: {
        Ec2SubnetId: input.Instances?.Ec2SubnetId ?? input.Instances?.Ec2SubnetIds?.[0],
        RequestedEc2SubnetIds: input.Instances?.Ec2SubnetIds ?? [],
        IamInstanceProfile: input.JobFlowRole,
      },
      InstanceCollectionType: 'INSTANCE_FLEET',
      LogUri: input.LogUri,
      ReleaseLabel: input.ReleaseLabel,
      AutoTerminate: !cluster.keepAlive,
      TerminationProtected: cluster.isProtected,
      VisibleToAllUsers: input.VisibleToAllUsers ?? true,
      Applications: input.Applications ?? [],
      Tags: [...cluster.tags].map(([Key, Value]) => ({ Key, Value })),
      ServiceRole: input.ServiceRole,
      MasterPublicDnsName:
        cluster.ready === undefined ? undefined : cluster.fleets[0]?.machines[0]?.instance.PrivateDnsName,
      Configurations: input.Configurations ?? [],
      SecurityConfiguration: input.SecurityConfiguration,
      ScaleDownBehavior: input.ScaleDownBehavior ?? 'TERMINATE_AT_TASK_COMPLETION',
      EbsRootVolumeSize: input.EbsRootVolumeSize,
      StepConcurrencyLevel: cluster.concurrency,
    },
    steps: cluster.steps.all.map((step) => step.view()),
    fleets: cluster.fleets.map((fleet) => fleet.view(fleetStates[cluster.state], cluster.created)),
    instances: cluster.fleets.flatMap((fleet) => fleet.instances()),
    bootstrapActions: (input.BootstrapActions ?? []).map(({ Name, ScriptBootstrapAction: script }) => ({
      Name,
      ScriptPath: script?.Path,
      Args: script?.Args ?? [],
    })),
  };
}

const sizes: Readonly<Record<string, number>> = { medium: 2, large: 4, xlarge: 8 };

/** Hours of an m1.small, each begun hour of each machine counted by its size, as EMR does. */
function normalizedHours(cluster: Told): number {
  const now = cluster.now().getTime();
  return cluster.fleets
    .flatMap(({ machines }) => machines)
    .filter(({ ready }) => ready !== undefined)
    .reduce((sum, { instance, ready, ended }) => {
      const hours = Math.ceil(((ended?.at.getTime() ?? now) - (ready?.getTime() ?? now)) / 3_600_000) || 1;
      const [, times = '1', size = 'large'] = /\.(\d+)?(\w+)$/.exec(instance.InstanceType) ?? [];
      return sum + hours * Number(times) * (sizes[size] ?? 1);
    }, 0);
}
