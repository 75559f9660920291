// Which build of the worker a workflow runs on: one that keeps something for ever moves on to the next.
import { workflowInfo } from '@temporalio/workflow';

/** A worker without a version has a build id all the same, but no deployment. */
export function build(): string | undefined {
  const { currentDeploymentVersion: version } = workflowInfo();
  return version === undefined || version.deploymentName === '' ? undefined : version.buildId;
}
