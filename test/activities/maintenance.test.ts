// What a look at a table comes to: jobs whose keys say exactly what they do.
import { look } from '../../src/activities/maintenance';
import { parseTableUri } from '../../src/contracts/ids';
import type { TableHealth } from '../../src/contracts/maintenance';
import type { MaintenanceRequest } from '../../src/contracts/upkeep';
import { maintenanceRequest } from '../../src/domain/job-requests';
import { healthyTable, partitionHealth } from '../fakes/health';
import { pipeline } from '../fakes/reports';

const request: MaintenanceRequest = { ...maintenanceRequest(pipeline), zorderBy: ['id'] };
const untidy: TableHealth = healthyTable({
  partitions: [partitionHealth('2026-01', { files: 9, smallFiles: 9, smallBytes: 9_000 })],
});
const keysOf = (asked: MaintenanceRequest, health: TableHealth): readonly string[] =>
  look(asked, health, new Date()).jobs.map((job) => job.request.stepKey);

it('gives the same work on the same version the same key', () => {
  expect(keysOf(request, untidy)).toHaveLength(1);
  expect(keysOf(request, { ...untidy, at: '2026-06-11T00:00:00.000Z' })).toEqual(keysOf(request, untidy));
});

it.each<[string, Partial<MaintenanceRequest>, Partial<TableHealth>]>([
  ['another version', {}, { version: 8 }],
  ['another table', { table: parseTableUri('/lake/other') }, {}],
  ['other columns to order by', { zorderBy: ['id', 'day'] }, {}],
  ['another size of files', { settings: { ...request.settings, fileSize: 1e6 } }, {}],
  ['another action', { now: 'zorder' }, {}],
  ['another partition', {}, { partitions: untidy.partitions.map((one) => ({ ...one, values: { month: 'x' } })) }],
])('gives %s another key', (_, change, health) => {
  const [key] = keysOf({ ...request, ...change }, { ...untidy, ...health });
  expect(key).toBeDefined();
  expect(key).not.toBe(keysOf(request, untidy)[0]);
});

it('gives clustering with other cubes another key', () => {
  const clustered = { ...request, zorderBy: [], clusterBy: ['id'], now: 'cluster' as const };
  const table = (bytes: number) =>
    healthyTable({ partitions: [partitionHealth('', { values: {}, files: 9, bytes })], version: 7 });
  expect(keysOf(clustered, table(1e9))).not.toEqual(keysOf(clustered, table(1e12)));
});

it('keeps files for readers as long as promised, and for a job that has not committed yet a day more', () => {
  const { settings } = request;
  const [job] = look({ ...request, settings: { ...settings, vacuumRetainHours: 5 } }, untidy, new Date()).jobs;
  expect(job?.request.retainHours).toBe(29);
});

it('makes no job for a table that others have made before the pipeline file adopts it', () => {
  const foreign = { ...untidy, madeHere: false };
  expect(keysOf(request, foreign)).toEqual([]);
  const adopted = { ...request, settings: { ...request.settings, adopt: true } };
  expect(look(adopted, foreign, new Date()).jobs.map((job) => job.request.adopt)).toEqual([true]);
});

it('tells the job which version it was planned for', () => {
  expect(look(request, untidy, new Date()).jobs.map((job) => job.request.version)).toEqual([untidy.version]);
});
