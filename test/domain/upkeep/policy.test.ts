import fc from 'fast-check';
import type {
  MaintenanceKind,
  MaintenanceSettings,
  PartitionHealth,
  PartitionValues,
  TableHealth,
} from '../../../src/contracts/maintenance';
import type { MaintenancePlan } from '../../../src/contracts/upkeep';
import { formatBytes, partitionKey } from '../../../src/domain/upkeep/budget';
import { planNow } from '../../../src/domain/upkeep/on-demand';
import { defaultMaintenance, planMaintenance, type MaintenanceLayout } from '../../../src/domain/upkeep/policy';
import { noSavings } from '../../fakes/health';

const now = new Date('2026-03-10T12:00:00Z');
const hoursAgo = (hours: number): string => new Date(now.getTime() - hours * 3_600_000).toISOString();
const sum = (numbers: readonly number[]): number => numbers.reduce((total, number) => total + number, 0);

const MB = 1_000_000;
const settings: MaintenanceSettings = { ...defaultMaintenance, fileSize: 64 * MB };
const zorder: MaintenanceLayout = { zorderBy: ['id'], clusterBy: [] };
const plain: MaintenanceLayout = { zorderBy: [], clusterBy: [] };

const month = (name: string, change: Partial<PartitionHealth> = {}): PartitionHealth => ({
  values: { month: name },
  files: 4,
  bytes: 256 * MB,
  rows: 1000,
  deletedRows: 0,
  smallFiles: 0,
  smallBytes: 0,
  unclusteredFiles: 0,
  unclusteredBytes: 0,
  ingestsSinceWrite: 5,
  ...change,
});
/** 48 small files that become one, beside three large ones; clustered. */
const crumbs = (name: string, change: Partial<PartitionHealth> = {}): PartitionHealth =>
  month(name, { files: 51, bytes: 204.3 * MB, smallFiles: 48, smallBytes: 12.3 * MB, ...change });
/** Large files, half of the bytes not clustered. */
const mixed = (name: string, change: Partial<PartitionHealth> = {}): PartitionHealth =>
  month(name, { unclusteredFiles: 2, unclusteredBytes: 128 * MB, ...change });

const table = (partitions: readonly PartitionHealth[], change: Partial<TableHealth> = {}): TableHealth => ({
  table: '/lake/orders',
  version: 7,
  at: now.toISOString(),
  files: sum(partitions.map(({ files }) => files)),
  bytes: sum(partitions.map(({ bytes }) => bytes)),
  partitions,
  held: { files: 0, bytes: 0 },
  expired: { files: 0, bytes: 0 },
  window: { ingests: 10, ingestedBytes: 100_000 * MB, rewrittenBytes: 0 },
  madeHere: true,
  retention: { hours: 192 },
  createdAt: hoursAgo(48),
  lastVacuum: {},
  log: { files: 8, bytes: 1000, commitsSinceCheckpoint: 7, unread: 0 },
  savings: noSavings,
  ...change,
});
const withBudget = (bytes: number): Partial<TableHealth> => ({
  window: { ingests: 10, ingestedBytes: bytes / settings.rewriteBudget, rewrittenBytes: 0 },
});

const plan = (
  partitions: readonly PartitionHealth[],
  change: Partial<MaintenanceSettings> = {},
  layout: MaintenanceLayout = zorder,
  health: Partial<TableHealth> = {},
): MaintenancePlan => planMaintenance(table(partitions, health), { ...settings, ...change }, layout, now);

const actionOf = (made: MaintenancePlan, kind: MaintenanceKind) => made.actions.find((action) => action.kind === kind);
const kindsOf = (made: MaintenancePlan): readonly MaintenanceKind[] => made.actions.map(({ kind }) => kind);
/** `month: reason`, or the reason alone when it is about the whole kind. */
const declinedOf = (made: MaintenancePlan, kind: MaintenanceKind): readonly string[] =>
  made.declined
    .filter((declined) => declined.kind === kind)
    .map(({ partition, reason }) => (partition === undefined ? reason : `${partition['month'] ?? 'table'}: ${reason}`));
const monthsOf = (made: MaintenancePlan, kind: MaintenanceKind) =>
  actionOf(made, kind)?.partitions.map((values) => values['month']);

it('has defaults that people rely on', () => {
  expect(defaultMaintenance).toEqual({
    optimize: 'auto',
    fileSize: 67_108_864,
    compactFrom: 8,
    clusterAbove: 0.2,
    closedAfter: 3,
    rewriteBudget: 2,
    windowHours: 168,
    vacuumRetainHours: 168,
    vacuumCeiling: 0.5,
    vacuumFullEveryDays: 30,
  });
});

