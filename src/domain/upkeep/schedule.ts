// When a keeper looks at its table: after enough new files, and once a day while old versions wait for VACUUM. Pure.
import type { MaintenanceLook, MaintenanceRequest } from '../../contracts/upkeep';
import type { UpkeepState } from '../../contracts/keeper';
import { currentSettings } from './settings';

const dayMs = 86_400_000;

const compactFrom = ({ settings }: MaintenanceRequest): number => currentSettings(settings).compactFrom;

/** A table that a keeper meets for the first time is looked at: nobody knows what was done to it before. */
export function afterCommit(
  state: UpkeepState | undefined,
  request: MaintenanceRequest,
  filesAdded: number,
  nowMs: number,
): UpkeepState {
  if (state === undefined) return { request, smallFiles: filesAdded, lookAt: nowMs };
  return { request, smallFiles: state.smallFiles + filesAdded, lookAt: state.lookAt ?? nowMs + dayMs };
}

export type Looked = {
  readonly look: Pick<MaintenanceLook, 'held' | 'jobs' | 'mostSmallFiles'>;
  readonly postponed: number;
};

/** Without files of old versions there is nothing that time alone could make due. `undefined`: the look failed. */
export function afterLook({ request }: UpkeepState, looked: Looked | undefined, nowMs: number): UpkeepState {
  if (looked === undefined) return { request, smallFiles: 0, lookAt: nowMs + dayMs };
  const { look, postponed } = looked;
  // What the policy has just left alone is no reason to look again before another file comes.
  const smallFiles = Math.min(look.mostSmallFiles, compactFrom(request) - 1);
  if (postponed > 0) return { request, smallFiles, lookAt: nowMs };
  const waiting = look.held.files > 0 || look.jobs.length > 0;
  return { request, smallFiles, ...(waiting ? { lookAt: nowMs + dayMs } : {}) };
}

export function isDue(state: UpkeepState | undefined, nowMs: number): boolean {
  if (state === undefined) return false;
  return state.smallFiles >= compactFrom(state.request) || (state.lookAt ?? Infinity) <= nowMs;
}

/** Milliseconds until the next look by time; absent: none is planned. */
export function untilLook(state: UpkeepState | undefined, nowMs: number): number | undefined {
  return state?.lookAt === undefined ? undefined : Math.max(0, state.lookAt - nowMs);
}
