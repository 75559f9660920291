// What a person sees of a keeper: the answer of its query, and the sheet drawn from it.
import { assertNever } from '../../contracts/assert-never';
import type { TableView } from '../../contracts/keeper';
import { inCode } from '../visible';
import type { KeeperState } from './state';

function tellWork({ running }: KeeperState): Pick<TableView, 'running' | 'maintaining'> {
  if (running === undefined) return {};
  switch (running.kind) {
    case 'commit':
      return { running: running.commit.request.request.stepKey };
    case 'look':
      return { maintaining: 'look' };
    case 'maintain':
      return { maintaining: running.job.request.kind };
    default:
      return assertNever(running);
  }
}

export function viewTable(state: KeeperState): TableView {
  const { table, queue, commits, lastVersion, lastMerge, lastMaintenance } = state;
  return {
    table,
    queued: queue.map((entry) => entry.request.request.stepKey),
    commits,
    ...tellWork(state),
    ...(lastVersion === undefined ? {} : { lastVersion }),
    ...(lastMerge === undefined ? {} : { lastMerge }),
    ...(lastMaintenance === undefined ? {} : { lastMaintenance }),
  };
}

function tellUpkeep({ at, done, declined, refused, failure }: NonNullable<TableView['lastMaintenance']>): string {
  const work = done.map(({ kind, filesRemoved, filesAdded }) => `${kind} ${filesRemoved} files to ${filesAdded}`);
  const nothing = refused ?? `nothing to do (${declined} declined)`;
  const told = work.length === 0 ? nothing : work.join(', ');
  return `${at.slice(0, 16).replace('T', ' ')} ${told}${failure === undefined ? '' : `; failed: ${failure.message}`}`;
}

export function drawTableSheet(view: TableView): string {
  return [
    `single writer of ${inCode(view.table)}  `,
    `commits: ${view.commits}${view.lastVersion === undefined ? '' : `, table version ${view.lastVersion}`}  `,
    ...(view.lastMerge === undefined
      ? []
      : [`last MERGE: looked at ${view.lastMerge.scanned} of ${view.lastMerge.scannedOf} files  `]),
    `running: ${inCode(view.running ?? view.maintaining ?? 'nothing')}  `,
    ...(view.lastMaintenance === undefined ? [] : [`upkeep: ${inCode(tellUpkeep(view.lastMaintenance))}  `]),
    ...(view.lastMaintenance?.chosen ?? []).map((line) => `- ${inCode(line)}`),
    `waiting: ${view.queued.length === 0 ? 'nobody' : ''}`,
    ...view.queued.map((stepKey) => `- ${inCode(stepKey)}`),
  ].join('\n');
}
