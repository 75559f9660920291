// What the SDK's schemas leave out of the model: enumerations, lengths, ranges. A test holds it against botocore's copy of the model.
import * as sdk from '@aws-sdk/client-emr';

const values = (of: Readonly<Record<string, string>>): readonly string[] => Object.values(of);

/** By structure and member; `[]` is an item of a list, `{k}` and `{v}` key and value of a map. */
export const enums: Readonly<Record<string, readonly string[]>> = {
  'StepConfig.ActionOnFailure': values(sdk.ActionOnFailure),
  'SimpleScalingPolicyConfiguration.AdjustmentType': values(sdk.AdjustmentType),
  'ListClustersInput.ClusterStates[]': values(sdk.ClusterState),
  'CloudWatchAlarmDefinition.ComparisonOperator': values(sdk.ComparisonOperator),
  'ComputeLimits.UnitType': values(sdk.ComputeLimitsUnitType),
  'InstanceFleetConfig.InstanceFleetType': values(sdk.InstanceFleetType),
  'ListInstancesInput.InstanceFleetType': values(sdk.InstanceFleetType),
  'ListInstancesInput.InstanceGroupTypes[]': values(sdk.InstanceGroupType),
  'InstanceGroupConfig.InstanceRole': values(sdk.InstanceRoleType),
  'PlacementGroupConfig.InstanceRole': values(sdk.InstanceRoleType),
  'ListInstancesInput.InstanceStates[]': values(sdk.InstanceState),
  'S3LoggingConfiguration.LogTypeUploadPolicy{k}': values(sdk.LogType),
  'S3LoggingConfiguration.LogTypeUploadPolicy{v}': values(sdk.LogUploadPolicyValue),
  'InstanceGroupConfig.Market': values(sdk.MarketType),
  'ScalingAction.Market': values(sdk.MarketType),
  'OnDemandCapacityReservationOptions.CapacityReservationPreference': values(sdk.OnDemandCapacityReservationPreference),
  'OnDemandCapacityReservationOptions.UsageStrategy': values(sdk.OnDemandCapacityReservationUsageStrategy),
  'OnDemandProvisioningSpecification.AllocationStrategy': values(sdk.OnDemandProvisioningAllocationStrategy),
  'OnDemandResizingSpecification.AllocationStrategy': values(sdk.OnDemandProvisioningAllocationStrategy),
  'PlacementGroupConfig.PlacementStrategy': values(sdk.PlacementGroupStrategy),
  'RunJobFlowInput.RepoUpgradeOnBoot': values(sdk.RepoUpgradeOnBoot),
  'RunJobFlowInput.ScaleDownBehavior': values(sdk.ScaleDownBehavior),
  'ManagedScalingPolicy.ScalingStrategy': values(sdk.ScalingStrategy),
  'SpotProvisioningSpecification.AllocationStrategy': values(sdk.SpotProvisioningAllocationStrategy),
  'SpotResizingSpecification.AllocationStrategy': values(sdk.SpotProvisioningAllocationStrategy),
  'SpotProvisioningSpecification.TimeoutAction': values(sdk.SpotProvisioningTimeoutAction),
  'CloudWatchAlarmDefinition.Statistic': values(sdk.Statistic),
  'CancelStepsInput.StepCancellationOption': values(sdk.StepCancellationOption),
  'ListStepsInput.StepStates[]': values(sdk.StepState),
  'CloudWatchAlarmDefinition.Unit': values(sdk.Unit),
};

type Limit = { readonly min?: number; readonly max?: number };

const each = (limit: Limit, members: string): Record<string, Limit> =>
  Object.fromEntries(
    members
      .trim()
      .split(/\s+/)
      .map((member) => [member, limit]),
  );

