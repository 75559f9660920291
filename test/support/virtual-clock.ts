// Time of a test: timers of all kinds, those of promises too, come one after another as soon as nothing else is to be done.
import timers from 'node:timers/promises';

/** For the tests of a describe or a file. Time that flows passes by itself; else `inVirtualTime` lets it pass. */
export function useVirtualClock({ flows = false } = {}): void {
  let stop = async (): Promise<void> => undefined;
  beforeEach(() => {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
    jest.spyOn(timers, 'setTimeout').mockImplementation(virtualDelay as typeof timers.setTimeout);
    if (flows) stop = flow();
  });
  afterEach(async () => {
    await stop();
    jest.restoreAllMocks();
    jest.useRealTimers();
  });
}

function flow(): () => Promise<void> {
  const stopped = new AbortController();
  const flowing = (async () => {
    while (!stopped.signal.aborted) {
      await settledSoon();
      if (jest.getTimerCount() > 0) await jest.advanceTimersToNextTimerAsync();
    }
  })();
  return async () => {
    stopped.abort();
    await flowing;
  };
}

async function virtualDelay<T>(ms?: number, value?: T, { signal }: { signal?: AbortSignal } = {}): Promise<T> {
  signal?.throwIfAborted();
  return new Promise<T>((resolve, reject) => {
    const stop = (): void => {
      clearTimeout(timer);
      reject(signal?.reason as Error);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener('abort', stop);
      resolve(value as T);
    }, ms);
    signal?.addEventListener('abort', stop, { once: true });
  });
}

/** Lets time pass until the work has ended. */
export async function inVirtualTime<T>(work: Promise<T>, limitMs = 24 * 3600_000): Promise<T> {
  let isDone = false;
  /** Rounds in which no timer ran; Node's own threads may still be at work. */
  let idle = 0;
  const settled = work.then(
    () => (isDone = true),
    () => (isDone = true),
  );
  const end = Date.now() + limitMs;
  for (;;) {
    await settledSoon();
    if (isDone) break;
    if (Date.now() > end) throw new Error(`the work did not end within ${limitMs / 1000} s of virtual time`);
    if (jest.getTimerCount() > 0) await jest.advanceTimersToNextTimerAsync();
    else if ((idle += 1) > 100_000) throw new Error('the work waits for nothing that can come');
  }
  await settled;
  return work;
}

/** What promises alone bring about. */
const settledSoon = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
