// `runtime` of a pipeline file: short words and whole shapes, their defaults, and every mistake at its place.
import { issuesOf, parse, spoil, told, unmark, orders as local, type Mistake } from './support';

const onS3 = { RAW: 's3://raw', LAKE: 's3://lake' };
const withRuntime = (text: string): string => `${local}${text}`;
const clusterOf = (runtime: string) => parse(withRuntime(runtime), onS3).cluster;

const emr = `runtime:
  emr:
    cluster: warm
    release: emr-7.13.0
    log_uri: s3://logs/emr/
    roles: { service: Svc, instance_profile: Profile }
    subnets: [subnet-0123456789abcdef0]
    primary: m6g.xlarge
    core: { types: { r6g.2xlarge: 1, r6g.4xlarge: 2 }, on_demand: 2 }
    task: { types: [r6g.2xlarge, r7g.2xlarge], spot: 6 }
    bigger: [r6g.8xlarge]
    spot_wait: 15 minutes
    scaling: { min: 2, max: 12 }
    idle: 5 minutes
    max_age: 12 hours
    steps_at_once: 8
    tags: { owner: sales }
`;

describe('a runtime', () => {
  test('is local by default, and has no cluster', () => {
    expect(parse(local)).toMatchObject({ runtime: 'local' });
    expect(parse(local)).not.toHaveProperty('cluster');
  });

  test('that is the word emr has a cluster for each run, with defaults', () => {
    expect(clusterOf('runtime: emr\n')).toEqual({
      kind: 'per-run',
      shape: {
        release: 'emr-spark-8.2.0',
        logs: 's3://lake/_headgate/orders/cluster-logs',
        roles: { service: 'EMR_DefaultRole', instanceProfile: 'EMR_EC2_DefaultRole' },
        subnets: [],
        primary: {
          types: ['m6i.xlarge', 'm6a.xlarge', 'm5.xlarge'].map((type) => ({ type, weight: 1 })),
          onDemand: 1,
          spot: 0,
        },
        core: {
          types: ['m6i.2xlarge', 'm6a.2xlarge', 'm5.2xlarge'].map((type) => ({ type, weight: 1 })),
          onDemand: 1,
          spot: 0,
        },
        task: {
          types: ['m6i.2xlarge', 'm6a.2xlarge', 'm5.2xlarge'].map((type) => ({ type, weight: 1 })),
          onDemand: 0,
          spot: 1,
        },
        scaling: { min: 2, max: 10 },
        spotMinutes: 10,
        idleSeconds: 120,
        maxAgeSeconds: 86_400,
        stepsAtOnce: 4,
        tags: {},
      },
    });
  });

  test('takes every setting of a pool', () => {
    expect(clusterOf(emr)).toEqual({
      kind: 'pool',
      name: 'warm',
      shape: {
        release: 'emr-7.13.0',
        logs: 's3://logs/emr',
        roles: { service: 'Svc', instanceProfile: 'Profile' },
        subnets: ['subnet-0123456789abcdef0'],
        primary: { types: [{ type: 'm6g.xlarge', weight: 1 }], onDemand: 1, spot: 0 },
        core: {
          types: [
            { type: 'r6g.2xlarge', weight: 1 },
            { type: 'r6g.4xlarge', weight: 2 },
          ],
          onDemand: 2,
          spot: 0,
        },
        task: {
          types: [
            { type: 'r6g.2xlarge', weight: 1 },
            { type: 'r7g.2xlarge', weight: 1 },
          ],
          onDemand: 0,
          spot: 6,
        },
        bigger: ['r6g.8xlarge'],
        scaling: { min: 2, max: 12 },
        spotMinutes: 15,
        idleSeconds: 300,
        maxAgeSeconds: 43_200,
        stepsAtOnce: 8,
        tags: { owner: 'sales' },
      },
    });
  });

  test('may be a cluster that exists', () => {
    expect(clusterOf('runtime: { emr: { cluster: j-2AXXXXXXGAPLF } }\n')).toEqual({
      kind: 'existing',
      id: 'j-2AXXXXXXGAPLF',
    });
  });

  test('does not change what the rows are: the definition keeps its digest', () => {
    const digest = (runtime: string) => parse(withRuntime(runtime), onS3).definitionDigest;
    expect(digest(emr)).toBe(digest('runtime: emr\n'));
  });

  test('starts with as many units as the file says, scaling or not', () => {
    expect(clusterOf('runtime: { emr: { core: { on_demand: 20 } } }\n')).toMatchObject({
      shape: { scaling: { min: 2, max: 21 } },
    });
    expect(clusterOf('runtime: { emr: { scaling: off } }\n')).not.toHaveProperty('shape.scaling');
    expect(clusterOf('runtime: { emr: { task: { on_demand: 0, spot: 0 } } }\n')).not.toHaveProperty('shape.task');
  });
});

