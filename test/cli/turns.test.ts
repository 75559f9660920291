// Whose outcome a command tells: its own, unless an open one was asked for the very same and has not begun.
import { WorkflowExecutionAlreadyStartedError, WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { Session } from '../../src/cli/session';
import { runIdOf, takeTurn, type Wanted } from '../../src/cli/turns';
import { samplePipeline } from '../fakes/pipeline';
import { parseTableUri } from '../../src/contracts/ids';

const wanted: Wanted = {
  workflowType: 'runPipeline',
  workflowId: 'run/p/0a1b2c3d',
  taskQueue: 'q',
  input: {},
  asked: [{ definition: 1 }, null, false],
  what: 'a run of p',
};

type Started = { readonly runId: string; readonly memo: Record<string, unknown> | undefined };

/** One workflow id of a server: who has it open, and what was started under it. */
function createServer() {
  const started: Started[] = [];
  let open: Started | undefined;
  const start = async (_: string, { memo }: { memo?: Record<string, unknown> }) => {
    if (open !== undefined) throw new WorkflowExecutionAlreadyStartedError('open', wanted.workflowId, 'runPipeline');
    open = { runId: `run-${started.length + 1}`, memo };
    started.push(open);
    return { firstExecutionRunId: open.runId };
  };
  const describe = async () => {
    const [last] = started.slice(-1);
    if (last === undefined) throw new WorkflowNotFoundError('none', wanted.workflowId, undefined);
    return { runId: last.runId, memo: last.memo, status: { name: open === undefined ? 'COMPLETED' : 'RUNNING' } };
  };
  const client = { workflow: { start, getHandle: () => ({ describe }) } } as unknown as Client;
  const session = { ask: (question: (client: Client) => Promise<unknown>) => question(client) } as unknown as Session;
  return {
    session,
    started,
    startForeign: () => start('', {}),
    end: () => {
      open = undefined;
    },
  };
}

/** What the command did about the open one. */
async function turn(server: ReturnType<typeof createServer>, change: Partial<Wanted> = {}, hasBegun = false) {
  const waitedFor: string[] = [];
  const { runId } = await takeTurn(
    server.session,
    { ...wanted, ...change },
    {
      mayJoin: async () => !hasBegun,
      untilEnded: async (open) => {
        waitedFor.push(open.runId);
        server.end();
      },
    },
  );
  return { runId, waitedFor };
}

beforeEach(() => {
  jest.spyOn(process.stderr, 'write').mockReturnValue(true);
});

afterEach(() => {
  jest.restoreAllMocks();
});

it('starts its own where none is open', async () => {
  expect(await turn(createServer())).toEqual({ runId: 'run-1', waitedFor: [] });
});

it('follows one that was asked for the same and has not begun', async () => {
  const server = createServer();
  await turn(server);
  expect(await turn(server)).toEqual({ runId: 'run-1', waitedFor: [] });
});

it('waits for one that has begun, and starts its own after it', async () => {
  const server = createServer();
  await turn(server);
  expect(await turn(server, {}, true)).toEqual({ runId: 'run-2', waitedFor: ['run-1'] });
});

it.each([
  ['another definition', [{ definition: 2 }, null, false]],
  ['another interval', [{ definition: 1 }, '2026-11-23', false]],
  ['a redo', [{ definition: 1 }, null, true]],
])('waits for one that was asked for %s', async (_, asked) => {
  const server = createServer();
  await turn(server, { asked });
  expect(await turn(server)).toEqual({ runId: 'run-2', waitedFor: ['run-1'] });
});

it('waits for one that somebody started in another way', async () => {
  const server = createServer();
  await server.startForeign();
  expect(await turn(server)).toEqual({ runId: 'run-2', waitedFor: ['run-1'] });
});

it('says nothing of its own when the one in the way never ends, as with one that is held', async () => {
  const server = createServer();
  await turn(server);
  const others = {
    mayJoin: async () => false,
    untilEnded: async () => {
      throw new Error('held');
    },
  };
  await expect(takeTurn(server.session, wanted, others)).rejects.toThrow('held');
  expect(server.started).toHaveLength(1);
});

it('gives one pipeline into two tables two ids', () => {
  const into = (table: string) => {
    const pipeline = samplePipeline();
    return runIdOf({ ...pipeline, target: { ...pipeline.target, table: parseTableUri(table) } }, '2026-11');
  };
  expect(into('/dev/customer_sales')).not.toBe(into('/prod/customer_sales'));
  expect(into('/dev/customer_sales')).toMatch(/^run\/[^/]+\/[0-9a-f]{8}\/2026-11$/);
});
