// How long a command waits for a server that does not answer, and for what it does not wait.
import { ServiceError } from '@temporalio/client';
import { asking } from '../../src/cli/outages';

const grpc = (code: number): Error =>
  new ServiceError('failed', { cause: Object.assign(new Error('grpc'), { code, details: 'd', metadata: {} }) });

const address = (): string => '127.0.0.1:7233';

it.each([
  ['unavailable', grpc(14)],
  ['silent', grpc(4)],
])('asks again while the server is %s, as one that is started again', async (_, error) => {
  let tries = 0;
  const answer = await asking(
    async () => {
      tries += 1;
      if (tries < 3) throw error;
      return 'here';
    },
    address,
    50,
  );
  expect(answer).toBe('here');
});

it('gives up after its limit, and names the server', async () => {
  const asked = asking(() => Promise.reject(grpc(14)), address, 20);
  await expect(asked).rejects.toMatchObject({ type: 'TemporalLost', fields: { address: '127.0.0.1:7233' } });
});

it.each([
  ['a refusal', grpc(7)],
  ['a missing workflow', grpc(5)],
  ['a defect of ours', new TypeError('x is not a function')],
])('gives %s on at once', async (_, error) => {
  let tries = 0;
  const asked = asking(async () => {
    tries += 1;
    throw error;
  }, address);
  await expect(asked).rejects.toBe(error);
  expect(tries).toBe(1);
});
