// `runtime` of a pipeline file: a word, or one runtime with its settings.
import { z } from 'zod';
import { runtimeNames } from './kinds';
import * as notation from './pipeline-file-notation';
import { fields, options, text, word } from './pipeline-file-words';

const amount = (description: string, least: number) =>
  text(description, notation.parseCount(least), { type: ['integer', 'string'] });

const instanceType = (description: string) => text(description, notation.parseInstanceType);

const fleet = z
  .union([
    instanceType('Instance type.'),
    z.array(instanceType('Instance type.')).min(1).max(30),
    options(
      {
        types: z
          .union([
            z.array(instanceType('Instance type.')).min(1).max(30),
            z.record(
              z
                .string()
                .regex(notation.instanceTypePattern, { error: 'Use the name of an instance type: m6i.xlarge.' }),
              amount('Units that one instance of this type counts for.', 1),
            ),
          ])
          .meta({ description: 'Instance types, any of which will do: a list, or { type: units }. At most 30.' }),
        on_demand: amount('Units that are always on-demand.', 0),
        spot: amount('Units that are Spot, and on-demand when Spot is not had in time.', 0),
      },
      'Machines of one fleet.',
    ),
  ])
  .optional();

const emr = options(
  {
    cluster: text(
      'An existing cluster (j-…), per-run, or the name of a warm pool that pipelines share. Default per-run.',
      notation.parseClusterName,
    ),
    release: text('Release label of EMR. Default emr-spark-8.2.0.', notation.parseRelease),
    log_uri: text('Folder on S3 for the logs of clusters and steps. Default: cluster-logs in the state folder.'),
    roles: options(
      {
        service: text('Role of the EMR service. Default EMR_DefaultRole.'),
        instance_profile: text('Instance profile of the machines. Default EMR_EC2_DefaultRole.'),
      },
      'Roles in IAM.',
    ),
    subnets: z
      .array(text('Subnet id.', notation.parseSubnet))
      .min(1)
      .meta({ description: 'Subnets; EMR takes the one with the best capacity. Default: that of the account.' }),
    primary: z.union([instanceType('Instance type.'), z.array(instanceType('Instance type.')).min(1).max(30)]).meta({
      description: 'Instance types of the one primary machine, which is on-demand. Default m6i.xlarge and its like.',
    }),
    core: fleet.meta({ description: 'Core machines. Default 1 on-demand unit of m6i.2xlarge and its like.' }),
    task: fleet.meta({ description: 'Task machines. Default 1 Spot unit of m6i.2xlarge and its like.' }),
    bigger: z
      .array(instanceType('Instance type.'))
      .min(1)
      .max(2)
      .meta({
        description:
          'Instance types of core and task for a job that ran out of memory: for its second size, and its third. ' +
          'Default: twice as large ones of the same family.',
      }),
    spot_wait: text(
      'How long Spot is waited for before on-demand takes its place. Default 10 minutes, at least 5.',
      notation.parseDurationFrom(300, '5 minutes'),
    ),
    scaling: z
      .union([
        text('off: no managed scaling.', notation.parseOff),
        fields(
          {
            min: amount('Units of core and task that are always there.', 1),
            max: amount('Most units of core and task.', 1),
          },
          'Managed scaling.',
        ),
      ])
      .meta({ description: 'Managed scaling, as { min: 2, max: 10 }, or off. Default 2 to 10 units.' }),
    idle: text(
      'How long a cluster that nobody uses is kept. Default 10 minutes; per-run 2 minutes.',
      notation.parseDurationFrom(60, '1 minute'),
    ),
    max_age: text(
      'Age at which a cluster takes no more jobs and is replaced. Default 1 day.',
      notation.parseDurationFrom(3600, '1 hour'),
    ),
    steps_at_once: text('Jobs that may share a cluster at a time, at most 256. Default 4.', notation.parseSteps, {
      type: ['integer', 'string'],
    }),
    tags: z
      .record(
        z.string().regex(notation.tagKeyPattern, { error: 'Use at most 128 letters, digits and _.:/=+-@.' }),
        text('Value of the tag.'),
      )
      .meta({ description: 'Tags for owner and cost, at most 40: { owner: sales, cost-center: "4711" }.' }),
  },
  'Clusters of EMR on EC2.',
);

export type EmrFile = z.infer<typeof emr>;
export type FleetFile = NonNullable<z.infer<typeof fleet>>;

export const runtimeFile = z
  .union([fields({ emr }, 'A runtime with its settings.'), word('Where Spark jobs run.', runtimeNames, 'local')])
  .meta({ description: 'Where Spark jobs run: a word, or { emr: { … } }. Default local.' });
