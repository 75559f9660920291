// Bad input of whole files: empty, missing, misnamed, cut off, in another encoding or of another type.
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { allGood, csv, good, line, sales, withCsvOption, type BadInput, type Committed } from './bad-input';

const mallIs = (mall: string): Committed => ({
  outcome: 'committed',
  rows: { read: 1, inserted: 1 },
  holds: { sql: 'SELECT shopping_mall, invoice_no FROM t', rows: [{ shopping_mall: mall, invoice_no: 'I1' }] },
});

export const badFiles: readonly BadInput[] = [
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
    name: 'a folder of the name of a file, as Spark writes them',
    write: (raw) => {
      sales(csv(...good))(raw);
      mkdirSync(join(raw, 'sales_data_folder.csv'));
      writeFileSync(join(raw, 'sales_data_folder.csv', 'part.csv'), csv(line('I9')));
    },
    expected: { outcome: 'committed', rows: { read: 4, inserted: 4 } },
  },
  {
    name: 'Windows-1252, declared',
    write: sales(Buffer.from(csv(line('I1', 'C1,Lamps,2,10.50,05-01-2024,Caf\u00E9 \u0080')), 'latin1')),
    pipeline: withCsvOption('encoding: windows-1252'),
    expected: mallIs('Café €'),
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
];
