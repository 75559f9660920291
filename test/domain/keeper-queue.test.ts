import fc from 'fast-check';
import type { CommitJob, QueuedCommit } from '../../src/contracts/run';
import { drawTableSheet, enqueue, withdraw } from '../../src/domain/keeper-queue';
import { commitReport, pipeline } from '../fakes/reports';

const job = (stepKey: string, generation = 1): CommitJob => ({
  runtime: 'local',
  state: '/s',
  request: {
    protocol: 1,
    job: 'commit',
    stepKey,
    generation,
    run: 'r',
    digest: 'd',
    pipeline: 'p',
    target: pipeline.target,
    timezone: 'UTC',
    staging: commitReport.table.recovered ? { table: '', version: 0, rows: 0 } : { table: '/s', version: 0, rows: 1 },
  },
});
const keys = (queue: readonly QueuedCommit[]) => queue.map((entry) => entry.request.request.stepKey);

describe('keeper queue', () => {
  it('serves in the order of arrival', () => {
    expect(keys(enqueue(enqueue([], job('a'), 'r1'), job('b'), 'r2'))).toEqual(['a', 'b']);
  });

  it('queues a step once, however many runs wait for it', () => {
    const queue = enqueue(enqueue([], job('a'), 'r1'), job('a'), 'r2');
    expect(queue).toHaveLength(1);
    expect(queue[0]?.waiters).toEqual(['r1', 'r2']);
  });

  it('queues a redo beside the commit of the same step: it is another generation', () => {
    expect(enqueue(enqueue([], job('a'), 'r1'), job('a', 2), 'r2')).toHaveLength(2);
  });

  it('keeps a commit in the queue while another run waits for it', () => {
    const queue = enqueue(enqueue([], job('a'), 'r1'), job('a'), 'r2');
    expect(withdraw(queue, 'a', 'r1')[0]?.waiters).toEqual(['r2']);
    expect(withdraw(withdraw(queue, 'a', 'r1'), 'a', 'r2')).toEqual([]);
  });

  it('returns the same queue when there is nothing to withdraw', () => {
    const queue = enqueue([], job('a'), 'r1');
    expect(withdraw(queue, 'b', 'r1')).toBe(queue);
    expect(withdraw(queue, 'a', 'stranger')).toBe(queue);
  });

  it('holds each step at most once, whatever arrives', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('r1', 'r2', 'r3'))), (requests) => {
        const queue = requests.reduce<readonly QueuedCommit[]>((all, [key, run]) => enqueue(all, job(key), run), []);
        return new Set(keys(queue)).size === queue.length;
      }),
    );
  });
});

describe('the sheet of a table', () => {
  it('tells what the last MERGE looked at, and what upkeep did and why', () => {
    const step = { partitions: 1, bytesAdded: 9, bytesRemoved: 9, version: 4, seconds: 1 };
    const sheet = drawTableSheet({
      table: '/lake/orders',
      queued: ['waiting/step'],
      commits: 3,
      lastVersion: 4,
      lastMerge: { scanned: 2, scannedOf: 30 },
      lastMaintenance: {
        at: '2026-06-10T12:00:00.000Z',
        chosen: ['compact: 8 small files'],
        done: [{ ...step, kind: 'compact', filesRemoved: 8, filesAdded: 1 }],
        declined: 3,
      },
    });
    expect(sheet.split('\n').map((line) => line.trim())).toEqual([
      'single writer of /lake/orders',
      'commits: 3, table version 4',
      'last MERGE: looked at 2 of 30 files',
      'running: nothing',
      'upkeep: 2026-06-10 12:00 compact 8 files to 1',
      '- compact: 8 small files',
      'waiting:',
      '- waiting/step',
    ]);
  });
});
