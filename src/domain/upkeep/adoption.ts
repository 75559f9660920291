// Whether upkeep may touch a table at all: what others have made is theirs. Pure.
import type { MaintenanceSettings, TableHealth } from '../../contracts/maintenance';

/** Why it may not; `undefined`: Headgate made the table, or its pipeline file says that it may. */
export const refuseTable = (
  { madeHere }: Pick<TableHealth, 'madeHere'>,
  { adopt }: Pick<MaintenanceSettings, 'adopt'>,
): string | undefined =>
  madeHere || adopt === true
    ? undefined
    : 'Headgate did not make this table, so upkeep leaves it alone; `maintenance: { adopt: true }` in the pipeline file lets it';
