// Shapes and asks of clusters; tests change what they are about.
import type { ClusterShape } from '../../src/contracts/cluster-shape';

export function sampleShape(changes: Partial<ClusterShape> = {}): ClusterShape {
  return {
    release: 'emr-spark-8.2.0',
    logs: 's3://lake/_headgate/orders/cluster-logs',
    roles: { service: 'EMR_DefaultRole', instanceProfile: 'EMR_EC2_DefaultRole' },
    subnets: [],
    primary: { types: [{ type: 'm6i.xlarge', weight: 1 }], onDemand: 1, spot: 0 },
    core: { types: [{ type: 'm6i.2xlarge', weight: 1 }], onDemand: 1, spot: 0 },
    task: { types: [{ type: 'm6i.2xlarge', weight: 1 }], onDemand: 0, spot: 1 },
    scaling: { min: 2, max: 10 },
    spotMinutes: 10,
    idleSeconds: 600,
    maxAgeSeconds: 86_400,
    stepsAtOnce: 2,
    tags: { owner: 'sales' },
    ...changes,
  };
}
