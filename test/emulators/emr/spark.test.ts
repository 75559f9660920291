// Steps are real spark-submit children that read and write s3:// on the S3 server, and none of them outlives its reason to live.
import { readFile, rm } from 'node:fs/promises';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AddJobFlowStepsCommand, CancelStepsCommand, RunJobFlowCommand, type EMRClient } from '@aws-sdk/client-emr';
import { GetObjectCommand, ListObjectsV2Command, PutObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import type { EmrEmulator } from './emulator';
import { startEmulatorOnS3, type EmulatorOnS3 } from './on-s3';
import { processesOf } from './processes';
import { clientOf, flow, step, stepOf, until } from './support';

const program = `
import sys, time
import part
from pyspark.sql import SparkSession
spark = SparkSession.builder.config("spark.sql.extensions", "io.delta.sql.DeltaSparkSessionExtension").config(
    "spark.sql.catalog.spark_catalog", "org.apache.spark.sql.delta.catalog.DeltaCatalog").getOrCreate()
what, place = sys.argv[1:3]
if what == "hang":
    print("hangs", spark.version, flush=True)
    time.sleep(600)
spark.range(10).withColumnRenamed("id", part.column).write.format("delta").save(place)
print("rows", spark.read.format("delta").load(place).agg({part.column: "sum"}).first()[0])
try:
    import pyarrow
    print("there is pyarrow")
except ImportError as error:
    print(error)
if what == "fail":
    raise ValueError("told to fail")
`;

let data: string;
let running: EmulatorOnS3;
let s3: S3Client;
let emulator: EmrEmulator;
let emr: EMRClient;
let cluster: string;

beforeAll(async () => {
  data = mkdtempSync(join(tmpdir(), 'headgate-emr-'));
  running = await startEmulatorOnS3({
    data,
    buckets: ['code', 'lake', 'logs'],
    timings: { startMs: 50, bootstrapMs: 50, terminateMs: 50, logMs: 50 },
  });
  ({ s3, emulator } = running);
  emr = clientOf(emulator);
  await s3.send(new PutObjectCommand({ Bucket: 'code', Key: 'main.py', Body: program }));
  await s3.send(new PutObjectCommand({ Bucket: 'code', Key: 'part.py', Body: 'column = "number"\n' }));
  const started = await emr.send(new RunJobFlowCommand({ ...flow, StepConcurrencyLevel: 2 }));
  cluster = started.JobFlowId ?? '';
});

afterAll(async () => {
  emr.destroy();
  await running.stop();
  await rm(data, { recursive: true });
});

const submit = async (name: string, ...args: readonly string[]): Promise<string> => {
  const command = ['spark-submit', '--deploy-mode', 'client', '--master', 'yarn', '--driver-memory', '8g'];
  const files = ['--py-files', 's3://code/part.py', 's3://code/main.py'];
  const added = await emr.send(
    new AddJobFlowStepsCommand({ JobFlowId: cluster, Steps: [step(name, [...command, ...files, ...args])] }),
  );
  return added.StepIds?.[0] ?? '';
};

const log = async (id: string, name: string): Promise<string> => {
  const object = await until(
    async () => {
      const key = `emr/${cluster}/steps/${id}/${name}.gz`;
      return s3.send(new GetObjectCommand({ Bucket: 'logs', Key: key })).catch(() => undefined);
    },
    (answer) => answer !== undefined,
  );
  return gunzipSync((await object?.Body?.transformToByteArray()) ?? Buffer.alloc(0)).toString();
};

const ended = (id: string, seconds = 90) =>
  until(
    () => stepOf(emr, cluster, id),
    ({ state }) => state !== 'PENDING' && state !== 'RUNNING' && state !== 'CANCEL_PENDING',
    seconds,
  );

it('runs PySpark from s3://, with the Delta of the cluster, and brings its logs', async () => {
  const [good, bad] = [await submit('good', 'end', 's3://lake/one'), await submit('bad', 'fail', 's3a://lake/two')];
  expect((await ended(good)).state).toBe('COMPLETED');
  expect(await log(good, 'stdout')).toContain('rows 45\nNo module named');
  expect(await log(good, 'controller')).toContain('--driver-memory 8g is more than');
  const objects = await s3.send(new ListObjectsV2Command({ Bucket: 'lake', Prefix: 'one/_delta_log/' }));
  expect(objects.Contents?.map(({ Key }) => Key)).toContain('one/_delta_log/00000000000000000000.json');

  const { state, failure } = await ended(bad);
  expect(state).toBe('FAILED');
  expect(failure).toMatchObject({ LogFile: `s3://logs/emr/${cluster}/steps/${bad}/stderr.gz` });
  // In client mode spark-submit writes what Python says, errors too, to stdout.
  expect(await log(bad, 'stdout')).toContain('ValueError: told to fail');
  expect(await log(bad, 'stderr')).not.toContain('Traceback');
});

it('starts no cluster whose Spark it has not', async () => {
  await expect(emr.send(new RunJobFlowCommand({ ...flow, ReleaseLabel: 'emr-7.13.0' }))).rejects.toThrow(
    'no Spark for emr-7.13.0',
  );
});

it('ends a step that is cancelled, and every process of it', async () => {
  const id = await submit('long', 'hang', 's3://lake/three');
  const stdout = join(data, 'clusters', cluster, id, 'stdout');
  await until(
    () => readFile(stdout, 'utf8').catch(() => ''),
    (text) => text.includes('hangs'),
  );
  expect(await processesOf(join(data, 'clusters'))).not.toEqual([]);
  await emr.send(new CancelStepsCommand({ ClusterId: cluster, StepIds: [id] }));
  expect((await ended(id, 20)).state).toBe('CANCELLED');
  expect(await processesOf(join(data, 'clusters'))).toEqual([]);
});

it('runs out of memory in earnest', async () => {
  emulator.switches.add({ kind: 'out-of-memory', times: 1 });
  const id = await submit('starved', 'end', 's3://lake/four');
  const { state, failure } = await ended(id);
  expect(state).toBe('FAILED');
  expect(await log(id, 'stderr')).toContain('java.lang.OutOfMemoryError');
  expect(failure?.LogFile).toContain(id);
});

it('leaves no step when the emulator ends', async () => {
  await submit('long', 'hang', 's3://lake/five');
  await until(
    () => processesOf(join(data, 'clusters')),
    (found) => found.length > 0,
  );
  await running.stop();
  expect(await processesOf(join(data, 'clusters'))).toEqual([]);
});
