// The clusters of one account and region, and the API over them: one handler for each operation. Reads go to views, which may be old.
import type * as sdk from '@aws-sdk/client-emr';
import { EmrCluster } from './cluster';
import type { ClusterView } from './cluster-view';
import { ApiError, flowEnded, invalidRequest, unknownCluster, unknownJobFlow, unknownStep, validation } from './errors';
import { page } from './paging';
import { releases } from './releases';
import type { Surroundings } from './surroundings';

type Clustered = { readonly ClusterId?: string | undefined };

/** What each operation takes and gives, as the SDK types it. */
export type Served = {
  AddJobFlowSteps: [sdk.AddJobFlowStepsInput, sdk.AddJobFlowStepsOutput];
  AddTags: [sdk.AddTagsInput, sdk.AddTagsOutput];
  CancelSteps: [sdk.CancelStepsInput, sdk.CancelStepsOutput];
  DescribeCluster: [sdk.DescribeClusterInput, sdk.DescribeClusterOutput];
  DescribeReleaseLabel: [sdk.DescribeReleaseLabelInput, sdk.DescribeReleaseLabelOutput];
  DescribeStep: [sdk.DescribeStepInput, sdk.DescribeStepOutput];
  GetAutoTerminationPolicy: [sdk.GetAutoTerminationPolicyInput, sdk.GetAutoTerminationPolicyOutput];
  GetManagedScalingPolicy: [sdk.GetManagedScalingPolicyInput, sdk.GetManagedScalingPolicyOutput];
  ListBootstrapActions: [sdk.ListBootstrapActionsInput, sdk.ListBootstrapActionsOutput];
  ListClusters: [sdk.ListClustersInput, sdk.ListClustersOutput];
  ListInstanceFleets: [sdk.ListInstanceFleetsInput, sdk.ListInstanceFleetsOutput];
  ListInstances: [sdk.ListInstancesInput, sdk.ListInstancesOutput];
  ListReleaseLabels: [sdk.ListReleaseLabelsInput, sdk.ListReleaseLabelsOutput];
  ListSteps: [sdk.ListStepsInput, sdk.ListStepsOutput];
  ModifyCluster: [sdk.ModifyClusterInput, sdk.ModifyClusterOutput];
  PutAutoTerminationPolicy: [sdk.PutAutoTerminationPolicyInput, sdk.PutAutoTerminationPolicyOutput];
  PutManagedScalingPolicy: [sdk.PutManagedScalingPolicyInput, sdk.PutManagedScalingPolicyOutput];
  RemoveAutoTerminationPolicy: [sdk.RemoveAutoTerminationPolicyInput, sdk.RemoveAutoTerminationPolicyOutput];
  RemoveManagedScalingPolicy: [sdk.RemoveManagedScalingPolicyInput, sdk.RemoveManagedScalingPolicyOutput];
  RemoveTags: [sdk.RemoveTagsInput, sdk.RemoveTagsOutput];
  RunJobFlow: [sdk.RunJobFlowInput, sdk.RunJobFlowOutput];
  SetKeepJobFlowAliveWhenNoSteps: [sdk.SetKeepJobFlowAliveWhenNoStepsInput, object];
  SetTerminationProtection: [sdk.SetTerminationProtectionInput, object];
  TerminateJobFlows: [sdk.TerminateJobFlowsInput, object];
};

export type ServedName = keyof Served;

/** `asOf`: reads tell what was true then. */
type Handlers = { [K in ServedName]: (input: Served[K][0], asOf: number) => Served[K][1] };

const openStates: ReadonlySet<unknown> = new Set(['PENDING', 'RUNNING', 'CANCEL_PENDING']);
const perPage = 50;
const maxStepIds = 10;
const maxFlowsToEnd = 10;

export class Account {
  readonly clusters = new Map<string, EmrCluster>();
  readonly #around: Surroundings;

  constructor(around: Surroundings) {
    this.#around = around;
  }

  serve<K extends ServedName>(name: K, input: Served[K][0], asOf: number): Served[K][1] {
    return this.#handlers[name](input, asOf);
  }

  /** Resolves when no process of any step is left. */
  async end(): Promise<void> {
    await Promise.all(
      [...this.clusters.values()].map((cluster) => cluster.steps.endAll('INTERRUPTED', 'The emulator ends.')),
    );
  }

