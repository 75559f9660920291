// Plays a scene again where the time-skipping server is to blame that it does not end: on proof alone, and a few times at most.
import { setTimeout as delay } from 'node:timers/promises';
import type { WorkflowHandle } from '@temporalio/client';
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { whyHung } from '../campaign/cheap/hung';
import { StageLost } from '../campaign/stage';

/** Of real time: in it every scene ends, on a busy machine too. */
const patienceMs = 25_000;
const lookMs = 8_000;
const mostTries = 4;

/** Those of them that are there, and open. */
async function openOf(handles: readonly WorkflowHandle[]): Promise<readonly WorkflowHandle[]> {
  const seen = await Promise.all(
    handles.map(async (handle) => {
      const found = await handle.describe().catch(() => undefined);
      return found?.status.name === 'RUNNING' ? [{ handle, pending: found.raw.pendingActivities?.length ?? 0 }] : [];
    }),
  );
  const open = seen.flat();
  return open.some(({ pending }) => pending > 0) ? [] : open.map(({ handle }) => handle);
}

/** Nothing is under way in what is open, and yet its time passes no quicker than ours. */
async function isTimeHeld(environment: TestWorkflowEnvironment, handles: readonly WorkflowHandle[]): Promise<boolean> {
  if ((await openOf(handles)).length === 0) return false;
  const began = await environment.currentTimeMs();
  await delay(lookMs);
  if ((await openOf(handles)).length === 0) return false;
  return (await environment.currentTimeMs()) - began < 2 * lookMs;
}

async function throwIfLost(environment: TestWorkflowEnvironment, handles: readonly WorkflowHandle[]): Promise<void> {
  if (await isTimeHeld(environment, handles)) throw new StageLost('the server holds its time');
  const open = await openOf(handles);
  if (open.length > 0) await whyHung(open);
}

/** `play` gets the list that it puts its workflows into. */
export async function unlessServerLost(
  server: () => Promise<TestWorkflowEnvironment>,
  play: (environment: TestWorkflowEnvironment, handles: WorkflowHandle[]) => Promise<void>,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    const environment = await server();
    const handles: WorkflowHandle[] = [];
    const played = play(environment, handles).then(() => true);
    // What is still asked of a server that is given up fails when that ends.
    played.catch(() => undefined);
    try {
      while (!(await Promise.race([played, delay(patienceMs, false, { ref: false })])))
        await throwIfLost(environment, handles);
      return;
    } catch (error) {
      if (!(error instanceof StageLost) || tries === mostTries) throw error;
    } finally {
      await environment.teardown();
    }
  }
}
