// Old runs replay on new code: every committed history of every workflow type, and one twin that must fail.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundleWorkflowCode, Worker } from '@temporalio/worker';
import * as workflows from '../../src/workflows';
import { workflowBundle } from '../workflows/environment';

const folder = join(__dirname, 'histories');
const files = readdirSync(folder).filter((file) => file.endsWith('.json'));
const historyOf = (file: string): unknown => JSON.parse(readFileSync(join(folder, file), 'utf8'));

/** File names are `<workflow type>.<what it shows>.json`. */
const typeOf = (file: string): string => file.split('.')[0] ?? '';

type History = {
  readonly events?: readonly { readonly workflowExecutionStartedEventAttributes?: { workflowId?: string } }[];
};

/** What a workflow names after its id must come out the same; histories of before clusters do without. */
const idOf = (history: unknown): string =>
  (history as History).events?.[0]?.workflowExecutionStartedEventAttributes?.workflowId ?? 'replay';

async function replay(bundle: { code: string }, file: string): Promise<Error | undefined> {
  const history = historyOf(file);
  const histories = [{ workflowId: idOf(history), history }];
  for await (const result of Worker.runReplayHistories({ workflowBundle: bundle, replayName: file }, histories))
    return result.error;
  throw new Error(`${file} holds no history`);
}

describe('replay', () => {
  it('has a history of every workflow type', () => {
    expect(new Set(files.map(typeOf))).toEqual(new Set(Object.keys(workflows)));
  });

  it.each(files)('%s replays on the code of today', async (file) => {
    expect(await replay(workflowBundle(), file)).toBeUndefined();
  });

  it('finds out when the code no longer fits a history', async () => {
    const changed = await bundleWorkflowCode({ workflowsPath: require.resolve('./changed-workflows'), logger: quiet });
    const committed = files.find((file) => file.startsWith('runPipeline.committed'));
    const error = await replay(changed, committed ?? '');
    expect(error?.name).toBe('DeterminismViolationError');
  });
});

const nothing = (): void => undefined;
const quiet = { log: nothing, trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };
