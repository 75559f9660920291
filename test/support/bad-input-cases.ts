// The bad-input corpus: for each case how the raw files come about, and what must become of them.
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { RowsSeen, RunSeen } from './headgate';

export const header = 'invoice_no,customer_id,category,quantity,price,invoice_date,shopping_mall';
export const line = (invoice: string, rest = 'C1,Lamps,2,10.50,05-01-2024,Birchgate'): string => `${invoice},${rest}`;
/** Three good lines in every file, so that something always could be merged. */
export const good = [line('I1'), line('I2'), line('I3')];
export const csv = (...lines: readonly string[]): string => `${[header, ...lines].join('\n')}\n`;

type Committed = {
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
  readonly write: (raw: string, python: string) => void;
  /** Changes the seed pipeline's text. */
  readonly pipeline?: (text: string) => string;
  readonly expected: Committed | Refused | Nothing | Held;
};

const sales =
  (content: string | Buffer, name = 'sales_data.csv') =>
  (raw: string) =>
    writeFileSync(join(raw, name), content);

const withCsvOption = (option: string) => (text: string) =>
  text.replace('    format: csv\n', `    format: csv\n    csv: { ${option} }\n`);

const partitionBy = (column: string) => (text: string) => text.replace('[invoice_month]', `[${column}]`);

/** A Parquet file from rows given as a Python literal. */
const customers = (columns: string) => (raw: string, python: string) => {
  sales(csv(...good))(raw);
  const script = `import pyarrow as pa, pyarrow.parquet as pq; pq.write_table(pa.table(${columns}), "${join(raw, 'customer_data.parquet')}")`;
  execFileSync(python, ['-c', script]);
};

/** Three good rows and one in quarantine. */
const aside = (reason: string, count = 1): Committed => ({
  outcome: 'committed',
  rows: { read: 3 + count, inserted: 3, quarantined: count },
  quarantine: { [reason]: count },
});

const allGood: Committed = { outcome: 'committed', rows: { read: 3, inserted: 3 } };

const mallIs = (mall: string): Committed => ({
  outcome: 'committed',
  rows: { read: 1, inserted: 1 },
  holds: { sql: 'SELECT shopping_mall, invoice_no FROM t', rows: [{ shopping_mall: mall, invoice_no: 'I1' }] },
});

const malls = ['it’s "50%"/=&?:', "O'Neil \\ Söhne", '買い物', 'a b', '__HIVE', 'k=v', '..', '%20'];

