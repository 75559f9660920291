// Upkeep by the keeper: after commits, when asked, between commits and never in their way.
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { look } from '../../src/activities/maintenance';
import type { MaintenanceLook, MaintenanceRequest, MaintenanceResult } from '../../src/contracts/upkeep';
import { commitsBeforeUpkeep } from '../../src/domain/keeper/reduce';
import { healthyTable, partitionHealth } from '../fakes/health';
import { failed, startEnvironment, succeeded, watching, type Activities, type Journal } from './environment';
import { barrier, eventually, onTable, resultsOf, viewOf } from './table-scene';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await startEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

/** Two partitions that want clustering, each more than a slice. */
const untidy = healthyTable({
  partitions: ['2026-01', '2026-02'].map((month) =>
    partitionHealth(month, { files: 4, bytes: 300_000_000, unclusteredFiles: 4, unclusteredBytes: 300_000_000 }),
  ),
  window: { ingests: 5, ingestedBytes: 10_000_000_000, rewrittenBytes: 0 },
});

/** Untidy until both partitions were clustered. */
function untidyOnce(journal: Journal): Activities['lookAtTable'] {
  return async (request: MaintenanceRequest): Promise<MaintenanceLook> =>
    look(request, jobsOf(journal, 'maintain').length < 2 ? untidy : healthyTable(), new Date());
}

const jobsOf = (journal: Journal, job: string) => journal.submitted.filter(({ request }) => request.job === job);

describe('upkeep after commits', () => {
  it('looks at the table and carries out the plan, one job per slice', async () => {
    await onTable(
      environment,
      (_, journal) => ({ lookAtTable: untidyOnce(journal) }),
      async ({ journal, keeper, run }) => {
        await (await run('a')).result();
        const view = await eventually(viewOf(keeper), ({ lastMaintenance }) => lastMaintenance !== undefined);
        expect(view.lastMaintenance?.done.map(({ kind, partitions }) => [kind, partitions])).toEqual([
          ['zorder', 1],
          ['zorder', 1],
        ]);
        const steps = jobsOf(journal, 'maintain').map(({ request }) => request.stepKey);
        expect(new Set(steps).size).toBe(2);
      },
    );
  });

  it('lets a commit that waits pass between two jobs, and comes back to the rest', async () => {
    const gate = barrier();
    await onTable(
      environment,
      (_, journal) => ({
        lookAtTable: untidyOnce(journal),
        watchJob: async (handle) => {
          if (handle.job === 'maintain' && jobsOf(journal, 'maintain').length === 1) await watching(gate.opened);
          return succeeded(handle);
        },
      }),
      async ({ journal, keeper, run }) => {
        const first = await run('a');
        await eventually(viewOf(keeper), ({ maintaining }) => maintaining === 'zorder');
        const second = await run('b');
        await eventually(viewOf(keeper), ({ queued }) => queued.length === 1);
        gate.open();
        await resultsOf([first, second]);
        await eventually(
          async () => jobsOf(journal, 'maintain').length,
          (jobs) => jobs >= 2,
        );
        const order = journal.submitted.map(({ request }) => request.job).filter((job) => job !== 'prepare');
        expect(order.slice(0, 4)).toEqual(['commit', 'maintain', 'commit', 'maintain']);
      },
    );
  });

  it('gets its turn under a stream of commits, after as many of them as it may give way to', async () => {
    const gate = barrier();
    await onTable(
      environment,
      (_, journal) => ({
        lookAtTable: untidyOnce(journal),
        watchJob: async (handle) => {
          if (handle.job === 'commit') await watching(gate.opened);
          return succeeded(handle);
        },
      }),
      async ({ journal, keeper, run }) => {
        const runs = [await run('a')];
        await eventually(viewOf(keeper), ({ running }) => running !== undefined);
        for (const name of 'bcdefghijkl') runs.push(await run(name));
        await eventually(viewOf(keeper), ({ queued }) => queued.length === 11);
        gate.open();
        await resultsOf(runs);
        const order = journal.submitted.map(({ request }) => request.job).filter((job) => job !== 'prepare');
        // The first commit makes upkeep due: that of a table that its keeper has never looked at.
        expect(order.indexOf('maintain')).toBe(1 + commitsBeforeUpkeep);
        expect(order[order.indexOf('maintain') + 1]).toBe('commit');
      },
    );
  });

  it('survives a job that fails: the keeper tells it and commits go on', async () => {
    await onTable(
      environment,
      (_, journal) => ({
        lookAtTable: untidyOnce(journal),
        watchJob: async (handle) =>
          handle.job === 'maintain' ? failed(handle, 'config', 'VacuumCeiling') : succeeded(handle),
      }),
      async ({ journal, keeper, run }) => {
        await (await run('a')).result();
        const view = await eventually(viewOf(keeper), ({ lastMaintenance }) => lastMaintenance !== undefined);
        expect(view.lastMaintenance?.failure?.type).toBe('VacuumCeiling');
        await (await run('b')).result();
        expect(jobsOf(journal, 'commit')).toHaveLength(2);
      },
    );
  });
});

describe('maintainTable', () => {
  it('starts the keeper of a table that has none, and answers with what was done', async () => {
    await onTable(
      environment,
      (_, journal) => ({ lookAtTable: untidyOnce(journal) }),
      async ({ maintain }) => {
        const result: MaintenanceResult = await (await maintain()).result();
        expect(result.done.map(({ kind }) => kind)).toEqual(['zorder', 'zorder']);
        expect(result.plan.actions).toHaveLength(1);
        expect(result.postponed).toBe(0);
      },
    );
  });

  it('does what a person asks for, whatever the policy says', async () => {
    await onTable(
      environment,
      () => ({ lookAtTable: async (request) => look(request, healthyTable(), new Date()) }),
      async ({ journal, maintain }) => {
        const result: MaintenanceResult = await (await maintain('vacuum-full')).result();
        expect(result.done).toHaveLength(1);
        expect(jobsOf(journal, 'maintain').map(({ request }) => request)).toMatchObject([{ kind: 'vacuum-full' }]);
      },
    );
  });

  it('ends with the failure when the table cannot be looked at', async () => {
    await onTable(
      environment,
      () => ({
        lookAtTable: async () => {
          throw new Error('no such table');
        },
      }),
      async ({ maintain }) => {
        await expect((await maintain()).result()).rejects.toThrow();
      },
    );
  });
});
