// The unmodified client against a small server that speaks EMR's JSON protocol.
import { readFileSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { EmrApi } from '../../../../src/adapters/runtimes/emr/api';
import { connectEmr } from '../../../../src/adapters/emr/client';
import { createSdkApi } from '../../../../src/adapters/runtimes/emr/sdk';

type Answer = {
  readonly status?: number;
  readonly body?: unknown;
  readonly text?: string;
  readonly drop?: 'before' | 'never';
};
type Asked = { readonly operation: string; readonly body: Record<string, unknown> };

/** Jest gives tests an Error of their own. The SDK then takes those of Node for something else, and drops what they say. */
const ownError = globalThis.Error;
const nodeError = (): unknown => {
  try {
    return readFileSync('/nothing/here');
  } catch (error) {
    return (error as object).constructor;
  }
};

const asked: Asked[] = [];
let answer: (request: Asked) => Answer = () => ({});
let server: Server;
let api: EmrApi;

const settings = () => ({
  region: 'eu-central-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
});

async function serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  const operation = String(request.headers['x-amz-target']).replace('ElasticMapReduce.', '');
  const body = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Record<string, unknown>;
  asked.push({ operation, body });
  const { status = 200, body: told, text, drop } = answer({ operation, body });
  if (drop === 'before') return void request.socket.destroy();
  if (drop === 'never') return;
  response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' });
  response.end(text ?? JSON.stringify(told ?? {}));
}

const openEmr = async (...how: Parameters<typeof connectEmr>): Promise<EmrApi> =>
  createSdkApi(await connectEmr(...how));

