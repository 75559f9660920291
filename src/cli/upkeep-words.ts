// What people call the kinds of upkeep on the command line.
import { maintenanceKinds, type MaintenanceKind } from '../contracts/maintenance';

const words = {
  compact: 'compact',
  zorder: 'zorder',
  cluster: 'cluster',
  'vacuum-lite': 'vacuum',
  'vacuum-full': 'vacuum-full',
} as const satisfies Record<MaintenanceKind, string>;

export type UpkeepWord = (typeof words)[MaintenanceKind];

export const upkeepWords: readonly UpkeepWord[] = Object.values(words);

export const upkeepKind = (word: UpkeepWord | undefined): MaintenanceKind | undefined =>
  maintenanceKinds.find((kind) => words[kind] === word);