export const badInputs: readonly BadInput[] = [
  {
    name: 'missing column',
    write: sales(
      'invoice_no,customer_id,category,quantity,invoice_date,shopping_mall\nI1,C1,Lamps,2,05-01-2024,Birchgate\n',
    ),
    expected: { outcome: 'failed', type: 'MissingColumn', says: ['sales_data.csv', 'price'] },
  },
  {
    name: 'extra column',
    write: sales(`${header},note\n${good.map((text) => `${text},hello`).join('\n')}\n`),
    expected: { ...allGood, warning: 'ExtraColumns' },
  },
  {
    name: 'extra column where the pipeline forbids it',
    write: sales(`${header},note\n${good.map((text) => `${text},hello`).join('\n')}\n`),
    pipeline: withCsvOption('extra_columns: fail'),
    expected: { outcome: 'failed', type: 'ExtraColumns', says: ['sales_data.csv', 'note'] },
  },
  {
    name: 'reordered columns',
    write: sales(
      'price,invoice_no,quantity,customer_id,shopping_mall,invoice_date,category\n10.50,I1,2,C1,Birchgate,05-01-2024,Lamps\n',
    ),
    expected: {
      outcome: 'committed',
      rows: { read: 1, inserted: 1 },
      holds: {
        sql: 'SELECT invoice_no, customer_id, quantity, price, category, total_sales FROM t',
        rows: [
          { invoice_no: 'I1', customer_id: 'C1', quantity: 2, price: '10.50', category: 'Lamps', total_sales: '21.00' },
        ],
      },
    },
  },
  {
    name: 'duplicate header',
    write: sales(`${header},price\n${good.map((text) => `${text},99.99`).join('\n')}\n`),
    expected: { outcome: 'failed', type: 'DuplicateHeader', says: ['sales_data.csv', 'price'] },
  },
  {
    name: 'unreadable number',
    write: sales(csv(...good, line('I4', 'C1,Lamps,two,10.50,05-01-2024,Birchgate'))),
    expected: aside('UnreadableValue'),
  },
  {
    name: 'unreadable date',
    write: sales(csv(...good, line('I4', 'C1,Lamps,2,10.50,31-02-2024,Birchgate'))),
    expected: aside('UnreadableValue'),
  },
  {
    name: 'overflow of an integer and of a decimal',
    write: sales(
      csv(
        ...good,
        line('I4', 'C1,Lamps,99999999999,10.50,05-01-2024,Birchgate'),
        line('I5', 'C1,Lamps,2,99999999999999999.50,05-01-2024,Birchgate'),
      ),
    ),
    expected: aside('UnreadableValue', 2),
  },
  {
    name: 'malformed quotes',
    write: sales(csv(...good, line('I4', 'C1,Lamps,2,10.50,05-01-2024,"Birch"gate'))),
    expected: aside('MalformedQuotes'),
  },
  {
    name: 'a quote that is never closed',
    write: sales(csv(...good, line('I4', 'C1,"Lamps,2,10.50,05-01-2024,Birchgate'))),
    expected: aside('MalformedQuotes'),
  },
  {
    name: 'too few fields',
    write: sales(csv(...good, 'I4,C1,Lamps,2')),
    expected: aside('WrongFieldCount'),
  },
  {
    name: 'too many fields',
    write: sales(csv(...good, `${line('I4')},x,y`)),
    expected: aside('WrongFieldCount'),
  },
  {
    name: 'header only',
    write: sales(`${header}\n`),
    expected: { outcome: 'committed', rows: { read: 0 } },
  },
  {
    name: 'empty file beside a good one',
    write: (raw) => {
      sales(csv(...good))(raw);
      sales('', 'sales_data_empty.csv')(raw);
    },
    expected: { ...allGood, warning: 'EmptyFile' },
  },
  {
    name: 'no file at all',
    write: () => undefined,
    expected: { outcome: 'nothing-new', notice: /no file matches .*sales_data\*\.csv/ },
  },
  {
    name: 'missing snapshot',
    write: (raw) => {
      sales(csv(...good))(raw);
      rmSync(join(raw, 'customer_data.parquet'));
    },
    expected: { outcome: 'failed', type: 'MissingInput', says: ['customer_data.parquet'] },
  },
  {
    name: 'a folder of the name of a file',
    write: (raw) => {
      sales(csv(...good))(raw);
      mkdirSync(join(raw, 'sales_data_folder.csv'));
      writeFileSync(join(raw, 'sales_data_folder.csv', 'part.csv'), csv(line('I9')));
    },
    expected: allGood,
  },
  {
    name: 'byte order mark',
    write: sales(`\uFEFF${csv(...good)}`),
    expected: { ...allGood, holds: { sql: "SELECT count(*) AS n FROM t WHERE invoice_no = 'I1'", rows: [{ n: 1 }] } },
  },
  {
    name: 'CRLF',
    write: sales(csv(...good).replaceAll('\n', '\r\n')),
    expected: {
      ...allGood,
      holds: { sql: 'SELECT DISTINCT shopping_mall FROM t', rows: [{ shopping_mall: 'Birchgate' }] },
    },
  },
  {
    name: 'Windows-1252, declared',
    write: sales(Buffer.from(csv(line('I1', 'C1,Lamps,2,10.50,05-01-2024,Caf\u00E9 \u0080')), 'latin1')),
    pipeline: withCsvOption('encoding: windows-1252'),
    expected: mallIs('Café €'),
  },
  {
    name: 'Windows-1252, not declared',
    write: sales(Buffer.from(csv(...good, line('I4', 'C1,Lamps,2,10.50,05-01-2024,Caf\u00E9')), 'latin1')),
    expected: aside('InvalidEncoding'),
  },
  {
    name: 'NUL bytes',
    write: sales(csv(...good, line('I4', 'C1,La\0mps,2,10.50,05-01-2024,Birchgate'))),
    expected: aside('NulByte'),
  },
  {
    name: 'gzip',
    write: sales(gzipSync(csv(...good)), 'sales_data.csv.gz'),
    pipeline: (text) => text.replace('sales_data*.csv', 'sales_data*.csv.gz'),
    expected: allGood,
  },
  {
    name: 'truncated gzip',
    write: sales(
      gzipSync(csv(...Array.from({ length: 5000 }, (_, n) => line(`I${n}`)))).subarray(0, 8000),
      'sales_data.csv.gz',
    ),
    pipeline: (text) => text.replace('sales_data*.csv', 'sales_data*.csv.gz'),
    expected: { outcome: 'failed', type: 'CorruptInput', says: ['sales_data.csv.gz'] },
  },
  {
    name: 'corrupt Parquet',
    write: (raw) => {
      sales(csv(...good))(raw);
      writeFileSync(join(raw, 'customer_data.parquet'), 'PAR1 this is no Parquet PAR1');
    },
    expected: { outcome: 'failed', type: 'CorruptInput', says: ['customer_data.parquet'] },
  },
  {
    name: 'Parquet with another type',
    write: customers('{"customer_id": ["C1"], "gender": ["Male"], "age": ["old"], "payment_method": ["Card"]}'),
    expected: { outcome: 'failed', type: 'TypeMismatch', says: ['customer_data.parquet', 'age'] },
  },
  {
    name: 'Parquet without a column',
    write: customers('{"customer_id": ["C1"], "gender": ["Male"], "payment_method": ["Card"]}'),
    expected: { outcome: 'failed', type: 'MissingColumn', says: ['customer_data.parquet', 'age'] },
  },
  {
    name: 'null key',
    write: sales(csv(...good, line(''))),
    expected: aside('NullKey'),
  },
  {
    name: 'duplicate key, equal content',
    write: sales(csv(...good, line('I1'))),
    expected: { outcome: 'committed', rows: { read: 4, inserted: 3, duplicates: 1 } },
  },
  {
    name: 'duplicate key, other content: the latest wins',
    write: sales(
      csv(
        line('I1', 'C1,Lamps,2,10.50,07-01-2024,Birchgate'),
        line('I1', 'C1,Teas,9,10.50,06-01-2024,Birchgate'),
        line('I1', 'C1,Records,1,10.50,05-01-2024,Birchgate'),
      ),
    ),
    expected: {
      outcome: 'committed',
      rows: { read: 3, inserted: 1, duplicates: 2 },
      holds: { sql: 'SELECT category, quantity FROM t', rows: [{ category: 'Lamps', quantity: 2 }] },
    },
  },
  {
    name: 'odd text in partition values',
    write: sales(
      csv(
        ...malls.map((mall, n) => line(`I${n}`, `C1,Lamps,2,10.50,05-01-2024,"${mall.replaceAll('"', '""')}"`)),
        line('I99', 'C1,Lamps,2,10.50,05-01-2024,'),
      ),
    ),
    pipeline: partitionBy('shopping_mall'),
    expected: {
      outcome: 'committed',
      rows: { read: malls.length + 1, inserted: malls.length + 1 },
      holds: {
        sql: 'SELECT invoice_no, shopping_mall FROM t ORDER BY invoice_no',
        rows: [
          ...malls.map((mall, n) => ({ invoice_no: `I${n}`, shopping_mall: mall })),
          { invoice_no: 'I99', shopping_mall: null },
        ],
      },
    },
  },
  {
    name: 'odd file names',
    write: (raw) => {
      for (const [n, name] of [
        'sales_data 1 of 2.csv',
        'sales_data_10:30.csv',
        "sales_data_ü'%25#.csv",
        'sales_data_[a].csv',
      ].entries()) {
        sales(csv(line(`I${n}`)), name)(raw);
      }
    },
    expected: { outcome: 'committed', rows: { read: 4, inserted: 4 } },
  },
  {
    name: 'too many unknown customers',
    write: sales(csv(...good, line('I4', 'C9,Lamps,2,10.50,05-01-2024,Birchgate'))),
    expected: { outcome: 'held' },
  },
  {
    name: 'amounts below zero and ages beyond all years',
    write: (raw, python) => {
      customers(
        '{"customer_id": ["C1", "C2"], "gender": ["Male", None], "age": pa.array([40, 200], pa.int32()), "payment_method": ["Card", "Card"]}',
      )(raw, python);
      sales(
        csv(
          ...good,
          line('I4', 'C1,Lamps,-1,10.50,05-01-2024,Birchgate'),
          line('I5', 'C2,Lamps,2,10.50,05-01-2024,Birchgate'),
        ),
      )(raw);
    },
    expected: {
      outcome: 'committed',
      rows: { read: 5, inserted: 3, quarantined: 2 },
      quarantine: { positive_amount: 1, valid_age: 1 },
    },
  },
];

/** `read` of the driving source is the sum of all fates. */
export const fatesOf = ({ rows }: Pick<RunSeen, 'rows'>): number => {
  const { read: _, ...fates } = rows ?? {};
  return Object.values(fates).reduce((sum: number, value: number) => sum + value, 0);
};
