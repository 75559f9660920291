// Heartbeats beside the work of an activity: a worker that dies, or stands still, is noticed by their silence.
import { Context } from '@temporalio/activity';

const told = new WeakMap<Context, () => unknown>();

/** What the beats of this activity tell from now on; the first one is sent at once. */
export function tellBeats(details: () => unknown): void {
  const context = Context.current();
  told.set(context, details);
  context.heartbeat(details());
}

/** Beats four times within the time that the workflow allows for silence, however slow the work is to answer. */
export async function beating<Result>(work: () => Promise<Result>): Promise<Result> {
  const context = Context.current();
  const { heartbeatTimeoutMs } = context.info;
  if (heartbeatTimeoutMs === undefined) return work();
  const timer = setInterval(() => context.heartbeat(told.get(context)?.()), heartbeatTimeoutMs / 4);
  try {
    return await work();
  } finally {
    clearInterval(timer);
  }
}
