// The adapter over answers of EMR: what may have been made, what was refused, and how often it is asked.
import { createEmrClusters } from '../../../src/adapters/clusters/emr-clusters';
import { createCallBudget } from '../../../src/adapters/emr/budget';
import { createAsking } from '../../../src/adapters/emr/client';
import { sampleShape } from '../../fakes/clusters';

const owner = { namespace: 'n', workflowId: 'cluster/warm' };
const order = { pool: 'warm', member: '1', pipeline: 'orders', size: 1, shape: sampleShape() };

const refusal = (name: string, status?: number): Error =>
  Object.assign(new Error('no'), { name, ...(status === undefined ? {} : { $metadata: { httpStatusCode: status } }) });

function over(answers: readonly unknown[]) {
  const sent: unknown[] = [];
  const queue = [...answers];
  const send = async (command: { readonly input: unknown }): Promise<unknown> => {
    sent.push(command.input);
    const answer = queue.shift();
    if (answer instanceof Error) throw answer;
    return answer ?? {};
  };
  const client = { send } as never;
  const connect = async () => ({ client, asked: createAsking() });
  const budget = createCallBudget({ random: () => 0 });
  return { sent, emr: createEmrClusters({ connect, budget }) };
}

describe('a start', () => {
  it('tells the id, and asks once', async () => {
    const { emr, sent } = over([{ JobFlowId: 'j-1' }]);
    expect(await emr.start(order, owner)).toEqual({ kind: 'started', id: 'j-1' });
    expect(sent).toHaveLength(1);
  });

  it.each([
    ['a broken connection', refusal('TimeoutError')],
    ['a server error', refusal('InternalServerException', 500)],
    ['an answer without an id', {}],
  ])('leaves open what was made after %s', async (_, answer) => {
    expect(await over([answer]).emr.start(order, owner)).toMatchObject({ kind: 'unclear' });
  });

  it.each([
    ['AccessDeniedException', 400, 'permission', 'EmrAccessDenied'],
    ['ValidationException', 400, 'config', 'EmrRefused'],
    ['InvalidRequestException', 400, 'config', 'EmrRefused'],
    ['ThrottlingException', 400, 'throttle', 'EmrThrottled'],
    ['SomethingNew', 418, 'config', 'EmrRefused'],
    ['CredentialsProviderError', undefined, 'config', 'NoCredentials'],
  ])('says that nothing was made after %s', async (name, status, kind, type) => {
    await expect(over([refusal(name, status)]).emr.start(order, owner)).rejects.toMatchObject({ kind, type });
  });

  it('is loud about a fault of our own', async () => {
    await expect(over([new TypeError('x is not a function')]).emr.start(order, owner)).rejects.toBeInstanceOf(
      TypeError,
    );
  });
});

describe('a look', () => {
  const seen = (State: string) => ({
    Cluster: { Name: 'headgate/warm/1', Status: { State }, Tags: [{ Key: 'a', Value: 'b' }] },
  });

  it.each([
    ['STARTING', 'starting'],
    ['BOOTSTRAPPING', 'starting'],
    ['RUNNING', 'ready'],
    ['WAITING', 'ready'],
    ['TERMINATING', 'ending'],
    ['TERMINATED', 'gone'],
    ['TERMINATED_WITH_ERRORS', 'gone'],
  ])('%s is %s', async (state, look) => {
    expect(await over([seen(state)]).emr.describe('j-1')).toMatchObject({ look: { state: look }, tags: { a: 'b' } });
  });

  it('knows no other state, and says so', async () => {
    await expect(over([seen('NAPPING')]).emr.describe('j-1')).rejects.toThrow(/NAPPING/);
  });

  it('finds no cluster where EMR calls the id wrong', async () => {
    expect(await over([refusal('InvalidRequestException', 400)]).emr.describe('j-1')).toBeUndefined();
  });
});

it('reads lists to their last page', async () => {
  const page = (Id: string, Marker?: string) => ({
    Clusters: [{ Id, Name: Id }],
    ...(Marker === undefined ? {} : { Marker }),
  });
  const { emr, sent } = over([page('j-1', 'm'), page('j-2')]);
  expect((await emr.listAlive(0)).map(({ id }) => id)).toEqual(['j-1', 'j-2']);
  expect(sent).toMatchObject([{ Marker: undefined }, { Marker: 'm' }]);
});

it('counts machines by market', async () => {
  const Instances = ['SPOT', 'SPOT', 'ON_DEMAND'].map((Market) => ({ Market }));
  expect(await over([{ Instances }]).emr.instances('j-1')).toEqual({ onDemand: 1, spot: 2 });
});

it('takes protection off before it ends a cluster', async () => {
  const { emr, sent } = over([{}, {}]);
  await emr.terminate('j-1');
  expect(sent).toEqual([{ JobFlowIds: ['j-1'], TerminationProtected: false }, { JobFlowIds: ['j-1'] }]);
});
