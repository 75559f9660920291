// A cluster as EMR is asked for it: the whole request, and what differs by size and settings.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runJobFlowRequest } from '../../../src/adapters/clusters/request';
import type { ClusterOrder } from '../../../src/contracts/cluster';
import { sampleShape } from '../../fakes/clusters';

const owner = { namespace: 'namespace-1', workflowId: 'cluster/warm' };
const order = (changes: Partial<ClusterOrder> = {}): ClusterOrder => ({
  ...{ pool: 'warm', member: '0198-1', pipeline: 'orders', size: 1, shape: sampleShape() },
  ...changes,
});

const typesOf = (asked: ClusterOrder): readonly string[] =>
  (runJobFlowRequest(asked, owner).Instances?.InstanceFleets ?? []).flatMap(({ InstanceTypeConfigs = [] }) =>
    InstanceTypeConfigs.map(({ InstanceType = '' }) => InstanceType),
  );

test('the whole request is the golden one', () => {
  const golden: unknown = JSON.parse(readFileSync(join(__dirname, 'run-job-flow.json'), 'utf8'));
  expect(runJobFlowRequest(order(), owner)).toEqual(golden);
});

test('each size has twice as large machines, the primary apart', () => {
  expect(typesOf(order({ size: 2 }))).toEqual(['m6i.xlarge', 'm6i.4xlarge', 'm6i.4xlarge']);
  expect(typesOf(order({ size: 3 }))).toEqual(['m6i.xlarge', 'm6i.8xlarge', 'm6i.8xlarge']);
});

test('or those that the pipeline file names, the last one for all that follow', () => {
  const shape = sampleShape({ bigger: ['r6i.8xlarge'] });
  expect(typesOf(order({ size: 3, shape }))).toEqual(['m6i.xlarge', 'r6i.8xlarge', 'r6i.8xlarge']);
});

test('EMR ends it whatever becomes of its keeper, later than the keeper would, and nothing protects it', () => {
  const asked = runJobFlowRequest(order(), owner);
  expect(asked.AutoTerminationPolicy?.IdleTimeout).toBe(600 + 900);
  expect(asked.Instances).toMatchObject({ KeepJobFlowAliveWhenNoSteps: true, TerminationProtected: false });
});

test('our tags win over those of the file', () => {
  const shape = sampleShape({ tags: { owner: 'sales', 'headgate:pool': 'stolen' } });
  expect(runJobFlowRequest(order({ shape }), owner).Tags).toContainEqual({ Key: 'headgate:pool', Value: 'warm' });
});

test('without Spot, scaling and subnets it says nothing of them', () => {
  const { task: _task, scaling: _scaling, ...shape } = sampleShape();
  const asked = runJobFlowRequest(order({ shape }), owner);
  expect(JSON.stringify(asked)).not.toMatch(/Spot(?!C)|ManagedScaling|Ec2SubnetIds/);
  expect(runJobFlowRequest(order({ shape: sampleShape({ subnets: ['subnet-1'] }) }), owner).Instances).toMatchObject({
    Ec2SubnetIds: ['subnet-1'],
  });
});
