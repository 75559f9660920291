// Freezes public names: schedules, open runs, dashboards and people's scripts refer to them.
import { failureKinds } from '../../src/contracts/failure';
import { jobKinds, maintenanceKinds, phases, runOutcomes, runtimeNames } from '../../src/contracts/kinds';
import { defaultStateRoot, jobPaths, stepKey } from '../../src/contracts/layout';
import {
  defaultTaskQueue,
  keeperWorkflowId,
  maintainWorkflowId,
  messageNames,
  runWorkflowId,
  searchAttributeTypes,
} from '../../src/contracts/names';
import { digestOf } from '../fakes/ids';

describe('public names', () => {
  it('stay as they are', () => {
    expect({
      taskQueue: defaultTaskQueue,
      messages: Object.values(messageNames),
      searchAttributes: Object.keys(searchAttributeTypes),
      failures: Object.keys(failureKinds),
      jobs: jobKinds,
      upkeep: maintenanceKinds,
      runtimes: runtimeNames,
      outcomes: runOutcomes,
      phases,
    }).toEqual({
      taskQueue: 'headgate',
      messages: [
        'progress',
        'decideGate',
        'cancelRun',
        'requestCommit',
        'acceptCommit',
        'withdrawCommit',
        'commitDone',
        'requestMaintenance',
        'acceptMaintenance',
        'maintenanceDone',
        'continueAsNew',
        'table',
        'leaseCluster',
        'giveBackCluster',
        'clusterReady',
        'closeCluster',
        'cluster',
      ],
      searchAttributes: [
        'HeadgatePipeline',
        'HeadgateTable',
        'HeadgateBatch',
        'HeadgateInterval',
        'HeadgatePhase',
        'HeadgateOutcome',
      ],
      failures: [
        'data',
        'config',
        'permission',
        'inputs-changed',
        'throttle',
        'infrastructure',
        'conflict',
        'memory',
        'cancelled',
        'unknown',
      ],
      jobs: ['prepare', 'commit', 'maintain'],
      upkeep: ['compact', 'zorder', 'cluster', 'vacuum-lite', 'vacuum-full'],
      runtimes: ['local', 'emr', 'emr-serverless', 'databricks'],
      outcomes: ['committed', 'nothing-new', 'rejected', 'failed', 'cancelled'],
      phases: ['freeze', 'extract', 'prepare', 'gate', 'commit', 'publish'],
    });
  });

  it('make one workflow id per pipeline, table and interval, and one per table', () => {
    expect(runWorkflowId('customer-sales', '0a1b2c3d')).toBe('run/customer-sales/0a1b2c3d');
    expect(runWorkflowId('retail', '0a1b2c3d', '2010-12-01')).toBe('run/retail/0a1b2c3d/2010-12-01');
    expect(maintainWorkflowId('retail', '0a1b2c3d')).toBe('maintain/retail/0a1b2c3d');
    expect(keeperWorkflowId('/lake/customer_sales/')).toBe(keeperWorkflowId('/lake/customer_sales'));
  });

  it('keep state beside the table, hidden from its readers', () => {
    const d = digestOf('d');
    expect(defaultStateRoot('s3://lake/customer_sales/', 'customer-sales')).toBe('s3://lake/_headgate/customer-sales');
    expect(stepKey('p', '/lake/t', d, 'commit')).toBe(`p/t/${d}/commit`);
    expect(jobPaths('/s', 'commit', d, 1).report).toBe(`/s/batches/${d}/commit.report.json`);
    expect(jobPaths('/s', 'commit', d, 7).report).toBe(`/s/batches/${d}/commit.g7.report.json`);
    expect(jobPaths('/s', 'maintain', d, 1).failure(2)).toBe(`/s/maintenance/${d}/maintain.failure-2.json`);
  });
});
