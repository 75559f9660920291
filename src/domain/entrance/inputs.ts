// What people may ask of runs and of upkeep, key by key.
import { maintenanceKinds } from '../../contracts/kinds';
import type { CancelRequest, GateVerdict, RunPipelineInput } from '../../contracts/run';
import type { MaintainTableInput } from '../../contracts/upkeep';
import { closed, flag, label, oneOf, optional, record, scalar, text } from './shape';

/** Where a relative one starts, nobody could say. */
const folder = scalar<string>(
  'the absolute path of a folder',
  (value) => typeof value === 'string' && value.startsWith('/'),
);

export const runPipelineInput = closed<RunPipelineInput>({
  pipeline: optional(label),
  variables: optional(record(text)),
  folder: optional(folder),
  interval: optional(label),
  redo: optional(flag),
});

export const maintainTableInput = closed<MaintainTableInput>({
  pipeline: optional(label),
  variables: optional(record(text)),
  folder: optional(folder),
  now: optional(oneOf(maintenanceKinds)),
});

export const gateVerdict = closed<GateVerdict>({
  decision: oneOf(['approve', 'reject'] as const),
  by: label,
  why: label,
});

/** What takes no argument. */
export const nothing = closed<Readonly<Record<string, never>>>({});

export const cancelRequest = closed<CancelRequest>({ by: label, why: label });