describe('compaction', () => {
  it('tells numbers, gain and reason', () => {
    expect(plan([crumbs('2026-03')]).actions).toEqual([
      {
        kind: 'compact',
        partitions: [{ month: '2026-03' }],
        files: 48,
        bytes: 12.3 * MB,
        gain: '48 files become 1',
        reason: '48 small files (12.3 MB) in month=2026-03; from 8 on a partition is compacted',
      },
    ]);
  });

  it('takes all due partitions in one action, in the order of their values, and names a few', () => {
    const made = plan(['e', 'c', 'a', 'd', 'b'].map((name) => crumbs(name)));
    expect(monthsOf(made, 'compact')).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(actionOf(made, 'compact')?.reason).toBe(
      '240 small files (61.5 MB) in 5 partitions (month=a, month=b, month=c and 2 more); from 8 on a partition is compacted',
    );
  });

  it('names no partition of an unpartitioned table', () => {
    const made = plan([crumbs('', { values: {} })]);
    expect(actionOf(made, 'compact')?.partitions).toEqual([]);
    expect(actionOf(made, 'compact')?.reason).toContain('in the table');
  });

  it.each([
    [7, []],
    [8, ['a']],
  ])('with %d small files and a minimum of 8', (smallFiles, months) => {
    const made = plan([crumbs('a', { smallFiles })]);
    expect(monthsOf(made, 'compact') ?? []).toEqual(months);
  });

  it('says how many small files are too few', () => {
    expect(declinedOf(plan([crumbs('a', { smallFiles: 7 })]), 'compact')).toEqual([
      'a: 7 small files (12.3 MB); from 8 on a partition is compacted',
    ]);
  });

  it.each([0, 1])('never takes up a single small file, even with a minimum of %d', (compactFrom) => {
    const made = plan([crumbs('a', { smallFiles: 1 })], { compactFrom });
    expect(kindsOf(made)).toEqual([]);
    expect(declinedOf(made, 'compact')).toEqual([
      'at most 1 small file in month=a; from 2 on a partition is compacted',
    ]);
  });

  it('takes up two small files with a minimum of 2', () => {
    expect(actionOf(plan([crumbs('a', { smallFiles: 2 })], { compactFrom: 0 }), 'compact')?.gain).toBe(
      '2 files become 1',
    );
  });

  it.each([
    ['half as many files is enough', 4 * 64 * MB, ['a']],
    ['more than half as many is not', 4 * 64 * MB + 1, []],
  ])('%s', (_, smallBytes, months) => {
    const made = plan([crumbs('a', { smallFiles: 8, files: 8, smallBytes, bytes: smallBytes })]);
    expect(monthsOf(made, 'compact') ?? []).toEqual(months);
  });

  it('counts on one file even when the log knows no sizes', () => {
    const made = plan([crumbs('a', { smallBytes: 0 }), crumbs('b', { smallBytes: 0 })]);
    expect(actionOf(made, 'compact')?.gain).toBe('96 files become 2');
  });

  it('says what would be left when the gain is too small', () => {
    const made = plan([crumbs('a', { smallFiles: 8, smallBytes: 300 * MB, bytes: 400 * MB })]);
    expect(declinedOf(made, 'compact')).toEqual([
      'a: 8 small files (300 MB) would still be 5 files, which is not half as many',
    ]);
  });
});

