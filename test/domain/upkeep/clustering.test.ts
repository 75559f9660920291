// Liquid clustering: enough that is new, within the budget, and never a z-cube again that is large enough.
import fc from 'fast-check';
import type { MaintenanceSettings, PartitionHealth, TableHealth } from '../../../src/contracts/maintenance';
import { fittingCube, judgeCluster } from '../../../src/domain/upkeep/clustering';
import { defaultMaintenance, planMaintenance } from '../../../src/domain/upkeep/policy';
import { healthyTable } from '../../fakes/health';

const MB = 1_000_000;
const file = 64 * MB;
const settings: MaintenanceSettings = { ...defaultMaintenance, fileSize: file };
const now = new Date('2026-06-10T12:00:00.000Z');
const layout = { zorderBy: [], clusterBy: ['id'] };
const unlimited = Number.MAX_SAFE_INTEGER;

type Sum = { readonly files: number; readonly bytes: number };

/** A table of one piece: what is new, and its z-cubes. */
function clusteredTable(fresh: Sum, cubes: readonly Sum[] = [], change: Partial<PartitionHealth> = {}): TableHealth {
  const all = [fresh, ...cubes];
  const table: PartitionHealth = {
    values: {},
    files: all.reduce((sum, { files }) => sum + files, 0),
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    rows: 0,
    deletedRows: 0,
    smallFiles: fresh.files,
    smallBytes: fresh.bytes,
    unclusteredFiles: fresh.files,
    unclusteredBytes: fresh.bytes,
    ingestsSinceWrite: 0,
    ...(cubes.length === 0 ? {} : { cubes }),
    ...change,
  };
  return healthyTable({ partitions: [table], lastVacuum: { full: now.toISOString() } });
}

const judge = (health: TableHealth, budget = unlimited) => judgeCluster(health, settings, budget);

describe('the size of a cube', () => {
  it.each([
    ['of a small table is four files', 10 * MB, 4 * file],
    ['stays while the table has not more than eight', 8 * 4 * file, 4 * file],
    ['stays until the table is twice as large', 2 * 8 * 4 * file - 1, 4 * file],
    ['doubles then', 2 * 8 * 4 * file, 8 * file],
    ['follows the table', 100 * 8 * 4 * file, 64 * 4 * file],
    ['ends where that of Delta begins', 1e15, 100 * 1024 ** 3],
  ])('%s', (_, bytes, cube) => {
    expect(fittingCube(bytes, file)).toBe(cube);
  });

  it('is never below four files, however large these are', () => {
    expect(fittingCube(1e15, 1024 ** 4)).toBe(4 * 1024 ** 4);
  });
});

describe('clustering', () => {
  it('tells numbers, gain and reason', () => {
    const small = { files: 2, bytes: 100 * MB };
    const full = { files: 5, bytes: 300 * MB };
    expect(judge(clusteredTable({ files: 10, bytes: 50 * MB }, [small, full]))).toEqual({
      action: {
        kind: 'cluster',
        partitions: [],
        files: 12,
        bytes: 150 * MB,
        cubeBytes: 4 * file,
        gain: '12 files become 3, and 5 stay as they are',
        reason:
          '10 files (50 MB) are not clustered; they are 33.3 % of what is written again, beside 1 small z-cube; z-cubes from 256 MB on are left alone',
      },
    });
  });

  it.each([
    ['eight small files are enough', { files: 8, bytes: MB }, true],
    ['seven are not', { files: 7, bytes: MB }, false],
    ['but the bytes of one file are', { files: 2, bytes: file }, true],
    ['one file alone never is', { files: 1, bytes: file }, false],
  ])('%s', (_, fresh, due) => {
    expect('action' in judge(clusteredTable(fresh))).toBe(due);
  });

  it.each([
    [clusteredTable({ files: 3, bytes: MB }), '3 files (1 MB) are not clustered; from 8 files or 64 MB on they are'],
    [
      clusteredTable({ files: 1, bytes: file }),
      'the table has no two files, and a single file cannot be clustered better',
    ],
    [
      clusteredTable({ files: 2, bytes: file }, [], { overlapDepth: 1.2 }),
      'there is nothing to gain: a value lies in 1.2 files in mean, and up to 1.5 is good',
    ],
    [
      clusteredTable({ files: 9, bytes: 10 * MB }, [{ files: 3, bytes: 190 * MB }]),
      '5 % of the 200 MB that would be written again are new; above 20 % the table is clustered',
    ],
    [healthyTable({ partitions: [] }), 'the table has no files'],
    [healthyTable(), 'the table is partitioned, and liquid clustering is for tables without partitions'],
  ])('says why not', (health, reason) => {
    expect(judge(health)).toEqual({ reason });
  });

  it('puts many small files together although their ranges do not overlap', () => {
    expect('action' in judge(clusteredTable({ files: 9, bytes: MB }, [], { overlapDepth: 1 }))).toBe(true);
  });

  it('takes smaller cubes when larger ones do not fit the budget', () => {
    const cubes = Array.from({ length: 8 }, () => ({ files: 8, bytes: 5 * file }));
    const large = [...cubes, ...Array.from({ length: 4 }, () => ({ files: 40, bytes: 40 * file }))];
    const health = clusteredTable({ files: 20, bytes: 20 * file }, large);
    expect(judge(health, 60 * file)).toMatchObject({ action: { cubeBytes: 16 * file, bytes: 60 * file } });
    expect(judge(health, 60 * file - 1)).toMatchObject({ action: { cubeBytes: 4 * file, bytes: 20 * file } });
    expect(judge(health, 20 * file - 1)).toEqual({
      reason: '1.3 GB would be written again, and the budget has 1.3 GB left',
    });
  });

  it('takes smaller cubes when too little of what is written again would be new', () => {
    const cubes = Array.from({ length: 4 }, () => ({ files: 15, bytes: 15 * file }));
    const health = clusteredTable({ files: 10, bytes: 10 * file }, [...cubes, { files: 100, bytes: 100 * file }]);
    expect(judge(health)).toMatchObject({ action: { cubeBytes: 8 * file, bytes: 10 * file } });
  });
});

