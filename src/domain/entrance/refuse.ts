// What is wrong with the arguments of a workflow or of a message, as a failure with its remedy. Pure.
import type { FailureSummary } from '../../contracts/failure';
import { fits, type Fault, type Shape } from './shape';

export type Entered<T> =
  | { readonly value: T; readonly failure?: undefined }
  | { readonly value?: undefined; readonly failure: FailureSummary };

const mostTold = 5;

const tell = ({ field, problem }: Fault): string => (field === '' ? `it ${problem}` : `${field} ${problem}`);

function failureOf(faults: readonly Fault[], what: string, type: string): FailureSummary {
  const told = faults.slice(0, mostTold);
  const more = faults.length > mostTold ? `, and ${faults.length - mostTold} more` : '';
  return {
    kind: 'config',
    type,
    message: `What came for ${what} is wrong: ${told.map(tell).join('; ')}${more}.`,
    remedy: [...new Set(told.map(({ remedy }) => remedy))].join(' '),
    fields: { what, field: told[0]?.field ?? '', problems: faults.length },
  };
}

const extra = (args: readonly unknown[]): readonly Fault[] =>
  args.length <= 1
    ? []
    : [{ field: '', problem: `has ${args.length} arguments`, remedy: 'Give one JSON object with all that is asked.' }];

/** None at all, and the nothing that a client sends for one, is `{}`; anything else must be the one JSON object. */
export function refuse<T>(shape: Shape<T>, args: readonly unknown[], what: string, type = 'BadInput'): Entered<T> {
  const [given = {}] = args;
  const faults = [...extra(args), ...shape.faults(given, '')];
  return faults.length === 0 && fits(shape, given) ? { value: given } : { failure: failureOf(faults, what, type) };
}