describe('clustering', () => {
  it('tells numbers, gain and reason, and that all of the partition is written again', () => {
    expect(plan([mixed('2026-03', { files: 12, overlapDepth: 8.25 })]).actions).toEqual([
      {
        kind: 'zorder',
        partitions: [{ month: '2026-03' }],
        files: 12,
        bytes: 256 * MB,
        gain: '12 files become 4, and a value lies in about 1 of them instead of 8.3',
        reason:
          '50 % of month=2026-03 are not clustered (128 MB), more than 20 %; clustering is not incremental, so all 256 MB are written again',
      },
    ]);
  });

  it('says "up to" when the log has no statistics', () => {
    expect(actionOf(plan([mixed('a')]), 'zorder')?.gain).toContain('instead of up to 4');
  });

  it.each([
    ['a share equal to the limit stays', { unclusteredBytes: 51.2 * MB }, []],
    ['a share above the limit is clustered', { unclusteredBytes: 51.3 * MB }, ['a']],
    ['a partition written two ingests ago is open', { ingestsSinceWrite: 2 }, []],
    ['a partition written three ingests ago is closed', { ingestsSinceWrite: 3 }, ['a']],
    ['a single file stays', { files: 1 }, []],
    ['two files are clustered', { files: 2 }, ['a']],
    ['ranges that hardly overlap stay', { overlapDepth: 1.5 }, []],
    ['ranges that overlap are clustered', { overlapDepth: 1.6 }, ['a']],
    ['an empty partition stays', { files: 0, bytes: 0, unclusteredFiles: 0, unclusteredBytes: 0 }, []],
  ])('%s', (_, change, months) => {
    expect(monthsOf(plan([mixed('a', change)]), 'zorder') ?? []).toEqual(months);
  });

  it.each([
    [
      { ingestsSinceWrite: 1 },
      'a: 50 % are not clustered, but it is still open: the last write was 1 ingest ago, and 3 close it',
    ],
    [{ files: 1 }, 'no partition has two files, and a single file cannot be clustered better'],
    [
      { overlapDepth: 1.25 },
      'a: 50 % are not clustered, but there is nothing to gain: a value lies in 1.3 files in mean, and up to 1.5 is good',
    ],
    [
      { bytes: 0, unclusteredBytes: 0 },
      'at most 0 % of month=a are not clustered; above 20 % a partition is clustered',
    ],
    [{ unclusteredBytes: 32 * MB }, 'at most 12.5 % of month=a are not clustered; above 20 % a partition is clustered'],
  ])('says why not: %j', (change, reason) => {
    expect(declinedOf(plan([mixed('a', change)]), 'zorder')).toEqual([reason]);
  });

  it('takes an unpartitioned table, which counts as closed', () => {
    const made = plan([mixed('', { values: {}, ingestsSinceWrite: 0 })]);
    expect(actionOf(made, 'zorder')).toMatchObject({ partitions: [], bytes: 256 * MB });
  });

  it('is declined for a table without zorder columns', () => {
    const made = plan([mixed('a')], {}, plain);
    expect(kindsOf(made)).toEqual([]);
    expect(declinedOf(made, 'zorder')).toEqual(['the table has no zorder columns']);
  });

  it('leaves no compaction of the same partition beside it, and says so', () => {
    const both = crumbs('a', { unclusteredFiles: 51, unclusteredBytes: 204.3 * MB });
    const made = plan([both, crumbs('b')]);
    expect(monthsOf(made, 'zorder')).toEqual(['a']);
    expect(monthsOf(made, 'compact')).toEqual(['b']);
    expect(declinedOf(made, 'compact')).toEqual([
      'a: it is clustered in this plan, which writes all of its files again',
    ]);
  });
});

describe('the budget', () => {
  it('is what the window brought times the setting, less what was written again', () => {
    const window = { ingests: 3, ingestedBytes: 100, rewrittenBytes: 30 };
    expect(plan([], { rewriteBudget: 2 }, zorder, { window }).budgetBytes).toBe(170);
  });

  it('is never negative', () => {
    const window = { ingests: 3, ingestedBytes: 100, rewrittenBytes: 300 };
    expect(plan([], { rewriteBudget: 2 }, zorder, { window }).budgetBytes).toBe(0);
  });

  it('takes a rewrite that fits exactly', () => {
    expect(kindsOf(plan([crumbs('a')], {}, zorder, withBudget(12.3 * MB)))).toEqual(['compact']);
  });

  it('declines what does not fit, with both numbers', () => {
    const made = plan([crumbs('a'), mixed('b')], {}, zorder, withBudget(12 * MB));
    expect(kindsOf(made)).toEqual([]);
    expect(declinedOf(made, 'compact')).toEqual(['a: 12.3 MB would be written again, and the budget has 12 MB left']);
    expect(declinedOf(made, 'zorder')).toEqual(['b: 256 MB would be written again, and the budget has 12 MB left']);
  });

  it('goes to the rewrite that saves most per byte, then skips what does not fit', () => {
    const partitions = [
      crumbs('few', { smallFiles: 20, smallBytes: 30 * MB }),
      crumbs('many', { smallFiles: 60, smallBytes: 30 * MB }),
      crumbs('last', { smallFiles: 8, smallBytes: 15 * MB }),
    ];
    const made = plan(partitions, {}, zorder, withBudget(50 * MB));
    expect(monthsOf(made, 'compact')).toEqual(['last', 'many']);
    expect(declinedOf(made, 'compact')).toEqual(['few: 30 MB would be written again, and the budget has 20 MB left']);
  });

  it('weighs clustering by the files that a reader opens', () => {
    const partitions = [mixed('mild', { overlapDepth: 2 }), mixed('bad', { overlapDepth: 4 })];
    const made = plan(partitions, {}, zorder, withBudget(300 * MB));
    expect(monthsOf(made, 'zorder')).toEqual(['bad']);
  });

  it('goes by the partition values when the gain is the same', () => {
    const made = plan([crumbs('b'), crumbs('a')], {}, zorder, withBudget(20 * MB));
    expect(monthsOf(made, 'compact')).toEqual(['a']);
  });

  it('lets a partition be compacted whose clustering does not fit', () => {
    const both = crumbs('a', { unclusteredFiles: 51, unclusteredBytes: 204.3 * MB });
    const made = plan([both], {}, zorder, withBudget(100 * MB));
    expect(kindsOf(made)).toEqual(['compact']);
    expect(declinedOf(made, 'zorder')).toEqual(['a: 204.3 MB would be written again, and the budget has 100 MB left']);
  });

  it('leaves a clustered partition alone with what is left', () => {
    const both = crumbs('a', { unclusteredFiles: 51, unclusteredBytes: 204.3 * MB });
    expect(kindsOf(plan([both], {}, zorder, withBudget(250 * MB)))).toEqual(['zorder']);
  });

  it('gives a compaction its chance when another clustering took the bytes of its own', () => {
    // Gain per byte: compaction of a 0.35, clustering of b 0.33, clustering of a 0.22.
    const a = month('a', {
      files: 11,
      bytes: 100,
      smallFiles: 10,
      smallBytes: 20,
      unclusteredFiles: 11,
      unclusteredBytes: 100,
      overlapDepth: 2,
    });
    const b = month('b', { files: 10, bytes: 60, unclusteredFiles: 10, unclusteredBytes: 60, overlapDepth: 2 });
    const made = plan([a, b], { fileSize: 8 }, zorder, withBudget(120));
    expect(monthsOf(made, 'compact')).toEqual(['a']);
    expect(monthsOf(made, 'zorder')).toEqual(['b']);
    expect(declinedOf(made, 'zorder')).toEqual(['a: 100 B would be written again, and the budget has 60 B left']);
    expect(declinedOf(made, 'compact')).toEqual([]);
  });
});

