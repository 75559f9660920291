// Upkeep without the schema library.
export { maintenanceKinds, type MaintenanceKind } from './kinds';
export type {
  MaintenanceSettings,
  PartitionHealth,
  PartitionValues,
  TableHealth,
  UpkeepSavings,
} from './maintenance-schema';
