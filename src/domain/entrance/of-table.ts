// A keeper takes what is asked for its own table: it is the writer of no other.
import { keeperWorkflowId } from '../../contracts/names';
import { commitAsk } from './commit-messages';
import { also, type Fault } from './shape';
import { askedMaintenance } from './upkeep-messages';

function foreign(own: string, asked: readonly string[]): Fault | undefined {
  const other = asked.find((table) => keeperWorkflowId(table) !== keeperWorkflowId(own));
  if (other === undefined) return undefined;
  const problem = `asks for ${other}, and this is the keeper of ${own}`;
  return { field: '', problem, remedy: `Ask the workflow ${keeperWorkflowId(other)}.` };
}

export const commitAskOf = (table: string) =>
  also(commitAsk, ({ job: { request, upkeep } }) =>
    foreign(table, [request.target.table, ...(upkeep === undefined ? [] : [upkeep.table])]),
  );

export const askedMaintenanceOf = (table: string) =>
  also(askedMaintenance, ({ request }) => foreign(table, [request.table]));