beforeAll(async () => {
  globalThis.Error = nodeError() as ErrorConstructor;
  server = createServer((request, response) => void serve(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  api = await openEmr(settings(), 500);
});

afterAll(async () => {
  globalThis.Error = ownError;
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
});

beforeEach(() => {
  asked.length = 0;
});

const failure = (name: string, status = 400): Answer => ({
  status,
  body: { __type: name, message: 'said by the test' },
});
const step = { name: 'headgate 1 #1 p/t/d/commit', args: ['spark-submit', 's3://lake/entry.py'] };

describe('a submit', () => {
  it('is one step that leaves the cluster and its other steps alone', async () => {
    answer = () => ({ body: { StepIds: ['s-1'] } });
    const executionRole = 'arn:aws:iam::123456789012:role/job';
    expect(await api.addStep('j-1', { ...step, logUri: 's3://lake/logs/', executionRole })).toBe('s-1');
    expect(asked).toEqual([
      {
        operation: 'AddJobFlowSteps',
        body: {
          JobFlowId: 'j-1',
          ExecutionRoleArn: executionRole,
          Steps: [
            {
              Name: step.name,
              ActionOnFailure: 'CONTINUE',
              HadoopJarStep: { Jar: 'command-runner.jar', Args: step.args },
              StepMonitoringConfiguration: { S3MonitoringConfiguration: { LogUri: 's3://lake/logs/' } },
            },
          ],
        },
      },
    ]);
  });

  it.each([
    ['a broken service', failure('InternalServerException', 500), { kind: 'infrastructure', mayBeDone: true }],
    ['the old name of one', failure('InternalServerError', 500), { kind: 'infrastructure', mayBeDone: true }],
    ['a broken load balancer', { status: 503, text: '<html>' }, { kind: 'infrastructure', mayBeDone: true }],
    ['an answer that is cut', { text: '{"StepIds":["s-' }, { kind: 'infrastructure', mayBeDone: true }],
    ['a connection that breaks', { drop: 'before' }, { kind: 'infrastructure', mayBeDone: true }],
    ['an answer that does not come', { drop: 'never' }, { kind: 'infrastructure', mayBeDone: true }],
    ['a throttle', failure('ThrottlingException'), { kind: 'throttle', mayBeDone: false }],
    ['a throttle by status', { status: 429, text: '' }, { kind: 'throttle', mayBeDone: false }],
    ['a no', failure('InvalidRequestException'), { kind: 'config', type: 'EmrRefused', mayBeDone: false }],
    ['a no of another name', failure('ValidationException'), { kind: 'config', type: 'EmrRefused' }],
    ['missing rights', failure('AccessDeniedException'), { kind: 'permission', mayBeDone: false }],
    ['missing rights, told in XML', { status: 403, text: '<Error/>' }, { kind: 'permission' }],
    ['credentials that have ended', failure('ExpiredTokenException'), { kind: 'permission' }],
  ] as const)('that meets %s is sent once, and its error tells what may have come of it', async (_, said, expected) => {
    answer = () => said;
    await expect(api.addStep('j-1', step)).rejects.toMatchObject({ ...expected, operation: 'addStep' });
    expect(asked).toHaveLength(1);
  });

  it('that finds nobody to talk to was not taken', async () => {
    const nobody = createServer();
    await new Promise<void>((resolve) => nobody.listen(0, '127.0.0.1', resolve));
    const endpoint = `http://127.0.0.1:${(nobody.address() as AddressInfo).port}`;
    await new Promise((resolve) => nobody.close(resolve));
    const lost = await openEmr({ ...settings(), endpoint });
    await expect(lost.addStep('j-1', step)).rejects.toMatchObject({ kind: 'infrastructure', mayBeDone: false });
  });

  it('whose answer has no id is a defect', async () => {
    answer = () => ({ body: {} });
    await expect(api.addStep('j-1', step)).rejects.toThrow(TypeError);
  });
});

describe('a listing', () => {
  it('takes states or ids, and goes on where it was', async () => {
    answer = () => ({ body: { Steps: [], Marker: 'm2' } });
    expect(await api.listSteps('j-1', { states: ['PENDING'] }, 'm1')).toEqual({ steps: [], marker: 'm2' });
    answer = () => ({ body: { Steps: [] } });
    expect(await api.listSteps('j-1', { ids: ['s-1'] })).toEqual({ steps: [] });
    expect(asked.map(({ body }) => body)).toEqual([
      { ClusterId: 'j-1', StepStates: ['PENDING'], Marker: 'm1' },
      { ClusterId: 'j-1', StepIds: ['s-1'] },
    ]);
  });

  it('tells what EMR says, also in words that nobody here knows', async () => {
    const seconds = 1_764_000_000;
    const told = {
      Id: 's-1',
      Name: 'n',
      Config: { Jar: 'command-runner.jar', Args: ['a'] },
      Status: {
        State: 'SOMETHING_NEW',
        StateChangeReason: { Message: 'why' },
        FailureDetails: { Reason: 'Unknown Error', LogFile: 's3://lake/stderr.gz' },
        Timeline: { CreationDateTime: seconds, StartDateTime: seconds + 5 },
      },
    };
    answer = () => ({ body: { Steps: [told] } });
    expect((await api.listSteps('j-1', {})).steps).toEqual([
      {
        id: 's-1',
        name: 'n',
        args: ['a'],
        state: 'SOMETHING_NEW',
        createdMs: seconds * 1000,
        startedMs: (seconds + 5) * 1000,
        reason: 'why',
        failure: { reason: 'Unknown Error', logFile: 's3://lake/stderr.gz' },
      },
    ]);
    answer = () => ({ body: { Step: told } });
    expect(await api.describeStep('j-1', 's-1')).toMatchObject({ id: 's-1', state: 'SOMETHING_NEW' });
  });
});

it('asks a step to end, softly or hard', async () => {
  answer = () => ({ body: { CancelStepsInfoList: [{ StepId: 's-1', Status: 'SUBMITTED' }] } });
  await api.cancelStep('j-1', 's-1', 'interrupt');
  await api.cancelStep('j-1', 's-1', 'kill');
  expect(asked.map(({ body }) => body['StepCancellationOption'])).toEqual(['SEND_INTERRUPT', 'TERMINATE_PROCESS']);
});

it('tells of a cluster what a job must know', async () => {
  const Configurations = [{ Classification: 'spark-defaults', Properties: { 'spark.driver.memory': '8g' } }];
  const StateChangeReason = { Code: 'BOOTSTRAP_FAILURE', Message: 'exit 1' };
  const Status = { State: 'TERMINATED_WITH_ERRORS', StateChangeReason };
  answer = () => ({ body: { Cluster: { Status, ReleaseLabel: 'emr-7.13.0', LogUri: 's3n://logs/', Configurations } } });
  expect(await api.describeCluster('j-1')).toEqual({
    state: 'TERMINATED_WITH_ERRORS',
    reason: { code: 'BOOTSTRAP_FAILURE', message: 'exit 1' },
    releaseLabel: 'emr-7.13.0',
    logUri: 's3n://logs/',
    sparkDefaults: { 'spark.driver.memory': '8g' },
  });
});

it('finds its endpoint as every program with the SDK does', async () => {
  const { endpoint, ...rest } = settings();
  process.env['AWS_ENDPOINT_URL_EMR'] = endpoint;
  try {
    answer = () => ({ body: { StepIds: ['s-7'] } });
    expect(await (await openEmr(rest)).addStep('j-1', step)).toBe('s-7');
  } finally {
    delete process.env['AWS_ENDPOINT_URL_EMR'];
  }
});

/** `AWS_…` variables that tell a region, as `env` has them and in no other way. */
async function withRegionOf(env: NodeJS.ProcessEnv, body: () => Promise<void>): Promise<void> {
  const kept = { ...process.env };
  for (const name of ['AWS_REGION', 'AWS_DEFAULT_REGION', 'AWS_PROFILE']) delete process.env[name];
  Object.assign(process.env, { AWS_CONFIG_FILE: '/dev/null', AWS_SHARED_CREDENTIALS_FILE: '/dev/null', ...env });
  try {
    await body();
  } finally {
    process.env = kept;
  }
}

it('takes the region that other programs take', async () => {
  const { region: _, ...rest } = settings();
  await withRegionOf({ AWS_DEFAULT_REGION: 'eu-central-1' }, async () => {
    answer = () => ({ body: { StepIds: ['s-8'] } });
    expect(await (await openEmr(rest)).addStep('j-1', step)).toBe('s-8');
  });
});

it('says that a region is missing', async () => {
  const { region: _, ...rest } = settings();
  await withRegionOf({}, async () => {
    await expect(openEmr(rest)).rejects.toMatchObject({ kind: 'config', type: 'NoRegion' });
  });
});