const mistakes: readonly Mistake[] = [
  [
    'an unknown runtime',
    'runtime:\n  emr:\n    cluster: warm\n',
    'runtime: ¶yarn\nx:\n  emr:\n',
    'runtime',
    /'yarn' is not one/,
    /emr/,
  ],
  ['an unknown key', '    idle: ', '    ¶idel: ', 'runtime.emr.idel', /'idel' is not a known key/, /idle/],
  ['another runtime with settings', '  emr:\n', '  ¶databricks:\n', 'runtime.databricks', /not a known key/, /emr/],
  ['a bad pool name', 'cluster: warm', 'cluster: ¶Warm_1', 'runtime.emr.cluster', /'Warm_1' is neither/, /per-run/],
  ['a bad cluster id', 'cluster: warm', 'cluster: ¶j-abc', 'runtime.emr.cluster', /'j-abc' is neither/, /capitals/],
  ['a bad release', 'emr-7.13.0', '¶7.13.0', 'runtime.emr.release', /not a release/, /whole/],
  ['an old release', 'emr-7.13.0', '¶emr-6.15.0', 'runtime.emr.release', /too old/, /emr-7/],
  ['logs that are not on S3', 's3://logs/emr/', '¶/var/log', 'runtime.emr.log_uri', /not on S3/, /s3:/],
  ['a bad subnet', '[subnet-', '[¶net-', 'runtime.emr.subnets[0]', /not the id of a subnet/, /subnet-/],
  [
    'a bad instance type',
    'primary: m6g.xlarge',
    'primary: ¶xlarge',
    'runtime.emr.primary',
    /not an instance type/,
    /m6i/,
  ],
  [
    'a bad weight',
    'r6g.4xlarge: 2',
    'r6g.4xlarge: ¶0',
    'runtime.emr.core.types.r6g.4xlarge',
    /fitting number/,
    /from 1/,
  ],
  [
    'core without a unit',
    'core: { types: { r6g.2xlarge: 1, r6g.4xlarge: 2 }, on_demand: 2 }',
    '¶core: { on_demand: 0 }',
    'runtime.emr.core',
    /has no unit/,
    /on_demand/,
  ],
  [
    'a wait for no Spot',
    'task: { types: [r6g.2xlarge, r7g.2xlarge], spot: 6 }\n    bigger: [r6g.8xlarge]\n    spot_wait',
    'task: { on_demand: 1 }\n    ¶spot_wait',
    'runtime.emr.spot_wait',
    /no effect without Spot/,
    /spot: 1/,
  ],
  ['a long wait for Spot', 'spot_wait: 15 minutes', 'spot_wait: ¶2 days', 'runtime.emr.spot_wait', /too long/, /1 day/],
  ['a scaling upside down', 'min: 2', 'min: ¶13', 'runtime.emr.scaling.min', /more than max/, /range/],
  ['a scaling below its start', 'max: 12', 'max: ¶7', 'runtime.emr.scaling.max', /the 8 units/, /greater max/],
  [
    'an idle time beyond its life',
    'idle: 5 minutes',
    'idle: ¶13 hours',
    'runtime.emr.idle',
    /longer than a cluster lives/,
    /shorter/,
  ],
  [
    'too many steps',
    'steps_at_once: 8',
    'steps_at_once: ¶257',
    'runtime.emr.steps_at_once',
    /more than EMR takes/,
    /1 to 256/,
  ],
  [
    'a tag of ours',
    'owner: sales',
    '¶"headgate:pool": sales',
    'runtime.emr.tags.headgate:pool',
    /cannot be a name/,
    /letters/,
  ],
  ['a tag that is none', 'owner: sales', 'owner: ¶sales*', 'runtime.emr.tags.owner', /cannot be the value/, /letters/],
  [
    'an existing cluster that is described',
    'cluster: warm\n    release: emr-7.13.0\n',
    'cluster: j-2AXXXXXXGAPLF\n    ¶release: emr-7.13.0\n',
    'runtime.emr.release',
    /no effect on j-2AXXXXXXGAPLF/,
    /Remove/,
  ],
  ['a table that is not on S3', '${LAKE}/orders', '¶/lake/orders', 'target.table', /not on S3/, /s3:/],
  [
    'a source that is not on S3',
    '${RAW}/orders-*.csv',
    '¶/raw/orders-*.csv',
    'sources.orders.path',
    /not on S3/,
    /extract: copy/,
  ],
  ['a state folder that is not on S3', 'gate: {', 'state: ¶/var/state\ngate: {', 'state', /not on S3/, /s3:/],
];

test.each(mistakes)('%s', (_, from, marked, field, problem, remedy) => {
  const { text, place } = unmark(spoil(withRuntime(emr), from, marked));
  expect(issuesOf(text, onS3)).toContainEqual(told(place, field, problem, remedy));
});

test('files that are copied first may lie anywhere', () => {
  const copied = spoil(withRuntime(emr), 'path: ${RAW}/orders-*.csv', 'extract: copy\n    path: /raw/orders-*.csv');
  expect(issuesOf(copied, onS3)).toEqual([]);
});

test('places are anywhere for a runtime that is local', () => {
  expect(issuesOf(local)).toEqual([]);
});