describe('when rewriting is not wanted', () => {
  const partitions = [crumbs('a'), mixed('b')];
  const expired = { expired: { files: 3, bytes: MB } };

  it('declines compaction and clustering with optimize off, and still decides VACUUM', () => {
    const made = plan(partitions, { optimize: 'off' }, zorder, expired);
    expect(kindsOf(made)).toEqual(['vacuum-lite']);
    expect(declinedOf(made, 'compact')).toEqual(['optimize is off for this table']);
    expect(declinedOf(made, 'zorder')).toEqual(['optimize is off for this table']);
  });

  it('waits for the quiet hours, says when they open, and still decides VACUUM', () => {
    const quietHours = { from: '22:00', to: '06:00', timezone: 'Europe/Berlin' };
    const made = plan(partitions, { quietHours }, zorder, expired);
    const reason = 'outside the quiet hours 22:00 to 06:00 Europe/Berlin, which open next at 2026-03-10T21:00:00.000Z';
    expect(kindsOf(made)).toEqual(['vacuum-lite']);
    expect(declinedOf(made, 'compact')).toEqual([reason]);
    expect(declinedOf(made, 'zorder')).toEqual([reason]);
  });

  it('rewrites within the quiet hours', () => {
    const quietHours = { from: '12:00', to: '13:00', timezone: 'UTC' };
    expect(kindsOf(plan(partitions, { quietHours }))).toEqual(['compact', 'zorder']);
  });
});

describe('a table that others have made', () => {
  const foreign = { madeHere: false, expired: { files: 3, bytes: MB } };

  it.each([
    ['zorder', zorder, ['compact', 'zorder', 'vacuum-lite', 'vacuum-full']],
    ['cluster', { zorderBy: [], clusterBy: ['id'] }, ['compact', 'cluster', 'vacuum-lite', 'vacuum-full']],
  ])('is left alone, every kind with the word that would change it: %s', (_, layout, kinds) => {
    const made = plan([crumbs('a'), mixed('b')], {}, layout, foreign);
    expect(made.actions).toEqual([]);
    expect(made.declined.map(({ kind }) => kind)).toEqual(kinds);
    expect(made.refused).toContain('maintenance: { adopt: true }');
  });

  it('is kept like any other once the pipeline file adopts it', () => {
    const made = plan([crumbs('a'), mixed('b')], { adopt: true }, zorder, foreign);
    expect(kindsOf(made)).toEqual(['compact', 'zorder', 'vacuum-lite']);
    expect(made.refused).toBeUndefined();
  });

  it.each(['compact', 'zorder', 'vacuum-lite', 'vacuum-full'] as const)(
    'stays alone when a person says %s now',
    (kind) => {
      const asked = { ...zorder, settings };
      const made = planNow(table([crumbs('a')], foreign), asked, kind);
      expect([made.actions, made.refused]).toEqual([[], expect.stringContaining('adopt')]);
      expect(
        planNow(table([crumbs('a')], foreign), { ...asked, settings: { ...settings, adopt: true } }, kind).actions,
      ).toHaveLength(1);
    },
  );
});

