// The one stack of the tests in e2e/shared, which need no more of it than that it runs: Temporal, a worker, a warm Spark. Started before
// the first of these files and ended after the last (jest's global set-up and tear-down); each file has a folder of its own in it.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { readRecord, startDev, type DevStack, type StackRecord } from './headgate';
import { watchRetries, type RetryWatch } from './retries';
import { createWorkspace, workspaceIn, type Workspace } from './workspace';

const variable = 'HEADGATE_TEST_STACK';
const placeSchema = z.object({ folder: z.string(), home: z.string(), port: z.number() });

type Running = { readonly workspace: Workspace; readonly dev: DevStack };
let running: Running | undefined;

export async function startSharedStack(): Promise<void> {
  const workspace = await createWorkspace('shared');
  try {
    running = { workspace, dev: await startDev(workspace) };
  } catch (error) {
    await workspace.remove();
    throw error;
  }
  const { folder, home, port } = workspace;
  process.env[variable] = JSON.stringify({ folder, home, port });
}

export async function stopSharedStack(): Promise<void> {
  try {
    await running?.dev.end();
  } finally {
    await running?.workspace.remove();
  }
}

export type SharedStack = RetryWatch & { readonly workspace: Workspace; readonly record: () => StackRecord };

/** A place of its own in the shared stack, for one test file. */
export async function useSharedStack(name: string): Promise<SharedStack> {
  const place = placeSchema.parse(JSON.parse(process.env[variable] ?? 'null'));
  const folder = join(place.folder, name);
  mkdirSync(folder);
  const record = (): StackRecord => readRecord(place.home);
  return {
    workspace: await workspaceIn(folder, place.home, place.port),
    record,
    ...watchRetries(() => record().address),
  };
}
