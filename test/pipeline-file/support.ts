// A small correct pipeline file, and ways to spoil it at a marked place.
import { parsePipeline, PipelineFileError, type PipelineFileIssue } from '../../src/pipeline-file';

export const file = 'orders.yaml';
export const variables = { RAW: '/raw', LAKE: '/lake' };

export const orders = `name: orders
sources:
  orders:
    path: \${RAW}/orders-*.csv
    format: csv
    columns:
      order_id: bigint!
      customer_id: string
      amount: decimal(18,2)
      changed: timestamp yyyy-MM-dd HH:mm:ss
      placed: { from: Placed On, type: date, format: dd.MM.yyyy }
    key: [order_id]
    latest_by: changed
  customers:
    path: \${RAW}/customers.parquet
    format: parquet
    arrives: snapshot
    columns: { customer_id: string!, country: string }
    key: [customer_id]
transform:
  from: orders
  join: { customers: { on: customer_id } }
  columns:
    month: date_format(placed, 'yyyy-MM')
    size: { bin: amount, edges: [10, 100], labels: [small, medium, large] }
expectations:
  paid: { check: amount > 0, action: quarantine, hold_above: 5% }
target:
  table: \${LAKE}/orders
  partition_by: [month]
  zorder_by: [customer_id]
maintenance: { optimize: auto, vacuum: { retain: 7 days } }
schedule: { at: "02:30", timezone: Europe/Berlin }
gate: { wait: 2 days }
`;

/** Replaces once, and fails when the text is not there: a test must spoil what it means to. */
export function spoil(text: string, from: string, to: string): string {
  if (!text.includes(from)) throw new Error(`not in the pipeline file: ${from}`);
  return text.replace(from, () => to);
}

/** Text without its mark ¶, and the place where the mark stood. */
export function unmark(marked: string): { readonly text: string; readonly place: string } {
  const [before = '', after] = marked.split('¶');
  if (after === undefined) throw new Error('no mark');
  const lines = before.split('\n');
  return { text: before + after, place: `${lines.length}:${(lines.at(-1) ?? '').length + 1}` };
}

export const parse = (text: string, values: Readonly<Record<string, string>> = variables) =>
  parsePipeline(text, { file, variables: values });

export function issuesOf(
  text: string,
  values: Readonly<Record<string, string>> = variables,
): readonly PipelineFileIssue[] {
  try {
    parse(text, values);
  } catch (error) {
    if (error instanceof PipelineFileError) return error.issues;
    throw error;
  }
  return [];
}

export const show = (issue: PipelineFileIssue): string =>
  `${issue.line}:${issue.column} ${issue.field}: ${issue.problem}`;

/** What is replaced in `orders` by what; the mark ¶ shows where the one issue must point. */
export type Mistake = readonly [
  name: string,
  from: string,
  marked: string,
  field: string,
  problem: RegExp,
  remedy: RegExp,
];

export function spoilt(
  from: string,
  marked: string,
): { readonly place: string; readonly issues: readonly PipelineFileIssue[] } {
  const { text, place } = unmark(spoil(orders, from, marked));
  return { place, issues: issuesOf(text) };
}

export const told = (place: string, field: string, problem: RegExp, remedy: RegExp): unknown =>
  expect.objectContaining({
    file,
    line: Number(place.split(':')[0]),
    column: Number(place.split(':')[1]),
    field,
    problem: expect.stringMatching(problem),
    remedy: expect.stringMatching(remedy),
  });
