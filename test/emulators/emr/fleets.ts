// The machines of a cluster: how many of which market a fleet has, and what became of each.
import { randomUUID } from 'node:crypto';
import {
  InstanceFleetType,
  type Instance,
  type InstanceFleet,
  type InstanceFleetConfig,
  type InstanceFleetState,
  type InstanceStateChangeReasonCode,
  type JobFlowInstancesConfig,
  type MarketType,
} from '@aws-sdk/client-emr';
import { validation } from './errors';

export type Machine = {
  readonly instance: Instance & { readonly InstanceType: string };
  /** Units of the fleet's capacity. */
  readonly weight: number;
  readonly created: Date;
  ready?: Date;
  ended?: { readonly at: Date; readonly code: InstanceStateChangeReasonCode; readonly message: string };
};

const idOf = (prefix: string, length: number): string =>
  `${prefix}${randomUUID().replaceAll('-', '').slice(0, length).toUpperCase()}`;

/** A fleet for each group: without fleets EMR has groups, of one type and market each, which the calls here tell nothing of. */
function fleetsOf(instances: JobFlowInstancesConfig): readonly InstanceFleetConfig[] {
  const {
    InstanceFleets: fleets,
    InstanceGroups: groups,
    MasterInstanceType: master,
    SlaveInstanceType: slave,
  } = instances;
  if (fleets !== undefined) {
    if (groups !== undefined) throw validation('Instance fleets and instance groups are mutually exclusive.');
    return fleets;
  }
  if (groups !== undefined || master !== undefined || slave !== undefined) {
    throw validation('This emulator of EMR has instance fleets only: set Instances.InstanceFleets.');
  }
  throw validation('Instances.InstanceFleets is missing.');
}

export function checkedFleets(instances: JobFlowInstancesConfig): readonly InstanceFleetConfig[] {
  const fleets = fleetsOf(instances);
  for (const type of Object.values(InstanceFleetType)) {
    const count = fleets.filter((fleet) => fleet.InstanceFleetType === type).length;
    if (count > 1) throw validation(`There is more than one ${type} instance fleet.`);
    if (type === 'MASTER' && count === 0) throw validation('The MASTER instance fleet is missing.');
  }
  for (const fleet of fleets) checkFleet(fleet);
  return fleets;
}

function checkFleet(fleet: InstanceFleetConfig): void {
  const { InstanceFleetType: type, TargetOnDemandCapacity: onDemand = 0, TargetSpotCapacity: spot = 0 } = fleet;
  const types = fleet.InstanceTypeConfigs ?? [];
  if (types.length === 0) throw validation(`The ${type} instance fleet has no instance types.`);
  if (types.length > 30) throw validation(`The ${type} instance fleet has more than 30 instance types.`);
  if (onDemand + spot < 1) throw validation(`The ${type} instance fleet has no target capacity.`);
  if (type === 'MASTER' && !(onDemand + spot === 1)) {
    throw validation('The MASTER instance fleet has one of its target capacities at 1, and the other at 0.');
  }
  const minutes = fleet.LaunchSpecifications?.SpotSpecification?.TimeoutDurationMinutes;
  if (minutes !== undefined && (minutes < 5 || minutes > 1440)) {
    throw validation('The Spot provisioning timeout must lie between 5 and 1440 minutes.');
  }
}

export class Fleet {
  readonly id = idOf('if-', 13);
  readonly config: InstanceFleetConfig;
  readonly machines: Machine[] = [];
  /** Capacity of Spot that is bought on demand, as none was to be had. */
  #switched = 0;

  constructor(config: InstanceFleetConfig) {
    this.config = config;
  }

  get type(): InstanceFleetType | undefined {
    return this.config.InstanceFleetType;
  }

  get timeoutAction(): string {
    return this.config.LaunchSpecifications?.SpotSpecification?.TimeoutAction ?? 'TERMINATE_CLUSTER';
  }

  get wantsSpot(): boolean {
    return (this.config.TargetSpotCapacity ?? 0) > 0;
  }

