import { defaultMaintenance } from '../../../src/domain/upkeep/policy';
import { currentSettings } from '../../../src/domain/upkeep/settings';

it('reads settings under the names that older builds recorded', () => {
  const { fileSize, compactFrom, clusterAbove, closedAfter, vacuumFullEveryDays, ...others } = defaultMaintenance;
  const recorded = {
    ...others,
    targetFileBytes: fileSize,
    minSmallFiles: compactFrom,
    zorderAbove: clusterAbove,
    closedAfterIngests: closedAfter,
    fullVacuumDays: vacuumFullEveryDays,
  } as unknown as typeof defaultMaintenance;
  expect(currentSettings(recorded)).toMatchObject(defaultMaintenance);
});

it('leaves settings of today as they are', () => {
  expect(currentSettings(defaultMaintenance)).toEqual(defaultMaintenance);
});
