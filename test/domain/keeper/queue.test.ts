import fc from 'fast-check';
import type { QueuedCommit } from '../../../src/contracts/keeper';
import { enqueue, withdraw } from '../../../src/domain/keeper/queue';
import { drawTableSheet } from '../../../src/domain/keeper/sheet';
import { stepOf } from '../../fakes/ids';
import { commitOf as job } from './keeper-world';

const by = (replyTo: string, run = 'one') => ({ replyTo, run });
const keys = (queue: readonly QueuedCommit[]) => queue.map((entry) => entry.request.request.stepKey);

describe('keeper queue', () => {
  it('serves in the order of arrival', () => {
    expect(keys(enqueue(enqueue([], job('a'), by('r1')), job('b'), by('r2')))).toEqual([stepOf('a'), stepOf('b')]);
  });

  it('queues a step once, however many runs wait for it', () => {
    const queue = enqueue(enqueue([], job('a'), by('r1')), job('a'), by('r2'));
    expect(queue).toHaveLength(1);
    expect(queue[0]?.waiters).toEqual([by('r1'), by('r2')]);
  });

  it('answers one workflow once, for its latest run', () => {
    const queue = enqueue(enqueue(enqueue([], job('a'), by('r1')), job('a'), by('r2')), job('a'), by('r1', 'two'));
    expect(queue[0]?.waiters).toEqual([by('r1', 'two'), by('r2')]);
  });

  it('queues a redo beside the commit of the same step: it is another generation', () => {
    expect(enqueue(enqueue([], job('a'), by('r1')), job('a', 2), by('r2'))).toHaveLength(2);
  });

  it('keeps a commit in the queue while another run waits for it', () => {
    const queue = enqueue(enqueue([], job('a'), by('r1')), job('a'), by('r2'));
    expect(withdraw(queue, stepOf('a'), by('r1'))[0]?.waiters).toEqual([by('r2')]);
    expect(withdraw(withdraw(queue, stepOf('a'), by('r1')), stepOf('a'), by('r2'))).toEqual([]);
  });

  it('returns the same queue when there is nothing to withdraw', () => {
    const queue = enqueue([], job('a'), by('r1'));
    expect(withdraw(queue, stepOf('b'), by('r1'))).toBe(queue);
    expect(withdraw(queue, stepOf('a'), by('stranger'))).toBe(queue);
  });

  it('holds each step at most once, whatever arrives', () => {
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c'), fc.constantFrom('r1', 'r2', 'r3'))), (requests) => {
        const queue = requests.reduce<readonly QueuedCommit[]>(
          (all, [key, run]) => enqueue(all, job(key), by(run)),
          [],
        );
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
      'single writer of `/lake/orders`',
      'commits: 3, table version 4',
      'last MERGE: looked at 2 of 30 files',
      'running: `nothing`',
      'upkeep: `2026-06-10 12:00 compact 8 files to 1`',
      '- `compact: 8 small files`',
      'waiting:',
      '- `waiting/step`',
    ]);
  });

  it('tells that upkeep leaves a table of others alone', () => {
    const lastMaintenance = { at: '2026-06-10T12:00:00.000Z', chosen: [], done: [], declined: 4, refused: 'not ours' };
    const sheet = drawTableSheet({ table: '/lake/orders', queued: [], commits: 3, lastMaintenance });
    expect(sheet).toContain('upkeep: `2026-06-10 12:00 not ours`');
  });
});
