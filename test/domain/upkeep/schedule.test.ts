// When a keeper looks at its table, and into which jobs a plan is cut.
import type { MaintenanceAction, MaintenanceRequest } from '../../../src/contracts/upkeep';
import { maintenanceRequest } from '../../../src/domain/job-requests';
import { planNow } from '../../../src/domain/upkeep/on-demand';
import { sliceAction } from '../../../src/domain/upkeep/slices';
import { afterCommit, afterLook, isDue, untilLook } from '../../../src/domain/upkeep/schedule';
import { healthyTable, partitionHealth } from '../../fakes/health';
import { pipeline } from '../../fakes/reports';

const request: MaintenanceRequest = { ...maintenanceRequest(pipeline), zorderBy: ['id'] };
const now = Date.parse('2026-06-10T12:00:00Z');
const day = 86_400_000;
const looked = (heldFiles: number, mostSmallFiles = 0, postponed = 0) => ({
  look: { held: { files: heldFiles, bytes: 0 }, jobs: [], mostSmallFiles },
  postponed,
});

describe('a keeper looks at its table', () => {
  const rested = afterLook(afterCommit(undefined, request, 3, now), looked(0), now);

  it('at once when it meets the table for the first time', () => {
    expect(isDue(afterCommit(undefined, request, 1, now), now)).toBe(true);
  });

  it('never without a commit and without being asked', () => {
    expect(isDue(undefined, now)).toBe(false);
    expect(untilLook(undefined, now)).toBeUndefined();
  });

  it('again after as many new files as a partition may have small ones', () => {
    const one = afterCommit(rested, request, 7, now);
    expect(isDue(one, now)).toBe(false);
    expect(isDue(afterCommit(one, request, 1, now), now)).toBe(true);
  });

  it('counts the small files of the last look, but not as a reason by themselves', () => {
    const five = afterLook(rested, looked(0, 5), now);
    expect(isDue(afterCommit(five, request, 2, now), now)).toBe(false);
    expect(isDue(afterCommit(five, request, 3, now), now)).toBe(true);
    const many = afterLook(rested, looked(0, 500), now);
    expect(isDue(many, now)).toBe(false);
    expect(isDue(afterCommit(many, request, 1, now), now)).toBe(true);
  });

  it('again a day after a commit, however few files came', () => {
    const state = afterCommit(rested, request, 1, now);
    expect(untilLook(state, now)).toBe(day);
    expect(isDue(state, now + day)).toBe(true);
    // A later commit does not put it off.
    expect(untilLook(afterCommit(state, request, 1, now + day / 2), now + day / 2)).toBe(day / 2);
  });

  it('a day later while old versions wait for VACUUM, and not at all when none do', () => {
    expect(untilLook(afterLook(rested, looked(4), now), now)).toBe(day);
    expect(untilLook(rested, now)).toBeUndefined();
  });

  it('at once when work was left for a commit, and a day after a look that failed', () => {
    expect(isDue(afterLook(rested, looked(0, 0, 2), now), now)).toBe(true);
    expect(untilLook(afterLook(rested, undefined, now), now)).toBe(day);
  });

  it('by the settings of the last commit', () => {
    const other = { ...request, settings: { ...request.settings, compactFrom: 2 } };
    expect(isDue(afterCommit(rested, other, 2, now), now)).toBe(true);
  });
});

const months = ['2026-01', '2026-02', '2026-03', '2026-04'];
const action = (partitions: readonly string[]): MaintenanceAction => ({
  kind: 'zorder',
  partitions: partitions.map((month) => ({ month })),
  files: 4,
  bytes: 400,
  gain: 'g',
  reason: 'r',
});

describe('slices', () => {
  const health = months.map((month, index) => partitionHealth(month, { bytes: [60, 30, 20, 500][index] ?? 0 }));
  const cut = (limit: number) =>
    sliceAction(action(months), health, limit).map(({ partitions }) => partitions.map(({ month }) => month));

  it('hold as many partitions as fit, in the order of the plan; a greater one is a slice of its own', () => {
    expect(cut(100)).toEqual([['2026-01', '2026-02'], ['2026-03'], ['2026-04']]);
    expect(cut(10_000)).toEqual([months]);
  });

  it('are one for an action on the whole table', () => {
    expect(sliceAction(action([]), health)).toEqual([{ kind: 'zorder', partitions: [] }]);
  });

  it('name at most fifty partitions', () => {
    const many = Array.from({ length: 120 }, (_, index) => `m${index}`);
    expect(sliceAction(action(many), []).map(({ partitions }) => partitions.length)).toEqual([50, 50, 20]);
  });
});

describe('a plan for a person who says now', () => {
  const health = healthyTable({
    partitions: [
      partitionHealth('2026-01', { files: 3, smallFiles: 2, smallBytes: 9, ingestsSinceWrite: 0 }),
      partitionHealth('2026-02', { files: 1, smallFiles: 1, smallBytes: 5 }),
    ],
    window: { ingests: 0, ingestedBytes: 0, rewrittenBytes: 0 },
  });

  it('takes all partitions that the action can change, open or closed, without a budget', () => {
    for (const kind of ['compact', 'zorder'] as const) {
      expect(planNow(health, request, kind).actions).toMatchObject([{ kind, partitions: [{ month: '2026-01' }] }]);
    }
  });

  it('clusters the table with the z-cubes that fit it', () => {
    const clustered = { ...request, zorderBy: [], clusterBy: ['id'] };
    const { actions } = planNow(health, clustered, 'cluster');
    expect(actions).toMatchObject([{ kind: 'cluster', partitions: [], cubeBytes: 4 * 64 * 1024 * 1024 }]);
  });

  it.each([
    ['compact', { zorderBy: [], clusterBy: ['id'] }, 'put together by clustering'],
    ['zorder', { zorderBy: [], clusterBy: ['id'] }, 'no zorder columns'],
    ['cluster', { zorderBy: ['id'], clusterBy: [] }, 'no cluster columns'],
  ] as const)('does not ask Delta for what it would refuse: %s with %j', (kind, layout, reason) => {
    const plan = planNow(health, { ...request, ...layout }, kind);
    expect(plan.actions).toEqual([]);
    expect(plan.declined[0]?.reason).toContain(reason);
  });

  it('says so when there is nothing that it could change', () => {
    const plan = planNow(healthyTable(), request, 'compact');
    expect(plan.actions).toEqual([]);
    expect(plan.declined).toHaveLength(1);
  });

  it('leaves it to VACUUM what it finds', () => {
    expect(planNow(health, request, 'vacuum-full').actions).toMatchObject([{ kind: 'vacuum-full', partitions: [] }]);
  });
});