describe('vacuum', () => {
  const expired = { files: 12, bytes: 20 * MB };
  const vacuum = (health: Partial<TableHealth>) => plan([month('a')], {}, zorder, { expired, ...health });

  it('deletes expired files a day after the last look', () => {
    const made = vacuum({ lastVacuum: { lite: hoursAgo(24) } });
    expect(made.actions).toEqual([
      {
        kind: 'vacuum-lite',
        partitions: [],
        files: 12,
        bytes: 20 * MB,
        gain: '12 files (20 MB) are deleted',
        reason: '12 expired files (20 MB), 24 hours since the last VACUUM; every 24 hours is enough',
      },
    ]);
    expect(declinedOf(made, 'vacuum-full')).toEqual(['2 days since the table was made; it is due after 30']);
  });

  it.each([
    ['a lite VACUUM within a day', { lastVacuum: { lite: hoursAgo(23.5) } }, []],
    ['a full VACUUM within a day', { lastVacuum: { full: hoursAgo(23.5) } }, []],
    ['an old lite VACUUM and a full one within a day', { lastVacuum: { lite: hoursAgo(90), full: hoursAgo(2) } }, []],
    ['an old full VACUUM and a lite one within a day', { lastVacuum: { lite: hoursAgo(2), full: hoursAgo(90) } }, []],
    ['no VACUUM of a young table', { createdAt: hoursAgo(23) }, []],
    ['no VACUUM of a table older than a day', { createdAt: hoursAgo(25) }, ['vacuum-lite']],
    [
      'a quarter of the table expired',
      { lastVacuum: { lite: hoursAgo(1) }, expired: { files: 1, bytes: 64 * MB } },
      [],
    ],
    [
      'more than a quarter of the table expired',
      { lastVacuum: { lite: hoursAgo(1) }, expired: { files: 1, bytes: 64 * MB + 1 } },
      ['vacuum-lite'],
    ],
    ['nothing expired', { lastVacuum: { lite: hoursAgo(100) }, expired: { files: 0, bytes: 0 } }, []],
    ['a full VACUUM 29.9 days ago', { lastVacuum: { full: hoursAgo(29.9 * 24) } }, ['vacuum-lite']],
    ['a full VACUUM 30 days ago', { lastVacuum: { full: hoursAgo(720), lite: hoursAgo(1) } }, ['vacuum-full']],
    ['a table made 30 days ago', { createdAt: hoursAgo(720) }, ['vacuum-full']],
  ])('after %s', (_, health, kinds) => {
    expect(kindsOf(vacuum(health))).toEqual(kinds);
  });

  it('deletes nothing while nobody can read what the table promises, also when a person says now', () => {
    const unreadable = { expired, createdAt: hoursAgo(9999), retention: { hours: 192, unreadable: 'it is odd' } };
    const made = vacuum(unreadable);
    expect(made.actions).toEqual([]);
    expect(declinedOf(made, 'vacuum-lite')).toEqual(['nothing is deleted: it is odd']);
    expect(declinedOf(made, 'vacuum-full')).toEqual(['nothing is deleted: it is odd']);
    expect(planNow(table([month('a')], unreadable), { ...zorder, settings }, 'vacuum-full').actions).toEqual([]);
  });

  it('tells whose word it is that files are held for longer than asked', () => {
    const made = vacuum({ expired: { files: 0, bytes: 0 }, retention: { hours: 720, promised: 720 } });
    expect(declinedOf(made, 'vacuum-lite')).toEqual([
      'nothing expired yet: 0 files (0 B) are held for readers for 720 hours, as the table itself promises',
    ]);
  });

  const unread = { files: 8, bytes: 1000, commitsSinceCheckpoint: 7, unread: 1 };

  it.each([
    [
      'commits that nobody has read, a day after the last look',
      { log: unread, lastVacuum: { lite: hoursAgo(25) } },
      ['vacuum-lite'],
    ],
    ['commits that nobody has read, soon after the last look', { log: unread, lastVacuum: { lite: hoursAgo(2) } }, []],
    ['a full VACUUM that nobody knows of, on a table of unknown age', { createdAt: undefined }, ['vacuum-full']],
  ])('is due, not never, with %s', (_, health, kinds) => {
    expect(kindsOf(vacuum({ expired: { files: 0, bytes: 0 }, ...(health as Partial<TableHealth>) }))).toEqual(kinds);
  });

  it('says that nothing expired, and what is held for readers', () => {
    const made = vacuum({ expired: { files: 0, bytes: 0 }, held: { files: 5, bytes: 3 * MB } });
    expect(declinedOf(made, 'vacuum-lite')).toEqual([
      'nothing expired yet: 5 files (3 MB) are held for readers for 192 hours',
    ]);
  });

  it('says that it looked a short while ago', () => {
    expect(declinedOf(vacuum({ lastVacuum: { lite: hoursAgo(3.25) } }), 'vacuum-lite')).toEqual([
      '12 expired files (20 MB), 3.3 hours since the last VACUUM; every 24 hours is enough',
    ]);
  });

  it('says that the share of expired bytes does not wait', () => {
    const made = vacuum({ lastVacuum: { lite: hoursAgo(1) }, expired: { files: 9, bytes: 100 * MB } });
    expect(actionOf(made, 'vacuum-lite')?.reason).toBe(
      "9 expired files (100 MB), more than 25 % of the table's 256 MB",
    );
  });

  it('is one full VACUUM when that is due, with the lite one declined', () => {
    const made = vacuum({ lastVacuum: { full: hoursAgo(31 * 24) } });
    expect(actionOf(made, 'vacuum-full')).toMatchObject({
      files: 12,
      gain: '12 files (20 MB) are deleted, and what crashed jobs left behind',
      reason: '31 days since the last full VACUUM; it is due after 30',
    });
    expect(declinedOf(made, 'vacuum-lite')).toEqual(['the full VACUUM of this plan deletes the same files']);
  });
});

