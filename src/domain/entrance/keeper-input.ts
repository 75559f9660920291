// What a keeper starts with: written by people for a new one, carried over by a keeper of any build.
import type { EndedCommit, GivenWay, KeeperInput, UpkeepSession, UpkeepState } from '../../contracts/keeper';
import { commitJob, commitReply, waiter, withdrawn } from './commit-messages';
import { closed, count, either, flag, label, list, number, open, optional, text, type Fields } from './shape';
import { askedMaintenance, maintenanceLook, maintenanceRequest, maintenanceStep } from './upkeep-messages';

type Queued = NonNullable<KeeperInput['queue']>[number];

const fields: Fields<KeeperInput> = {
  table: optional(text),
  queue: optional(list(open<Queued>({ request: commitJob, waiters: list(either(waiter, text)) }))),
  commits: optional(count),
  lastVersion: optional(count),
  last: optional(open<EndedCommit>({ generation: count, waiters: list(waiter), reply: commitReply })),
  upkeep: optional(open<UpkeepState>({ request: maintenanceRequest, smallFiles: number, lookAt: optional(number) })),
  asked: optional(list(askedMaintenance)),
  session: optional(
    open<UpkeepSession>({
      request: maintenanceRequest,
      replyTo: optional(label),
      run: optional(text),
      owed: flag,
      look: optional(maintenanceLook),
      done: list(maintenanceStep),
    }),
  ),
  withdrawn: optional(list(withdrawn)),
  givenWay: optional(open<GivenWay>({ since: number, commits: count })),
};

export const keeperInput = closed<KeeperInput>(fields);
export const carriedKeeperInput = open<KeeperInput>(fields);
