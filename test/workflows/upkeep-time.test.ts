// Upkeep by the clock. On a server of its own: workflows that other tests leave open hold up its virtual time.
import type { TestWorkflowEnvironment } from '@temporalio/testing';
import { look } from '../../src/activities/maintenance';
import { healthyTable } from '../fakes/health';
import { startEnvironment } from './environment';
import { eventually, onTable } from './table-scene';

let environment: TestWorkflowEnvironment;

beforeAll(async () => {
  environment = await startEnvironment();
});

afterAll(async () => {
  await environment.teardown();
});

const day = 86_400_000;

describe('keepTable', () => {
  it('looks again day by day while old versions are held', async () => {
    const looks: number[] = [];
    await onTable(
      environment,
      () => ({
        lookAtTable: async (request) => {
          looks.push(await environment.currentTimeMs());
          return look(request, healthyTable({ held: { files: 4, bytes: 400 } }), new Date());
        },
      }),
      async ({ keeper, run }) => {
        await (await run('a')).result();
        // The server lets time pass while somebody waits for a result.
        const end = keeper.result().catch(() => undefined);
        await eventually(
          async () => looks.length,
          (count) => count >= 3,
        );
        await keeper.terminate();
        await end;
        expect(Math.round(((looks[2] ?? 0) - (looks[0] ?? 0)) / day)).toBe(2);
      },
    );
  });
});
