// The way into workflows for what others send: it fits its shape, or it is refused. What has no answer is told in the log.
import { log, patched, setHandler, type SignalDefinition, type QueryDefinition } from '@temporalio/workflow';
import { refuse } from '../domain/entrance/refuse';
import { nothing } from '../domain/entrance/inputs';
import type { Shape } from '../domain/entrance/shape';
import { toFailure } from './failure-of';

/** May go when no workflow of before 2026-12 is open: it keeps what it took, so that its history replays. */
export const isRefused = (): boolean => patched('entrances-parse-2026-12');

const asTaken = <T>(_: Shape<T>, value: unknown): value is T => value !== undefined;

/** The one argument of a workflow; none at all is `{}`. The failure ends the workflow at once. */
export function inputOf<T>(shape: Shape<T>, args: readonly unknown[], what: string): T {
  const { value, failure } = refuse(shape, args, what);
  if (failure === undefined) return value;
  const [given = {}] = args;
  if (!isRefused() && asTaken(shape, given)) return given;
  throw toFailure(failure);
}

/** For validators of updates, which do not run in a replay. */
export function demand<T>(shape: Shape<T>, args: readonly unknown[], what: string, type?: string): T {
  const { value, failure } = refuse(shape, args, what, type);
  if (failure !== undefined) throw toFailure(failure);
  return value;
}

/** A signal has no answer: one that does not fit changes nothing, and the log says why. */
export function onSignal<T>(
  definition: SignalDefinition<[T]>,
  shape: Shape<T>,
  handle: (value: T) => void | Promise<void>,
): void {
  const take = (...args: readonly unknown[]): void | Promise<void> => {
    const { value, failure } = refuse(shape, args, `the signal ${definition.name}`);
    if (failure === undefined) return handle(value);
    const [given] = args;
    if (!isRefused() && asTaken(shape, given)) return handle(given);
    log.warn('a signal is ignored', { signal: definition.name, problem: failure.message, remedy: failure.remedy });
  };
  setHandler(definition, take);
}

export function onBareSignal(definition: SignalDefinition, handle: () => void | Promise<void>): void {
  setHandler(definition, (...args: readonly unknown[]) => {
    const { failure } = refuse(nothing, args, `the signal ${definition.name}`);
    if (failure === undefined || !isRefused()) return handle();
    log.warn('a signal is ignored', { signal: definition.name, problem: failure.message, remedy: failure.remedy });
  });
}

export function onQuery<T>(definition: QueryDefinition<T>, answer: () => T): void {
  setHandler(definition, (...args: readonly unknown[]) => {
    demand(nothing, args, `the query ${definition.name}`);
    return answer();
  });
}