  readonly #handlers: Handlers = {
    RunJobFlow: (input) => {
      if (!releases.some(({ label }) => label === input.ReleaseLabel)) {
        throw validation(`The supplied release label is invalid: ${input.ReleaseLabel}.`);
      }
      const refusal = this.#around.executor.refusal?.(input.ReleaseLabel ?? '');
      if (refusal !== undefined) throw validation(refusal);
      const cluster = new EmrCluster(input, this.#around);
      this.clusters.set(cluster.id, cluster);
      return { JobFlowId: cluster.id, ClusterArn: cluster.viewAt(Infinity)?.summary.ClusterArn };
    },
    DescribeCluster: (input, asOf) => ({ Cluster: this.#view(input, asOf).cluster }),
    ListClusters: ({ CreatedAfter: after, CreatedBefore: before, ClusterStates: states, Marker: marker }, asOf) => {
      const found = [...this.clusters.values()]
        .filter(
          ({ created }) => (after === undefined || created >= after) && (before === undefined || created <= before),
        )
        .flatMap((cluster) => cluster.viewAt(asOf)?.summary ?? [])
        .filter(({ Status: status }) => isIn(states, status?.State))
        // The service promises no order, so there is none by time.
        .toSorted((one, other) => String(one.Id).localeCompare(String(other.Id)));
      const { items, next } = page(found, marker, perPage);
      return { Clusters: items, Marker: next };
    },
    TerminateJobFlows: ({ JobFlowIds: ids = [] }) => {
      if (ids.length > maxFlowsToEnd) throw validation(`At most ${maxFlowsToEnd} job flows can be terminated at once.`);
      const flows = ids.map((id) => this.#flow(id));
      for (const cluster of flows)
        if (!cluster.isProtected) cluster.terminate('USER_REQUEST', 'Terminated by user request');
      if (flows.some(({ isProtected, isEnding }) => isProtected && !isEnding)) {
        throw validation('Could not shut down one or more job flows since they are termination protected.');
      }
      return {};
    },
    AddJobFlowSteps: ({ JobFlowId: id, Steps: steps = [], ExecutionRoleArn: role }) => ({
      StepIds: [...this.#flow(id).addSteps(steps, role)],
    }),
    ListSteps: (input, asOf) => {
      const { StepIds: ids, StepStates: states, Marker: marker } = input;
      if ((ids?.length ?? 0) > maxStepIds)
        throw invalidRequest(`At most ${maxStepIds} step ids can be asked for at once.`);
      const { steps } = this.#view(input, asOf);
      const unknown = ids?.find((id) => steps.every((step) => step.Id !== id));
      if (unknown !== undefined) throw unknownStep(unknown);
      const found = steps.filter(({ Id: id, Status: status }) => isIn(ids, id) && isIn(states, status?.State));
      // Newest first, as long as nothing is filtered.
      const ordered = ids === undefined && states === undefined ? found.toReversed() : found;
      const { items, next } = page(ordered, marker, perPage);
      return { Steps: items.map(summaryOf), Marker: next };
    },
    DescribeStep: (input, asOf) => {
      const step = this.#view(input, asOf).steps.find(({ Id: id }) => id === input.StepId);
      if (step === undefined) throw unknownStep(input.StepId);
      return { Step: step };
    },
    CancelSteps: (input) => {
      const cluster = this.#cluster(input);
      const infos = (input.StepIds ?? []).map((id): sdk.CancelStepsInfo => {
        const step = cluster.steps.all.find((one) => one.id === id);
        if (step === undefined) throw unknownStep(id);
        if (!openStates.has(step.state)) {
          return { StepId: id, Status: 'FAILED', Reason: `Step is in state ${step.state} and cannot be cancelled.` };
        }
        step.cancel(input.StepCancellationOption ?? 'SEND_INTERRUPT', cluster.now());
        return { StepId: id, Status: 'SUBMITTED' };
      });
      cluster.look();
      return { CancelStepsInfoList: infos };
    },
    ListInstances: (input, asOf) => {
      const { fleets, instances } = this.#view(input, asOf);
      const { InstanceFleetId: id, InstanceFleetType: type, InstanceStates: states, Marker: marker } = input;
      if (input.InstanceGroupId !== undefined || input.InstanceGroupTypes !== undefined) {
        throw invalidRequest('Instance fleets and instance groups are mutually exclusive.');
      }
      const ids = fleets
        .filter((fleet) => type === undefined || fleet.InstanceFleetType === type)
        .map((fleet) => fleet.Id);
      const found = instances
        .filter(({ InstanceFleetId: fleet }) => ids.includes(fleet) && (id === undefined || fleet === id))
        .filter(({ Status: status }) => isIn(states, status?.State));
      const { items, next } = page(found, marker, perPage);
      return { Instances: items, Marker: next };
    },
    ListInstanceFleets: (input, asOf) => ({ InstanceFleets: [...this.#view(input, asOf).fleets] }),
    ListBootstrapActions: (input, asOf) => ({ BootstrapActions: [...this.#view(input, asOf).bootstrapActions] }),
    AddTags: (input) => {
      this.#tagged(input.ResourceId).setTags(input.Tags ?? []);
      return {};
    },
    RemoveTags: (input) => {
      const cluster = this.#tagged(input.ResourceId);
      for (const key of input.TagKeys ?? []) cluster.tags.delete(key);
      cluster.changed();
      return {};
    },
    PutAutoTerminationPolicy: (input) => {
      this.#modifiable(input).setAutoTermination(input.AutoTerminationPolicy);
      return {};
    },
    RemoveAutoTerminationPolicy: (input) => {
      this.#modifiable(input).setAutoTermination(undefined);
      return {};
    },
    GetAutoTerminationPolicy: (input) => ({ AutoTerminationPolicy: this.#cluster(input).autoTermination }),
    PutManagedScalingPolicy: (input) => {
      this.#modifiable(input).managedScaling = input.ManagedScalingPolicy;
      return {};
    },
    RemoveManagedScalingPolicy: (input) => {
      this.#modifiable(input).managedScaling = undefined;
      return {};
    },
    GetManagedScalingPolicy: (input) => ({ ManagedScalingPolicy: this.#cluster(input).managedScaling }),
    SetTerminationProtection: ({ JobFlowIds: ids = [], TerminationProtected: isProtected = false }) => {
      for (const cluster of this.#openFlows(ids)) {
        cluster.isProtected = isProtected;
        cluster.changed();
      }
      return {};
    },
    SetKeepJobFlowAliveWhenNoSteps: ({ JobFlowIds: ids = [], KeepJobFlowAliveWhenNoSteps: keepAlive = false }) => {
      for (const cluster of this.#openFlows(ids)) {
        cluster.keepAlive = keepAlive;
        cluster.look();
      }
      return {};
    },
    ModifyCluster: (input) => {
      const cluster = this.#cluster(input);
      if (input.StepConcurrencyLevel !== undefined) cluster.setConcurrency(input.StepConcurrencyLevel);
      return { StepConcurrencyLevel: cluster.concurrency };
    },
    ListReleaseLabels: ({ NextToken: marker, MaxResults: most, Filters: filters }) => {
      const labels = releases.map(({ label }) => label).filter((label) => label.startsWith(filters?.Prefix ?? ''));
      const { items, next } = page(labels, marker, most ?? 100);
      return { ReleaseLabels: items, NextToken: next };
    },
    DescribeReleaseLabel: ({ ReleaseLabel: label }) => {
      const found = releases.find((release) => release.label === label);
      if (found === undefined) throw invalidRequest(`The release label ${label} is not valid.`);
      return { ReleaseLabel: found.label, Applications: [...found.applications] };
    },
  };

  #cluster({ ClusterId: id }: Clustered): EmrCluster {
    const found = this.clusters.get(id ?? '');
    if (found === undefined) throw unknownCluster(id);
    return found;
  }

  #view(input: Clustered, asOf: number): ClusterView {
    const found = this.#cluster(input).viewAt(asOf);
    if (found === undefined) throw unknownCluster(input.ClusterId);
    return found;
  }

  #modifiable(input: Clustered): EmrCluster {
    const cluster = this.#cluster(input);
    if (cluster.isEnding) throw flowEnded();
    return cluster;
  }

  #flow(id: string | undefined): EmrCluster {
    const found = this.clusters.get(id ?? '');
    if (found === undefined) throw unknownJobFlow();
    return found;
  }

  #openFlows(ids: readonly string[]): readonly EmrCluster[] {
    const flows = ids.map((id) => this.#flow(id));
    if (flows.some(({ isEnding }) => isEnding)) throw flowEnded();
    return flows;
  }

  #tagged(id: string | undefined): EmrCluster {
    const found = this.clusters.get(id ?? '');
    if (found === undefined) throw new ApiError('InvalidRequestException', `Resource id '${id}' is not valid.`);
    return found;
  }
}

const isIn = <T>(wanted: readonly T[] | undefined, value: T | undefined): boolean =>
  wanted === undefined || wanted.length === 0 || (value !== undefined && wanted.includes(value));

function summaryOf(step: sdk.Step): sdk.StepSummary {
  const { Id, Name, Config, ActionOnFailure, Status, LogUri, EncryptionKeyArn } = step;
  return { Id, Name, Config, ActionOnFailure, Status, LogUri, EncryptionKeyArn };
}