describe('the plan', () => {
  it('compacts, then clusters, then deletes', () => {
    const made = plan([mixed('a'), crumbs('b')], {}, zorder, { expired: { files: 1, bytes: 1 } });
    expect(kindsOf(made)).toEqual(['compact', 'zorder', 'vacuum-lite']);
  });

  it('is the same whatever the order of the partitions', () => {
    const partitions = [
      mixed('a'),
      crumbs('b'),
      mixed('c'),
      crumbs('d'),
      crumbs('e', { smallFiles: 3 }),
      crumbs('f', { smallFiles: 3 }),
    ];
    const budget = withBudget(270 * MB);
    expect(plan(partitions.toReversed(), {}, zorder, budget)).toEqual(plan(partitions, {}, zorder, budget));
  });

  it('lists the 20 partitions with most small files and sums up the rest', () => {
    const names = Array.from({ length: 2000 }, (_, index) => String(index).padStart(4, '0'));
    const made = plan(names.map((name, index) => crumbs(name, { smallFiles: index === 1500 ? 7 : 2 })));
    const declined = declinedOf(made, 'compact');
    expect(declined).toHaveLength(21);
    expect(declined[0]).toMatch(/^1500: 7 small files/);
    expect(declined[1]).toMatch(/^0000: 2 small files/);
    expect(declined[20]).toBe('1980 more partitions with 3960 small files in all, each for its own reason');
  });

  it('sums up in bytes what is not clustered', () => {
    const names = Array.from({ length: 22 }, (_, index) => String(index).padStart(2, '0'));
    const made = plan(names.map((name) => mixed(name, { ingestsSinceWrite: 0 })));
    expect(declinedOf(made, 'zorder')[20]).toBe(
      '2 more partitions with 256 MB that are not clustered in all, each for its own reason',
    );
  });

  it('has one line per kind for thousands of partitions in good order', () => {
    const made = plan(Array.from({ length: 2000 }, (_, index) => month(String(index))));
    expect(made.actions).toEqual([]);
    expect(declinedOf(made, 'compact')).toEqual([
      'at most 0 small files in any of 2000 partitions; from 8 on a partition is compacted',
    ]);
    expect(declinedOf(made, 'zorder')).toEqual([
      'at most 0 % of any of 2000 partitions are not clustered; above 20 % a partition is clustered',
    ]);
  });

  it('of an empty table is empty', () => {
    const made = plan([]);
    expect(made.actions).toEqual([]);
    expect(declinedOf(made, 'compact')).toEqual(['the table has no files']);
    expect(declinedOf(made, 'zorder')).toEqual(['the table has no files']);
  });

  it('keeps the null partition apart from the text "null"', () => {
    expect(partitionKey({ month: null })).not.toBe(partitionKey({ month: 'null' }));
    expect(partitionKey({ a: '1', b: '2' })).toBe(partitionKey({ b: '2', a: '1' }));
  });

  it.each([
    [0, '0 B'],
    [999, '999 B'],
    [999_960, '1 MB'],
    [12_345_678, '12.3 MB'],
    [5e9, '5 GB'],
  ])('writes %d bytes as %s', (bytes, text) => {
    expect(formatBytes(bytes)).toBe(text);
  });
});

// A table as its files, from which the health is derived: whatever is drawn is consistent.
type File = { readonly size: number; readonly clustered: boolean };
type Model = {
  readonly partitions: readonly {
    readonly values: PartitionValues;
    readonly files: readonly File[];
    readonly ingestsSinceWrite: number;
    readonly depth: number | undefined;
  }[];
  readonly window: TableHealth['window'];
  readonly rest: Pick<TableHealth, 'held' | 'expired' | 'createdAt' | 'lastVacuum'>;
};
type Pack = (sizes: readonly number[], target: number) => readonly number[];

