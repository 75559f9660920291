// Records histories for replay.test.ts, from the real workflows on the time-skipping server. Only when asked for:
//   HEADGATE_RECORD_HISTORIES=1 npx jest test/replay/record.test.ts --selectProjects workflow
// Record a new file beside the old ones when a workflow gets a new path; never overwrite one that a release has run.
import { existsSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { historyToJSON } from '@temporalio/common/lib/proto-utils';
import { parseTableUri } from '../../src/contracts/ids';
import { keeperWorkflowId } from '../../src/contracts/names';
import { commitReport, pipelineRef, prepareReport } from '../fakes/reports';
import {
  failed,
  fakeActivities,
  newJournal,
  startEnvironment,
  succeeded,
  watching,
  withWorker,
  type Activities,
} from '../workflows/environment';
import { onPool } from '../workflows/cluster-scene';
import { barrier, eventually, onTable, viewOf } from '../workflows/table-scene';

const noMerge = { staged: 0, inserted: 0, updated: 0, unchanged: 0 };

const recording = process.env['HEADGATE_RECORD_HISTORIES'] === '1';

/** Nothing of the machine that recorded: its name is in identities and queues, its folders in stack traces. */
const anonymous = (history: string): string =>
  history.replaceAll(`${process.pid}@${hostname()}`, 'worker').replaceAll(`${join(__dirname, '..', '..')}/`, '');

(recording ? describe : describe.skip)('histories', () => {
  let environment: TestWorkflowEnvironment;
  beforeAll(async () => {
    environment = await startEnvironment();
  });
  afterAll(async () => {
    await environment.teardown();
  });

  async function keep(file: string, workflowId: string, client = environment.client): Promise<void> {
    const path = join(__dirname, 'histories', `${file}.json`);
    if (existsSync(path)) return;
    const history = await client.workflow.getHandle(workflowId).fetchHistory();
    // Not every server writes the id into the history.
    const started = history.events?.[0]?.workflowExecutionStartedEventAttributes;
    if (started) started.workflowId = workflowId;
    writeFileSync(path, `${anonymous(historyToJSON(history))}\n`);
  }

  async function record(
    name: string,
    table: string,
    change: (activities: Activities) => Partial<Activities>,
  ): Promise<void> {
    const { client } = environment;
    const own = { ...pipelineRef, target: { ...pipelineRef.target, table: parseTableUri(table) } };
    const fakes = { ...fakeActivities(environment, newJournal(), name), loadPipeline: async () => own };
    await withWorker(environment, name, { ...fakes, ...change(fakes) }, async () => {
      const handle = await client.workflow.start('runPipeline', {
        workflowId: `run/${name}`,
        taskQueue: name,
        args: [],
      });
      await handle.result().catch(() => undefined);
      await keep(`runPipeline.${name}`, `run/${name}`);
      if (name === 'committed') {
        await environment.sleep('1s');
        await keep('keepTable.one-commit', keeperWorkflowId(table));
        await keep('keepTable.accepted-commit', keeperWorkflowId(table));
      }
    });
  }

  it('two jobs of a run on a cluster of a pool, which is idle then, and ends', () =>
    onPool(async ({ run, keeper, reap, client }) => {
      const handle = await run();
      await handle.result();
      await reap();
      await keep('reapOrphans.owned', 'reap/recorded', client);
      await keep('runPipeline.on-a-pool', handle.workflowId, client);
      await keeper.result();
      await keep('keepCluster.idle', keeper.workflowId, client);
    }));

  it('upkeep that was asked for', async () => {
    const { client } = environment;
    const table = '/lake/upkeep';
    const own = { ...pipelineRef, target: { ...pipelineRef.target, table: parseTableUri(table) } };
    const fakes = { ...fakeActivities(environment, newJournal(), 'upkeep'), loadPipeline: async () => own };
    await withWorker(environment, 'upkeep', fakes, async () => {
      const workflowId = 'maintain/customer-sales';
      const handle = await client.workflow.start('maintainTable', {
        workflowId,
        taskQueue: 'upkeep',
        args: [{ now: 'vacuum-full' }],
      });
      await handle.result();
      await environment.sleep('1s');
      await keep('maintainTable.vacuum', workflowId);
      await keep('keepTable.upkeep', keeperWorkflowId(table));
      await keep('keepTable.accepted-upkeep', keeperWorkflowId(table));
    });
  });

  it('withdrawn while another commit runs', async () => {
    const gate = barrier();
    await onTable(
      environment,
      () => ({
        watchJob: async (handle) => {
          if (handle.job === 'commit') await watching(gate.opened);
          return succeeded(handle);
        },
      }),
      async ({ keeper, run }) => {
        const first = await run('a');
        await eventually(viewOf(keeper), ({ running }) => running !== undefined);
        const second = await run('b');
        await eventually(viewOf(keeper), ({ queued }) => queued.length === 1);
        await second.executeUpdate('cancelRun', { args: [{ by: 'ada', why: 'wrong' }] });
        await second.result().catch(() => undefined);
        gate.open();
        await first.result();
        await eventually(viewOf(keeper), ({ lastMaintenance }) => lastMaintenance !== undefined);
        await keep('runPipeline.withdrawn', second.workflowId);
        await keep('keepTable.withdrawal', keeper.workflowId);
        await keep('runPipeline.withdrawn-bounded', second.workflowId);
        await keep('keepTable.strict-withdrawal', keeper.workflowId);
      },
    );
  });

  it('committed', () => record('committed', '/lake/committed', () => ({})));

  it('committed, with a reference instead of the whole pipeline', () =>
    record('by-reference', '/lake/by-reference', () => ({})));

  it('nothing new', () =>
    record('nothing-new', '/lake/none', () => ({ freezeInputs: async () => ({ kind: 'nothing-new', notices: [] }) })));

  it('held until the wait was over', () =>
    record('gate-expired', '/lake/held', (activities) => ({
      watchJob: async (handle) =>
        handle.job === 'prepare'
          ? succeeded(handle, {
              ...prepareReport,
              expectations: prepareReport.expectations.map((result) => ({ ...result, failed: 50, checked: 100 })),
            })
          : activities.watchJob(handle),
    })));

  const noRows = {
    ...prepareReport,
    rows: { read: 0, staged: 0, quarantined: 0, duplicates: 0, unjoined: 0 },
    sources: { sales: { read: 0, kept: 0, quarantined: 0, duplicates: 0 } },
    staging: { ...prepareReport.staging, rows: 0 },
  };
  const onNoRows = (name: string, table: string) =>
    record(name, table, () => ({
      loadPipeline: async () => ({
        ...pipelineRef,
        target: { ...pipelineRef.target, table: parseTableUri(table) },
        reading: [{ source: 'sales' }],
      }),
      watchJob: async (handle) =>
        succeeded(handle, handle.job === 'prepare' ? noRows : { ...commitReport, rows: noMerge }),
    }));

  // Of a worker that made a table without rows: it was recorded before `no-empty-table-2026-12`.
  it('a batch without rows, committed', () => onNoRows('no-rows-committed', '/lake/no-rows-committed'));

  it('a batch without rows, and no table', () => onNoRows('no-rows', '/lake/no-rows'));

  it('held because a source could not be read', () =>
    record('held-on-reading', '/lake/unreadable', (activities) => ({
      watchJob: async (handle) =>
        handle.job === 'prepare'
          ? succeeded(handle, {
              ...prepareReport,
              sources: { ...prepareReport.sources, customers: { read: 7, kept: 0, quarantined: 7, duplicates: 0 } },
            })
          : activities.watchJob(handle),
    })));

  it('job lost and run again', () => {
    let losses = 1;
    return record('job-lost', '/lake/lost', (activities) => ({
      watchJob: async (handle) => {
        losses -= 1;
        return losses >= 0 ? { kind: 'lost', reason: 'killed' } : activities.watchJob(handle);
      },
    }));
  });

  it('committed after the table had changed', () => {
    let refusals = 1;
    return record('commit-refused', '/lake/refused', (activities) => ({
      watchJob: async (handle) => {
        if (handle.job === 'commit') refusals -= 1;
        return handle.job === 'commit' && refusals >= 0
          ? failed(handle, 'inputs-changed', 'TableChanged')
          : activities.watchJob(handle);
      },
    }));
  });

  it('cancelled while its job is watched', async () => {
    const { client } = environment;
    const own = { ...pipelineRef, target: { ...pipelineRef.target, table: parseTableUri('/lake/cancelled') } };
    const watched = barrier();
    const fakes: Activities = {
      ...fakeActivities(environment, newJournal(), 'cancelled'),
      loadPipeline: async () => own,
      watchJob: async (handle) => {
        watched.open();
        await watching(new Promise(() => undefined));
        return succeeded(handle);
      },
    };
    await withWorker(environment, 'cancelled', fakes, async () => {
      const workflowId = 'run/cancelled';
      const handle = await client.workflow.start('runPipeline', { workflowId, taskQueue: 'cancelled', args: [] });
      await watched.opened;
      await handle.executeUpdate('cancelRun', { args: [{ by: 'ada', why: 'wrong day' }] });
      await handle.result().catch(() => undefined);
      await keep('runPipeline.cancelled', workflowId);
    });
  });

  it('refused, for what it was given', async () => {
    const { client } = environment;
    const fakes = fakeActivities(environment, newJournal(), 'refused');
    await withWorker(environment, 'refused', fakes, async () => {
      const args = [{ pipline: 'orders' }];
      const handle = await client.workflow.start('runPipeline', {
        workflowId: 'run/refused',
        taskQueue: 'refused',
        args,
      });
      await handle.result().catch(() => undefined);
      await keep('runPipeline.refused', 'run/refused');
    });
  });

  it('failed on data', () =>
    record('failed', '/lake/failed', () => ({
      watchJob: async (handle) => failed(handle, 'data', 'MissingColumn'),
    })));
});
