import { setTimeout as delay } from 'node:timers/promises';
import { Context } from '@temporalio/activity';
import { MockActivityEnvironment } from '@temporalio/testing';
import { guarded } from '../../src/activities/failures';
import { HeadgateError } from '../../src/contracts/errors';

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

  it('takes what a stopped activity throws for its stop, not for a defect', async () => {
    const environment = new MockActivityEnvironment();
    const stopped = environment.run(
      guarded(() => delay(600_000, undefined, { signal: Context.current().cancellationSignal })),
    );
    environment.cancel('WORKER_SHUTDOWN');
    await expect(stopped).rejects.toMatchObject({ name: 'CancelledFailure' });
  });
});
