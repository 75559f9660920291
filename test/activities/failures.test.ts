import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { tellBeats } from '../../src/activities/beats';
import { guarded } from '../../src/activities/failures';
import { HeadgateError } from '../../src/contracts/errors';
import { until } from '../support/waiting';

const failing = (error: unknown): Promise<void> =>
  new MockActivityEnvironment().run(
    guarded(async () => {
      throw error;
    }),
  );

describe('guarded', () => {
  it('ends a step with what nobody modelled, and says so', async () => {
    await expect(failing(new TypeError('x is not a function'))).rejects.toMatchObject({
      type: 'Defect',
      nonRetryable: true,
      details: [{ kind: 'unknown', message: expect.stringContaining('TypeError: x is not a function') }],
    });
  });

  it.each([
    ['the system', Object.assign(new Error('EIO'), { code: 'EIO', syscall: 'read' }), 'SystemError'],
    ['Temporal', Object.assign(new Error('UNAVAILABLE'), { name: 'ServiceError' }), 'SystemError'],
    [
      'a service that throttles',
      new HeadgateError({ kind: 'throttle', type: 'SlowDown', message: 'm', remedy: 'r' }),
      'SlowDown',
    ],
  ])('lets a step be tried again when it was %s', async (_, error, type) => {
    await expect(failing(error)).rejects.toMatchObject({ type, nonRetryable: false });
  });

  it('beats several times within the silence that is allowed, with what the activity tells of itself', async () => {
    const environment = new MockActivityEnvironment({ heartbeatTimeoutMs: 40 });
    const beats: unknown[] = [];
    environment.on('heartbeat', (details: unknown) => beats.push(details));
    let told = 0;
    await environment.run(
      guarded(async () => {
        tellBeats(() => (told += 1));
        await until('beats', () => beats.length > 3);
      }),
    );
    expect(beats.slice(0, 4)).toEqual([1, 2, 3, 4]);
  });

  it('takes what a stopped activity throws for its stop, not for a defect', async () => {
    const environment = new MockActivityEnvironment();
    const stopped = environment.run(
      guarded(() => delay(600_000, undefined, { signal: Context.current().cancellationSignal })),
    );
    environment.cancel('WORKER_SHUTDOWN');
    await expect(stopped).rejects.toMatchObject({ name: 'CancelledFailure' });
  });
});
