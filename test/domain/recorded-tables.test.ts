// The policy on the health of real tables, as the log reader told it: what it does with them, word for word.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { tableHealth } from '../../src/contracts/maintenance-schema';
import type { MaintenanceSettings } from '../../src/contracts/maintenance';
import { defaultMaintenance, planMaintenance, type MaintenanceLayout } from '../../src/domain/upkeep/policy';

const zorder: MaintenanceLayout = { zorderBy: ['customer_id', 'category'], clusterBy: [] };
const liquid: MaintenanceLayout = { zorderBy: [], clusterBy: ['customer'] };

function planOf(table: string, layout: MaintenanceLayout, change: Partial<MaintenanceSettings> = {}) {
  const file = join(__dirname, '..', 'golden', 'health', `${table}.json`);
  const health = tableHealth.parse(JSON.parse(readFileSync(file, 'utf8')));
  return planMaintenance(health, { ...defaultMaintenance, ...change }, layout, new Date(health.at));
}

const linesOf = ({ actions, declined }: ReturnType<typeof planOf>): readonly string[] => [
  ...actions.map(({ kind, gain, reason }) => `do ${kind}: ${reason}; ${gain}`),
  ...declined.map(({ kind, partition, reason }) => `leave ${kind} ${JSON.stringify(partition ?? 'table')}: ${reason}`),
];

it('puts together what many small deliveries left in every month', () => {
  expect(linesOf(planOf('many-deliveries', zorder))).toMatchInlineSnapshot(`
[
  "do compact: 192 small files (1.2 MB) in 24 partitions (invoice_month=2024-01, invoice_month=2024-02, invoice_month=2024-03 and 21 more); from 8 on a partition is compacted; 192 files become 24",
  "leave zorder {"invoice_month":"2025-08"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2024-12"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2025-03"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2025-01"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2025-06"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2025-04"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2024-09"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2024-01"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2025-05"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2024-10"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2024-04"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2024-05"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2024-08"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2025-09"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2024-11"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2025-07"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2024-03"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2024-06"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2025-11"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2025-10"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder "table": 4 more partitions with 199.8 kB that are not clustered in all, each for its own reason",
  "leave vacuum-lite "table": nothing expired yet: 24 files (477.7 kB) are held for readers for 192 hours",
  "leave vacuum-full "table": 0 days since the table was made; it is due after 30",
]
`);
});

it('leaves an open month of a table with deletion vectors whose files cannot become half as many', () => {
  expect(linesOf(planOf('deletion-vectors', zorder, { fileSize: 1024 * 1024 }))).toMatchInlineSnapshot(`
[
  "leave compact {"invoice_month":"2025-01"}: 15 small files (7.7 MB) would still be 8 files, which is not half as many",
  "leave compact {"invoice_month":"2025-02"}: 3 small files (1 MB); from 8 on a partition is compacted",
  "leave zorder {"invoice_month":"2025-01"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave zorder {"invoice_month":"2025-02"}: 100 % are not clustered, but it is still open: the last write was 0 ingests ago, and 3 close it",
  "leave vacuum-lite "table": nothing expired yet: 31 files (11.6 MB) are held for readers for 192 hours",
  "leave vacuum-full "table": 0 days since the table was made; it is due after 30",
]
`);
});

it('clusters what is new and the one small cube, and leaves the full ones', () => {
  const plan = planOf('liquid', liquid, { fileSize: 250_000 });
  expect(linesOf(plan)).toMatchInlineSnapshot(`
[
  "do cluster: 8 files (5.6 MB) are not clustered; they are 93 % of what is written again, beside 1 small z-cube; z-cubes from 1 MB on are left alone; 9 files become 25, and 9 stay as they are",
  "leave compact "table": the table has cluster columns, so its small files are put together by clustering",
  "leave vacuum-lite "table": nothing expired yet: 9 files (5.4 MB) are held for readers for 192 hours",
  "leave vacuum-full "table": 0.1 days since the table was made; it is due after 30",
]
`);
  expect(plan.actions[0]?.bytes).toBe(5_644_254 + 421_614);
});
