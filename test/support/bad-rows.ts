// Bad input of which each line can be told apart: headers, values, quotes, keys, partition values, expectations.
import {
  aside,
  allGood,
  csv,
  customers,
  good,
  header,
  line,
  partitionBy,
  sales,
  withCsvOption,
  type BadInput,
} from './bad-input';

const malls = ['it’s "50%"/=&?:', "O'Neil \\ Söhne", '買い物', 'a b', '__HIVE', 'k=v', '..', '%20'];

export const badRows: readonly BadInput[] = [
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
    expected: aside('ValueOutOfRange', 2),
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
    name: 'null key',
    write: sales(csv(...good, line(''))),
    expected: aside('NullKey'),
  },
  {
    name: 'null in another required column',
    write: sales(csv(...good, line('I4', ',Lamps,2,10.50,05-01-2024,Birchgate'))),
    expected: aside('MissingValue'),
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
      quarantine: { 'expectation:positive_amount': 1, 'expectation:valid_age': 1 },
    },
  },
];
