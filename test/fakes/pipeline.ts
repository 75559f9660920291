// A small valid pipeline, and sources for it; tests change what they are about.
import { parseTableUri } from '../../src/contracts/ids';
import type { Pipeline, Source } from '../../src/contracts/pipeline';
import { defaultMaintenance } from '../../src/domain/upkeep/policy';

export function sampleSource(changes: Partial<Source> = {}): Source {
  return {
    name: 'sales',
    path: '/raw/sales*.csv',
    format: 'csv',
    arrives: 'new-files',
    columns: [],
    key: ['id'],
    extract: 'in-place',
    ...changes,
  };
}

export function samplePipeline(changes: Partial<Pipeline> = {}): Pipeline {
  return {
    name: 'customer-sales',
    sources: [sampleSource(), sampleSource({ name: 'customers', path: '/raw/customers.parquet', arrives: 'snapshot' })],
    transform: { kind: 'columns', from: 'sales', joins: [], columns: [] },
    expectations: [],
    target: {
      table: parseTableUri('/lake/customer_sales'),
      key: ['id'],
      partitionBy: [],
      zorderBy: [],
      clusterBy: [],
      partitionsFixed: false,
      deletionVectors: false,
    },
    maintenance: defaultMaintenance,
    runtime: 'local',
    timezone: 'UTC',
    gateWaitSeconds: 7 * 86_400,
    state: '/lake/_headgate/customer-sales',
    definitionDigest: 'd1',
    ...changes,
  };
}
