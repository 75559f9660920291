// headgate clusters: who uses which cluster and why it lives; end a pool; sweep up what nobody owns.
import type { Client } from '@temporalio/client';
import { WorkflowNotFoundError } from '@temporalio/client';
import { HeadgateError } from '../../contracts/errors';
import type { ClusterView, ReapInput, ReapResult } from '../../contracts/cluster';
import { clusterWorkflowId, messageNames, reapWorkflowId } from '../../contracts/names';
import type { Config } from '../../workers/config';
import { exitCodes, note, out, printJson } from '../output';
import { connect, openSession, withSession } from '../session';

type Options = { readonly address?: string; readonly json: boolean };

/** Only a worker can answer. */
const answerMs = 5000;

const openPools = "WorkflowType = 'keepCluster' AND ExecutionStatus = 'Running'";

async function ask(client: Client, workflowId: string): Promise<ClusterView | undefined> {
  const query = () => client.workflow.getHandle(workflowId).query<ClusterView>(messageNames.cluster);
  return client.withDeadline(Date.now() + answerMs, query).catch((error: unknown) => {
    if (error instanceof WorkflowNotFoundError) throw noPool(workflowId.slice(clusterWorkflowId('').length), error);
    return undefined;
  });
}

const noPool = (pool: string, cause: unknown): HeadgateError =>
  new HeadgateError({
    kind: 'data',
    type: 'NoSuchPool',
    message: `No pool '${pool}' has a cluster now.`,
    remedy: 'Look at those that have with `headgate clusters`.',
    fields: { pool },
    cause,
  });

function printPool({ pool, clusters, waiting, failures }: ClusterView): void {
  out(`${pool}${failures === 0 ? '' : `  (${failures} starts failed)`}`);
  for (const { id, name, state, size, since, why, holders } of clusters) {
    out(`  ${(id ?? name).padEnd(16)}  ${state.padEnd(8)}  size ${size}  since ${since}  ${why}`);
    for (const holder of holders) out(`    ${holder}`);
  }
  for (const holder of waiting) out(`  waits: ${holder}`);
}

export async function listClustersCommand(config: Config, pool: string | undefined, options: Options): Promise<number> {
  const session = await connect(config, options.address);
  try {
    const { client } = session;
    const ids: string[] = pool === undefined ? [] : [clusterWorkflowId(pool)];
    if (pool === undefined) {
      for await (const { workflowId } of client.workflow.list({ query: openPools })) ids.push(workflowId);
    }
    const views = await Promise.all(ids.map((id) => ask(client, id)));
    const known = views.filter((view) => view !== undefined);
    const silent = ids.filter((_, index) => views[index] === undefined);
    if (options.json) printJson({ pools: known, silent });
    else if (ids.length === 0) out('no clusters');
    for (const view of options.json ? [] : known) printPool(view);
    for (const id of options.json ? [] : silent) note(`${id} does not answer: is a worker there?`);
    return silent.length === 0 ? exitCodes.done : exitCodes.failure;
  } finally {
    await session.close();
  }
}

/** With its last lease; `now`: at once, whatever runs on it. */
export async function endClusterCommand(
  config: Config,
  pool: string,
  options: Options & { readonly now: boolean },
): Promise<number> {
  const session = await connect(config, options.address);
  try {
    const keeper = session.client.workflow.getHandle(clusterWorkflowId(pool));
    try {
      await (options.now ? keeper.cancel() : keeper.signal(messageNames.closeCluster));
    } catch (error) {
      throw error instanceof WorkflowNotFoundError ? noPool(pool, error) : error;
    }
    if (options.json) printJson({ pool, ends: options.now ? 'now' : 'with its last job' });
    else out(`${pool} ends ${options.now ? 'now' : 'with its last job'}`);
    return exitCodes.done;
  } finally {
    await session.close();
  }
}

export async function reapClustersCommand(
  config: Config,
  options: Options & { readonly dryRun?: boolean },
): Promise<number> {
  const session = await openSession(config, options);
  return withSession(session, async () => {
    const input: ReapInput = options.dryRun === true ? { dryRun: true } : {};
    const { looked, clusters } = await session.ask<ReapResult>((client) =>
      client.workflow.execute('reapOrphans', {
        workflowId: reapWorkflowId,
        workflowIdConflictPolicy: 'USE_EXISTING',
        taskQueue: config.taskQueue,
        args: [input],
      }),
    );
    if (options.json) printJson({ looked, clusters });
    else {
      for (const { id, pool, verdict, why } of clusters) out(`${id.padEnd(16)}  ${verdict.padEnd(9)}  ${pool}: ${why}`);
      out(`${looked} clusters looked at, ${clusters.filter(({ verdict }) => verdict === 'ended').length} ended`);
    }
    return clusters.some(({ verdict }) => verdict === 'not-ended') ? exitCodes.failure : exitCodes.done;
  });
}
