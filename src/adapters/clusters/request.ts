// A cluster as EMR is asked for it. Pure: the request is the whole truth about what is made.
import type { InstanceFleetConfig, RunJobFlowCommandInput, Tag } from '@aws-sdk/client-emr';
import { clusterName, clusterTags, type ClusterOwner } from '../../activities/cluster-port';
import type { ClusterOrder } from '../../contracts/cluster';
import type { ClusterFleet, ClusterShape } from '../../contracts/cluster-shape';

/** Beyond the idle time that its keeper allows: EMR ends what no keeper ends. */
const autoTerminationMarginSeconds = 15 * 60;

const sizes = ['large', 'xlarge', '2xlarge', '4xlarge', '8xlarge', '16xlarge'];

/** Twice as large, in the same family; the largest stays. */
function doubled(type: string): string {
  const [family = '', size = ''] = type.split('.');
  const larger = sizes[sizes.indexOf(size) + 1];
  return sizes.includes(size) && larger !== undefined ? `${family}.${larger}` : type;
}

function grown(fleet: ClusterFleet, size: number, bigger: ClusterShape['bigger']): ClusterFleet {
  if (size === 1) return fleet;
  const named = bigger?.[Math.min(size - 2, bigger.length - 1)];
  if (named !== undefined) return { ...fleet, types: [{ type: named, weight: 1 }] };
  let { types } = fleet;
  for (let step = 1; step < size; step += 1) types = types.map(({ type, weight }) => ({ type: doubled(type), weight }));
  return { ...fleet, types };
}

function fleetOf(
  kind: 'MASTER' | 'CORE' | 'TASK',
  { types, onDemand, spot }: ClusterFleet,
  spotMinutes: number,
): InstanceFleetConfig {
  const launch = {
    OnDemandSpecification: { AllocationStrategy: 'lowest-price' as const },
    ...(spot === 0
      ? {}
      : {
          SpotSpecification: {
            AllocationStrategy: 'price-capacity-optimized' as const,
            TimeoutAction: 'SWITCH_TO_ON_DEMAND' as const,
            TimeoutDurationMinutes: spotMinutes,
          },
        }),
  };
  return {
    Name: kind.toLowerCase(),
    InstanceFleetType: kind,
    TargetOnDemandCapacity: onDemand,
    TargetSpotCapacity: spot,
    InstanceTypeConfigs: types.map(({ type, weight }) => ({ InstanceType: type, WeightedCapacity: weight })),
    LaunchSpecifications: launch,
  };
}

function tagsOf({ pool, member, pipeline, shape }: ClusterOrder, { namespace, workflowId }: ClusterOwner): Tag[] {
  const ours = {
    [clusterTags.owner]: workflowId,
    [clusterTags.namespace]: namespace,
    [clusterTags.pool]: pool,
    [clusterTags.pipeline]: pipeline,
    [clusterTags.member]: member,
  };
  return Object.entries({ ...shape.tags, ...ours }).map(([Key, Value]) => ({ Key, Value: Value.slice(0, 256) }));
}

export function runJobFlowRequest(order: ClusterOrder, owner: ClusterOwner): RunJobFlowCommandInput {
  const { shape, size } = order;
  const { primary, core, task, bigger, scaling, spotMinutes, subnets } = shape;
  const fleets = [
    fleetOf('MASTER', primary, spotMinutes),
    fleetOf('CORE', grown(core, size, bigger), spotMinutes),
    ...(task === undefined ? [] : [fleetOf('TASK', grown(task, size, bigger), spotMinutes)]),
  ];
  return {
    Name: clusterName(order),
    ReleaseLabel: shape.release,
    LogUri: `${shape.logs}/`,
    ServiceRole: shape.roles.service,
    JobFlowRole: shape.roles.instanceProfile,
    Applications: [{ Name: 'Spark' }],
    Configurations: [{ Classification: 'delta-defaults', Properties: { 'delta.enabled': 'true' } }],
    Instances: {
      InstanceFleets: fleets,
      ...(subnets.length === 0 ? {} : { Ec2SubnetIds: [...subnets] }),
      KeepJobFlowAliveWhenNoSteps: true,
      TerminationProtected: false,
    },
    StepConcurrencyLevel: shape.stepsAtOnce,
    AutoTerminationPolicy: { IdleTimeout: shape.idleSeconds + autoTerminationMarginSeconds },
    ...(scaling === undefined
      ? {}
      : {
          ManagedScalingPolicy: {
            ComputeLimits: {
              UnitType: 'InstanceFleetUnits',
              MinimumCapacityUnits: scaling.min,
              MaximumCapacityUnits: scaling.max,
              MaximumOnDemandCapacityUnits: scaling.max,
              MaximumCoreCapacityUnits: scaling.max,
            },
          },
        }),
    VisibleToAllUsers: true,
    Tags: tagsOf(order, owner),
  };
}