  /** What was asked for on Spot and never came is bought on demand. */
  switchToOnDemand(now: Date): void {
    this.#switched = this.config.TargetSpotCapacity ?? 0;
    const came = this.machines.filter(({ instance, ready }) => instance.Market !== 'SPOT' || ready !== undefined);
    this.machines.splice(0, Infinity, ...came);
    this.provision(now);
  }

  /** Asks for what is missing to the targets. */
  provision(now: Date): void {
    const { TargetOnDemandCapacity: onDemand = 0, TargetSpotCapacity: spot = 0 } = this.config;
    this.#fill('ON_DEMAND', onDemand + this.#switched, now);
    this.#fill('SPOT', spot - this.#switched, now);
  }

  #fill(market: MarketType, target: number, now: Date): void {
    const type = this.config.InstanceTypeConfigs?.[0];
    if (type?.InstanceType === undefined) return;
    const weight = Math.max(1, type.WeightedCapacity ?? 1);
    while (this.#capacity(market) < target) {
      const address = [10, 0, ...Buffer.from(randomUUID().slice(0, 4), 'hex')].join('.');
      this.machines.push({
        weight,
        created: now,
        instance: {
          Id: idOf('ci-', 13),
          Ec2InstanceId: `i-0${randomUUID().replaceAll('-', '').slice(0, 16)}`,
          PrivateIpAddress: address,
          PrivateDnsName: `ip-${address.replaceAll('.', '-')}.ec2.internal`,
          InstanceFleetId: this.id,
          Market: market,
          InstanceType: type.InstanceType,
        },
      });
    }
  }

  #capacity(market: MarketType, readyOnly = false): number {
    return this.machines
      .filter(({ instance, ended }) => instance.Market === market && ended === undefined)
      .filter(({ ready }) => !readyOnly || ready !== undefined)
      .reduce((sum, { weight }) => sum + weight, 0);
  }

  allReady(now: Date): void {
    for (const machine of this.machines) machine.ready ??= now;
  }

  /** The first that runs of this market, or of any. */
  lose(market: MarketType | undefined, now: Date): Machine | undefined {
    const found = this.machines.find(
      ({ instance, ended }) => ended === undefined && (market === undefined || instance.Market === market),
    );
    if (found === undefined) return undefined;
    const message = 'Instance was terminated: the Spot capacity was taken back.';
    found.ended = { at: now, code: 'INSTANCE_FAILURE', message };
    return found;
  }

  end(now: Date): void {
    for (const machine of this.machines) {
      machine.ended ??= { at: now, code: 'CLUSTER_TERMINATED', message: 'Cluster was terminated.' };
    }
  }

  view(state: InstanceFleetState, created: Date): InstanceFleet {
    const { InstanceTypeConfigs: types, ...config } = this.config;
    return {
      Id: this.id,
      ...(config.Name === undefined ? {} : { Name: config.Name }),
      InstanceFleetType: config.InstanceFleetType,
      Status: { State: state, StateChangeReason: {}, Timeline: { CreationDateTime: created } },
      TargetOnDemandCapacity: config.TargetOnDemandCapacity ?? 0,
      TargetSpotCapacity: config.TargetSpotCapacity ?? 0,
      ProvisionedOnDemandCapacity: this.#capacity('ON_DEMAND', true),
      ProvisionedSpotCapacity: this.#capacity('SPOT', true),
      InstanceTypeSpecifications: (types ?? []).map(({ InstanceType, WeightedCapacity, BidPrice, Priority }) => ({
        InstanceType,
        WeightedCapacity: WeightedCapacity ?? 1,
        BidPrice,
        Priority,
      })),
      LaunchSpecifications: config.LaunchSpecifications,
    };
  }

  instances(): Instance[] {
    return this.machines.map(({ instance, created, ready, ended }) => ({
      ...instance,
      Status: {
        State: ended !== undefined ? 'TERMINATED' : ready !== undefined ? 'RUNNING' : 'PROVISIONING',
        StateChangeReason: ended === undefined ? {} : { Code: ended.code, Message: ended.message },
        Timeline: { CreationDateTime: created, ReadyDateTime: ready, EndDateTime: ended?.at },
      },
    }));
  }
}