const target = 100;
const isSmall = ({ size }: File): boolean => size < 0.75 * target;
const bytesOf = (files: readonly File[]): number => sum(files.map(({ size }) => size));

function healthOf({ partitions, window, rest }: Model): TableHealth {
  const measured = partitions.map(({ values, files, ingestsSinceWrite, depth }): PartitionHealth => {
    const unclustered = files.filter(({ clustered }) => !clustered);
    return {
      values,
      files: files.length,
      bytes: bytesOf(files),
      rows: 0,
      deletedRows: 0,
      smallFiles: files.filter(isSmall).length,
      smallBytes: bytesOf(files.filter(isSmall)),
      unclusteredFiles: unclustered.length,
      unclusteredBytes: bytesOf(unclustered),
      ingestsSinceWrite,
      ...(depth === undefined ? {} : { overlapDepth: Math.min(depth, files.length) }),
    };
  });
  return table(measured, { window, ...rest });
}

/** As the plan expects it: full files, and one with what is left over. */
const packFull: Pack = (sizes) => {
  const total = sum(sizes);
  const rest = total % target;
  return [...Array.from({ length: Math.floor(total / target) }, () => target), ...(rest > 0 ? [rest] : [])];
};

/** As Delta does it: in ascending order, a new file when the next one would make it too large. */
const packBins: Pack = (sizes) =>
  sizes
    .toSorted((one, other) => one - other)
    .reduce<readonly number[]>((bins, size) => {
      const last = bins.at(-1);
      return last === undefined || last + size > target ? [...bins, size] : [...bins.slice(0, -1), last + size];
    }, []);

const keysOf = (made: MaintenancePlan, kind: MaintenanceKind): readonly string[] => {
  const action = actionOf(made, kind);
  if (action === undefined) return [];
  return (action.partitions.length === 0 ? [{}] : action.partitions).map(partitionKey);
};
const rewrittenKeys = (made: MaintenancePlan): readonly string[] => [
  ...keysOf(made, 'compact'),
  ...keysOf(made, 'zorder'),
];
const rewrittenBytes = (made: MaintenancePlan): number =>
  (actionOf(made, 'compact')?.bytes ?? 0) + (actionOf(made, 'zorder')?.bytes ?? 0);

function apply(model: Model, made: MaintenancePlan, pack: Pack): Model {
  const [compacted, clustered] = [keysOf(made, 'compact'), keysOf(made, 'zorder')];
  const rewritten = model.partitions.map((partition) => {
    const { values, files } = partition;
    if (clustered.includes(partitionKey(values))) {
      const written = packFull([bytesOf(files)], target);
      return { ...partition, files: written.map((size) => ({ size, clustered: true })), depth: 1 };
    }
    if (!compacted.includes(partitionKey(values))) return partition;
    const written = pack(
      files.filter(isSmall).map(({ size }) => size),
      target,
    );
    const large = files.filter((file) => !isSmall(file));
    return { ...partition, files: [...large, ...written.map((size) => ({ size, clustered: false }))] };
  });
  const window = { ...model.window, rewrittenBytes: model.window.rewrittenBytes + rewrittenBytes(made) };
  return { ...model, partitions: rewritten, window };
}

const someFile = fc.record({
  size: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.integer({ min: 1, max: 3 * target })),
  clustered: fc.boolean(),
});
const contents = fc.record({
  files: fc.array(someFile, { minLength: 1, maxLength: 30 }),
  ingestsSinceWrite: fc.nat(6),
  depth: fc.option(fc.double({ min: 1, max: 30, noNaN: true }), { nil: undefined }),
});
const someTime = fc.integer({ min: 0, max: 60 * 24 }).map(hoursAgo);
const someSum = fc.nat(5).chain((files) => fc.record({ files: fc.constant(files), bytes: fc.nat(files * 1000) }));
const someModel: fc.Arbitrary<Model> = fc.record({
  partitions: fc.oneof(
    contents.map((only) => [{ values: {}, ...only }]),
    fc
      .array(contents, { maxLength: 8 })
      .map((all) => all.map((one, index) => ({ values: { month: index === 0 ? null : `m${index}` }, ...one }))),
  ),
  window: fc.record({ ingests: fc.nat(20), ingestedBytes: fc.nat(6000), rewrittenBytes: fc.nat(2000) }),
  rest: fc.record({
    held: someSum,
    expired: someSum,
    createdAt: someTime,
    lastVacuum: fc.record({ lite: someTime, full: someTime }, { requiredKeys: [] }),
  }),
});
const share = fc.double({ min: 0, max: 1, noNaN: true });
const someSettings: fc.Arbitrary<MaintenanceSettings> = fc.record({
  optimize: fc.constantFrom('auto' as const, 'auto' as const, 'auto' as const, 'off' as const),
  fileSize: fc.constant(target),
  compactFrom: fc.nat(10),
  clusterAbove: fc.oneof(fc.constant(0.2), share),
  closedAfter: fc.nat(6),
  rewriteBudget: fc.double({ min: 0, max: 3, noNaN: true }),
  windowHours: fc.constant(168),
  vacuumRetainHours: fc.constant(168),
  vacuumCeiling: share,
  vacuumFullEveryDays: fc.integer({ min: 1, max: 60 }),
});
const someLayout = fc.constantFrom(zorder, zorder, plain);

