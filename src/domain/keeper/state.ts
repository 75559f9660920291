// The state of a keeper, what can happen to it and what it wants done; and the way over continue-as-new and back.
import type { FailureSummary } from '../../contracts/failure';
import type {
  AskedMaintenance,
  CommitAsk,
  CommitJob,
  CommitReply,
  EndedCommit,
  GivenWay,
  KeeperAnswer,
  KeeperInput,
  QueuedCommit,
  TableView,
  UpkeepSession,
  UpkeepState,
  WithdrawAsk,
  Withdrawn,
} from '../../contracts/keeper';
import type { MaintenanceJob, MaintenanceLook, MaintenanceRequest, MaintenanceStep } from '../../contracts/upkeep';

/** The one thing that a keeper does at a time. */
export type RunningWork =
  | { readonly kind: 'commit'; readonly commit: QueuedCommit }
  | { readonly kind: 'look' }
  | { readonly kind: 'maintain'; readonly job: MaintenanceJob };

/**
 * `first`: those of keepers that began before 2026-12, who keep them until they continue as new, so that their
 * histories replay: upkeep gives way without end, and the withdrawal of an unknown step gets no answer.
 */
export type KeeperRules = 'bounded' | 'first';

export type KeeperState = {
  readonly table: string;
  readonly rules: KeeperRules;
  /** In the order of arrival; without the one that runs. */
  readonly queue: readonly QueuedCommit[];
  readonly running: RunningWork | undefined;
  readonly commits: number;
  readonly lastVersion: number | undefined;
  readonly last: EndedCommit | undefined;
  readonly lastMerge: TableView['lastMerge'];
  readonly lastMaintenance: TableView['lastMaintenance'];
  readonly upkeep: UpkeepState | undefined;
  readonly asked: readonly AskedMaintenance[];
  readonly session: UpkeepSession | undefined;
  readonly givenWay: GivenWay | undefined;
  /** The newest last; as many as are kept. */
  readonly withdrawn: readonly Withdrawn[];
  /** Continues as new as soon as nothing runs. */
  readonly leaving: boolean;
};

/** A message, the end of work, or the workflow's own steps: `turn` when work may begin, `turn-ended` after it. */
export type KeeperEvent =
  | { readonly kind: 'commit-asked'; readonly ask: CommitAsk }
  | { readonly kind: 'withdrawal-asked'; readonly ask: WithdrawAsk }
  | { readonly kind: 'maintenance-asked'; readonly ask: AskedMaintenance }
  | { readonly kind: 'leave-asked' }
  | { readonly kind: 'turn' }
  | { readonly kind: 'turn-ended' }
  | WorkOutcome;

export type WorkOutcome =
  | { readonly kind: 'commit-ended'; readonly reply: CommitReply }
  | { readonly kind: 'looked'; readonly look: MaintenanceLook }
  | { readonly kind: 'maintained'; readonly step: MaintenanceStep }
  | { readonly kind: 'upkeep-failed'; readonly failure: FailureSummary };

export type KeeperIntent =
  | { readonly kind: 'commit'; readonly job: CommitJob }
  | { readonly kind: 'look'; readonly request: MaintenanceRequest }
  | { readonly kind: 'maintain'; readonly job: MaintenanceJob }
  | { readonly kind: 'answer'; readonly to: string; readonly answer: KeeperAnswer }
  | { readonly kind: 'continue-as-new'; readonly input: KeeperInput };

export type Reduced = { readonly state: KeeperState; readonly intents: readonly KeeperIntent[] };

export function restoreKeeper(input: KeeperInput, table: string, rules: KeeperRules): KeeperState {
  return {
    table,
    rules,
    queue: (input.queue ?? []).map(({ request, waiters }) => ({
      request,
      waiters: waiters.map((waiter) => (typeof waiter === 'string' ? { replyTo: waiter } : waiter)),
    })),
    running: undefined,
    commits: input.commits ?? 0,
    lastVersion: input.lastVersion,
    last: input.last,
    lastMerge: undefined,
    lastMaintenance: undefined,
    upkeep: input.upkeep,
    asked: input.asked ?? [],
    session: input.session,
    givenWay: input.givenWay,
    withdrawn: input.withdrawn ?? [],
    leaving: false,
  };
}

/** Only between two pieces of work: what runs is not carried over. */
export function carryKeeper(state: KeeperState): KeeperInput {
  const { table, queue, commits, asked, lastVersion, last, upkeep, session, givenWay, withdrawn } = state;
  return {
    table,
    queue,
    commits,
    asked,
    ...(lastVersion === undefined ? {} : { lastVersion }),
    ...(last === undefined ? {} : { last }),
    ...(upkeep === undefined ? {} : { upkeep }),
    ...(session === undefined ? {} : { session }),
    ...(givenWay === undefined ? {} : { givenWay }),
    ...(withdrawn.length === 0 ? {} : { withdrawn }),
  };
}
