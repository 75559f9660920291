// Which build of the workflow code gets which work: the workers of a task queue are the versions of one worker deployment.
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { isGrpcServiceError, type Connection } from '@temporalio/client';
import type { WorkerDeploymentVersion } from '@temporalio/common';
import type { WorkerOptions } from '@temporalio/worker';
import { HeadgateError } from '../contracts/errors';

/**
 * `follow`: open workflows go on with the build that runs, which makes itself the current one when it starts.
 * `pinned`: a run stays with the build that began it, and whoever deploys says which build is current.
 * `off`: for servers without worker deployments.
 */
export const versionings = ['follow', 'pinned', 'off'] as const;

export type Versioning = (typeof versionings)[number];

const behaviors = { follow: 'AUTO_UPGRADE', pinned: 'PINNED' } as const;

/** Workflow code alone decides whether an open workflow can go on, so its digest is the build. A dot would end the name. */
export function versionOf(taskQueue: string, bundlePath: string): WorkerDeploymentVersion {
  const buildId = createHash('sha256').update(readFileSync(bundlePath)).digest('hex').slice(0, 16);
  return { deploymentName: taskQueue.replaceAll('.', '-'), buildId };
}

export const versioningOptions = (
  mode: Versioning,
  version: WorkerDeploymentVersion,
): Pick<WorkerOptions, 'workerDeploymentOptions'> =>
  mode === 'off'
    ? {}
    : {
        workerDeploymentOptions: {
          version,
          useWorkerVersioning: true,
          defaultVersioningBehavior: behaviors[mode],
        },
      };

/** gRPC's number; its enum is in a package that only the SDK depends on. */
const notFound = 5;

async function hasCurrent(connection: Connection, namespace: string, deploymentName: string): Promise<boolean> {
  try {
    const { workerDeploymentInfo } = await connection.workflowService.describeWorkerDeployment({
      namespace,
      deploymentName,
    });
    return (workerDeploymentInfo?.routingConfig?.currentDeploymentVersion ?? undefined) !== undefined;
  } catch (error) {
    const code: number | undefined = isGrpcServiceError(error) ? error.code : undefined;
    if (code === notFound) return false;
    throw error;
  }
}

/** Without a current version a server gives no work to a worker that tells its version. */
export async function routeWork(
  connection: Connection,
  namespace: string,
  mode: Versioning,
  { deploymentName, buildId }: WorkerDeploymentVersion,
): Promise<void> {
  if (mode === 'off') return;
  try {
    if (mode === 'pinned' && (await hasCurrent(connection, namespace, deploymentName))) return;
    await connection.workflowService.setWorkerDeploymentCurrentVersion({
      namespace,
      deploymentName,
      buildId,
      // The worker begins to poll beside this call, and a new build need not serve what an old one did.
      allowNoPollers: true,
      ignoreMissingTaskQueues: true,
    });
  } catch (error) {
    throw new HeadgateError({
      kind: 'config',
      type: 'NoWorkerVersion',
      message: `The Temporal server did not make build ${buildId} of '${deploymentName}' the current one: ${String(error)}`,
      remedy: 'Use a server of version 1.29.1 or newer and a key that may write; HEADGATE_VERSIONING=off does without.',
      fields: { deployment: deploymentName, build: buildId },
      cause: error,
    });
  }
}
