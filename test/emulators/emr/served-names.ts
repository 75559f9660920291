// The operations that the emulator serves. All others are refused, known or not.
import type { ServedName } from './account';

const names = {
  AddJobFlowSteps: true,
  AddTags: true,
  CancelSteps: true,
  DescribeCluster: true,
  DescribeReleaseLabel: true,
  DescribeStep: true,
  GetAutoTerminationPolicy: true,
  GetManagedScalingPolicy: true,
  ListBootstrapActions: true,
  ListClusters: true,
  ListInstanceFleets: true,
  ListInstances: true,
  ListReleaseLabels: true,
  ListSteps: true,
  ModifyCluster: true,
  PutAutoTerminationPolicy: true,
  PutManagedScalingPolicy: true,
  RemoveAutoTerminationPolicy: true,
  RemoveManagedScalingPolicy: true,
  RemoveTags: true,
  RunJobFlow: true,
  SetKeepJobFlowAliveWhenNoSteps: true,
  SetTerminationProtection: true,
  TerminateJobFlows: true,
} as const satisfies Record<ServedName, true>;

export const servedNames = Object.keys(names) as readonly ServedName[];
