// Settings of upkeep as workflows have them that began with an older build: five of their names were others. May go when
// no keeper and no run of before 2026-12 is open.
import type { MaintenanceSettings } from '../../contracts/maintenance';

const formerNames = {
  fileSize: 'targetFileBytes',
  compactFrom: 'minSmallFiles',
  clusterAbove: 'zorderAbove',
  closedAfter: 'closedAfterIngests',
  vacuumFullEveryDays: 'fullVacuumDays',
} as const satisfies Partial<Record<keyof MaintenanceSettings, string>>;

export function currentSettings(settings: MaintenanceSettings): MaintenanceSettings {
  const recorded = new Map<string, unknown>(Object.entries(settings));
  const renamed = Object.entries(formerNames).filter(([name, former]) => !recorded.has(name) && recorded.has(former));
  return { ...settings, ...Object.fromEntries(renamed.map(([name, former]) => [name, recorded.get(former)])) };
}
