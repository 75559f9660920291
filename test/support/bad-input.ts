// What a case of bad input is: how the raw files come about, and what must become of them; and the words to write one.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RowsSeen, RunSeen } from './headgate';

const header = 'invoice_no,customer_id,category,quantity,price,invoice_date,shopping_mall';
export const line = (invoice: string, rest = 'C1,Lamps,2,10.50,05-01-2024,Birchgate'): string => `${invoice},${rest}`;
/** Three good lines in every file, so that something always could be merged. */
export const good = [line('I1'), line('I2'), line('I3')];
export const csv = (...lines: readonly string[]): string => `${[header, ...lines].join('\n')}\n`;

export type Committed = {
  readonly outcome: 'committed';
  /** Fates that are not zero. */
  readonly rows: Partial<RowsSeen>;
  /** Reasons in the quarantine table with their number. */
  readonly quarantine?: Readonly<Record<string, number>>;
  /** Values of the table, found by SQL over `t`. */
  readonly holds?: { readonly sql: string; readonly rows: readonly Record<string, unknown>[] };
  readonly warning?: string;
};

type Refused = {
  readonly outcome: 'failed';
  readonly type: string;
  /** All of it must be in the message: the file, the column, … */
  readonly says: readonly string[];
};

type Nothing = { readonly outcome: 'nothing-new'; readonly notice: RegExp };

type Held = { readonly outcome: 'held' };

export type BadInput = {
  readonly name: string;
  /** Writes the raw folder; three customers C1 to C3 stand in customer_data.parquet already. */
  readonly write: (raw: string) => void;
  /** Changes the seed pipeline's text. */
  readonly pipeline?: (text: string) => string;
  readonly expected: Committed | Refused | Nothing | Held;
};

export const sales =
  (content: string | Buffer, name = 'sales_data.csv') =>
  (raw: string) =>
    writeFileSync(join(raw, name), content);

export const withCsvOption = (option: string) => (text: string) =>
  text.replace('    format: csv\n', `    format: csv\n    csv: { ${option} }\n`);

export const partitionBy = (column: string) => (text: string) => text.replace('[invoice_month]', `[${column}]`);

export const allGood: Committed = { outcome: 'committed', rows: { read: 3, inserted: 3 } };

/** `read` of the driving source is the sum of all fates. */
export const fatesOf = ({ rows }: Pick<RunSeen, 'rows'>): number => {
  const { read: _, ...fates } = rows ?? {};
  return Object.values(fates).reduce((sum: number, value: number) => sum + value, 0);
};