it('puts as many cubes together as would be new bytes enough', () => {
  const cubes = (length: number) => Array.from({ length }, () => ({ files: 3, bytes: 3 * file }));
  const due = (length: number) => judge(clusteredTable({ files: 8, bytes: MB }, cubes(length)));
  expect(due(5)).toMatchObject({ action: { files: 23 } });
  expect('action' in due(4)).toBe(false);
});

describe('the plan of a table with cluster columns', () => {
  const due = clusteredTable({ files: 10, bytes: 50 * MB });

  it('clusters, and compacts in no other way', () => {
    const plan = planMaintenance(due, settings, layout, now);
    expect(plan.actions.map(({ kind }) => kind)).toEqual(['cluster']);
    expect(plan.declined).toContainEqual({
      kind: 'compact',
      reason: 'the table has cluster columns, so its small files are put together by clustering',
    });
  });

  it('declines both with optimize off', () => {
    const { actions, declined } = planMaintenance(due, { ...settings, optimize: 'off' }, layout, now);
    expect(actions).toEqual([]);
    expect(declined.map(({ kind }) => kind)).toEqual(['compact', 'cluster', 'vacuum-lite', 'vacuum-full']);
  });
});

// A table as its files: what is new, and cubes. Clustering puts new files and small cubes into cubes of 1.5 times the size.
type Model = { readonly fresh: readonly number[]; readonly cubes: readonly number[]; readonly budget: number };

const total = (sizes: readonly number[]): number => sizes.reduce((sum, size) => sum + size, 0);
const target = 100;
const drawn: MaintenanceSettings = { ...settings, fileSize: target };
const model: fc.Arbitrary<Model> = fc.record({
  fresh: fc.array(fc.integer({ min: 1, max: 3 * target }), { maxLength: 30 }),
  cubes: fc.array(fc.integer({ min: 1, max: 40 * target }), { maxLength: 20 }),
  budget: fc.nat(200 * target),
});
const healthOf = ({ fresh, cubes }: Model): TableHealth =>
  clusteredTable(
    { files: fresh.length, bytes: total(fresh) },
    cubes.map((bytes) => ({ files: Math.ceil(bytes / target), bytes })),
  );

function apply({ fresh, cubes, budget }: Model, cubeBytes: number): Model {
  const kept = cubes.filter((bytes) => bytes >= cubeBytes);
  const written = total(fresh) + total(cubes) - total(kept);
  const size = Math.floor(1.5 * cubeBytes);
  const full = Array.from({ length: Math.floor(written / size) }, () => size);
  const rest = written - total(full);
  return { fresh: [], cubes: [...kept, ...full, ...(rest > 0 ? [rest] : [])], budget };
}

it('writes no more again than the budget, exactly what it says, and nothing on a table at rest', () => {
  fc.assert(
    fc.property(model, (start) => {
      const verdict = judgeCluster(healthOf(start), drawn, start.budget);
      if (!('action' in verdict)) return;
      const { bytes, cubeBytes = 0 } = verdict.action;
      const next = apply(start, cubeBytes);
      const kept = start.cubes.filter((size) => size >= cubeBytes);
      expect(bytes).toBeLessThanOrEqual(start.budget);
      expect(bytes).toBe(total(start.fresh) + total(start.cubes) - total(kept));
      const open = start.cubes.length - kept.length;
      expect(open >= 5 || total(start.fresh) > drawn.clusterAbove * bytes).toBe(true);
      expect('action' in judgeCluster(healthOf(next), drawn, unlimited)).toBe(false);
    }),
    { numRuns: 2000 },
  );
});

it('writes a growing table again a bounded number of times', () => {
  let table: Model = { fresh: [], cubes: [], budget: unlimited };
  let written = 0;
  const batches = 400;
  for (let batch = 0; batch < batches; batch += 1) {
    table = { ...table, fresh: [...table.fresh, target] };
    const verdict = judgeCluster(healthOf(table), drawn, unlimited);
    if (!('action' in verdict)) continue;
    written += verdict.action.bytes;
    table = apply(table, verdict.action.cubeBytes ?? 0);
  }
  const naive = (batches * (batches + 1) * target) / 2;
  expect(written / (batches * target)).toBeLessThan(5);
  expect(written / naive).toBeLessThan(0.03);
  expect(table.cubes.length).toBeLessThanOrEqual(20);
});