/** Of texts the length, of numbers the value. */
export const limits: Readonly<Record<string, Limit>> = {
  ...each(
    { min: 0 },
    `
    CloudWatchAlarmDefinition.Threshold
    InstanceFleetConfig.TargetOnDemandCapacity InstanceFleetConfig.TargetSpotCapacity
    InstanceTypeConfig.BidPriceAsPercentageOfOnDemandPrice InstanceTypeConfig.Priority
    InstanceTypeConfig.WeightedCapacity
    OnDemandResizingSpecification.TimeoutDurationMinutes
    SpotProvisioningSpecification.BlockDurationMinutes SpotProvisioningSpecification.TimeoutDurationMinutes
    SpotResizingSpecification.TimeoutDurationMinutes
    VolumeSpecification.Throughput
  `,
  ),
  ...each(
    { min: 1, max: 100 },
    `
    DescribeReleaseLabelInput.MaxResults
    ListReleaseLabelsInput.MaxResults
    ManagedScalingPolicy.UtilizationPerformanceIndex
  `,
  ),
  ...each(
    { min: 1, max: 256 },
    `
    InstanceGroupConfig.InstanceType
    InstanceTypeConfig.InstanceType
    JobFlowInstancesConfig.MasterInstanceType JobFlowInstancesConfig.SlaveInstanceType
  `,
  ),
  ...each(
    { min: 20, max: 2048 },
    `
    AddJobFlowStepsInput.ExecutionRoleArn
    RunJobFlowInput.StepExecutionRoleArn
  `,
  ),
  ...each(
    { max: 10280 },
    `
    CloudWatchLogConfiguration.EncryptionKeyArn CloudWatchLogConfiguration.LogGroupName
    CloudWatchLogConfiguration.LogStreamNamePrefix CloudWatchLogConfiguration.LogTypes{k}
    CloudWatchLogConfiguration.LogTypes{v}[]
    HadoopJarStepConfig.Args[] HadoopJarStepConfig.Jar HadoopJarStepConfig.MainClass
    KeyValue.Key KeyValue.Value
    ListStepsInput.StepIds[]
    PlacementType.AvailabilityZone
    RunJobFlowInput.AdditionalInfo RunJobFlowInput.AutoScalingRole RunJobFlowInput.JobFlowRole
    RunJobFlowInput.LogEncryptionKmsKeyId RunJobFlowInput.LogUri RunJobFlowInput.SecurityConfiguration
    RunJobFlowInput.ServiceRole
    S3MonitoringConfiguration.EncryptionKeyArn S3MonitoringConfiguration.LogUri
    ScriptBootstrapActionConfig.Args[] ScriptBootstrapActionConfig.Path
    SetKeepJobFlowAliveWhenNoStepsInput.JobFlowIds[]
    SetTerminationProtectionInput.JobFlowIds[]
    SetUnhealthyNodeReplacementInput.JobFlowIds[]
    SetVisibleToAllUsersInput.JobFlowIds[]
    SupportedProductConfig.Args[]
    TerminateJobFlowsInput.JobFlowIds[]
  `,
  ),
  ...each(
    { max: 256 },
    `
    AddJobFlowStepsInput.JobFlowId
    AddTagsInput.ClusterId
    BootstrapActionConfig.Name
    CancelStepsInput.ClusterId CancelStepsInput.StepIds[]
    DescribeClusterInput.ClusterId
    DescribeStepInput.ClusterId
    GetAutoTerminationPolicyInput.ClusterId
    GetManagedScalingPolicyInput.ClusterId
    InstanceFleetConfig.Context InstanceFleetConfig.Name
    InstanceGroupConfig.BidPrice InstanceGroupConfig.CustomAmiId InstanceGroupConfig.Name
    InstanceTypeConfig.BidPrice InstanceTypeConfig.CustomAmiId
    JobFlowInstancesConfig.AdditionalMasterSecurityGroups[] JobFlowInstancesConfig.AdditionalSlaveSecurityGroups[]
    JobFlowInstancesConfig.Ec2KeyName JobFlowInstancesConfig.Ec2SubnetId JobFlowInstancesConfig.Ec2SubnetIds[]
    JobFlowInstancesConfig.EmrManagedMasterSecurityGroup JobFlowInstancesConfig.EmrManagedSlaveSecurityGroup
    JobFlowInstancesConfig.HadoopVersion JobFlowInstancesConfig.ServiceAccessSecurityGroup
    KerberosAttributes.ADDomainJoinPassword KerberosAttributes.ADDomainJoinUser
    KerberosAttributes.CrossRealmTrustPrincipalPassword KerberosAttributes.KdcAdminPassword KerberosAttributes.Realm
    ListBootstrapActionsInput.ClusterId
    ListInstanceFleetsInput.ClusterId
    ListInstancesInput.ClusterId ListInstancesInput.InstanceFleetId ListInstancesInput.InstanceGroupId
    ListStepsInput.ClusterId
    OnDemandCapacityReservationOptions.CapacityReservationResourceGroupArn
    PlacementType.AvailabilityZones[]
    PutAutoTerminationPolicyInput.ClusterId
    PutManagedScalingPolicyInput.ClusterId
    RemoveAutoTerminationPolicyInput.ClusterId
    RemoveManagedScalingPolicyInput.ClusterId
    RemoveTagsInput.ClusterId
    RunJobFlowInput.AmiVersion RunJobFlowInput.CustomAmiId RunJobFlowInput.Name RunJobFlowInput.OSReleaseLabel
    RunJobFlowInput.ReleaseLabel RunJobFlowInput.SupportedProducts[]
    StepConfig.Name
    SupportedProductConfig.Name
  `,
  ),
};

/** Numbers that need not be whole. */
export const real: readonly string[] = [
  'CloudWatchAlarmDefinition.Threshold',
  'InstanceTypeConfig.BidPriceAsPercentageOfOnDemandPrice',
  'InstanceTypeConfig.Priority',
];