/** Whether the plan keeps its promises is asked for any table, any settings and any layout. */
const forAll = (check: (model: Model, settings: MaintenanceSettings, layout: MaintenanceLayout) => void): void =>
  fc.assert(fc.property(someModel, someSettings, someLayout, check), { numRuns: 1000 });

describe('any plan', () => {
  it('writes no more bytes again than the budget has', () => {
    forAll((model, settings, layout) => {
      const made = planMaintenance(healthOf(model), settings, layout, now);
      expect(rewrittenBytes(made)).toBeLessThanOrEqual(made.budgetBytes);
      const { ingestedBytes, rewrittenBytes: before } = model.window;
      expect(made.budgetBytes).toBeLessThanOrEqual(Math.max(0, settings.rewriteBudget * ingestedBytes - before));
    });
  });

  it('tells the bytes that its partitions have', () => {
    forAll((model, settings) => {
      const health = healthOf(model);
      const made = planMaintenance(health, settings, zorder, now);
      const chosen = (kind: MaintenanceKind) =>
        health.partitions.filter(({ values }) => keysOf(made, kind).includes(partitionKey(values)));
      expect(actionOf(made, 'compact')?.bytes ?? 0).toBe(sum(chosen('compact').map(({ smallBytes }) => smallBytes)));
      expect(actionOf(made, 'zorder')?.bytes ?? 0).toBe(sum(chosen('zorder').map(({ bytes }) => bytes)));
    });
  });

  it('rewrites a partition once', () => {
    forAll((model, settings, layout) => {
      const keys = rewrittenKeys(planMaintenance(healthOf(model), settings, layout, now));
      expect(new Set(keys).size).toBe(keys.length);
    });
  });

  it('declines no partition for what it does to it', () => {
    forAll((model, settings, layout) => {
      const made = planMaintenance(healthOf(model), settings, layout, now);
      const both = made.declined.filter(
        ({ kind, partition }) => partition !== undefined && keysOf(made, kind).includes(partitionKey(partition)),
      );
      expect(both).toEqual([]);
    });
  });

  it('chooses or declines each kind, and says why in words', () => {
    forAll((model, settings, layout) => {
      const made = planMaintenance(healthOf(model), settings, layout, now);
      const told = [...made.actions, ...made.declined];
      const kinds = ['compact', 'vacuum-full', 'vacuum-lite', 'zorder'];
      expect([...new Set(told.map(({ kind }) => kind))].toSorted()).toEqual(kinds);
      expect(told.filter(({ reason }) => !/\w/.test(reason) || /NaN|undefined|Infinity/.test(reason))).toEqual([]);
      expect(made.actions.filter(({ gain }) => !/\d/.test(gain) || /NaN|undefined|Infinity/.test(gain))).toEqual([]);
    });
  });

  it('has at most one action of a kind, and one VACUUM', () => {
    forAll((model, settings, layout) => {
      const kinds = kindsOf(planMaintenance(healthOf(model), settings, layout, now));
      expect(new Set(kinds).size).toBe(kinds.length);
      expect(kinds.filter((kind) => kind.startsWith('vacuum')).length).toBeLessThanOrEqual(1);
    });
  });

  it('leaves alone what the plan before it clustered', () => {
    forAll((model, settings, layout) => {
      const made = planMaintenance(healthOf(model), settings, layout, now);
      const next = planMaintenance(healthOf(apply(model, made, packFull)), settings, layout, now);
      expect(rewrittenKeys(next).filter((key) => keysOf(made, 'zorder').includes(key))).toEqual([]);
    });
  });

  it.each([
    ['files are packed as the plan expects', packFull, 3],
    ['files are packed as Delta does', packBins, 4],
  ])('is followed by nothing to rewrite when no rows come in and %s', (_, pack, mostRounds) => {
    forAll((start, settings, layout) => {
      let model = start;
      const rounds: number[] = [];
      for (let round = 0; round < mostRounds + 3; round += 1) {
        const made = planMaintenance(healthOf(model), settings, layout, now);
        rounds.push(rewrittenKeys(made).length);
        model = apply(model, made, pack);
      }
      expect(rounds.slice(mostRounds)).toEqual([0, 0, 0]);
    });
  });
});
