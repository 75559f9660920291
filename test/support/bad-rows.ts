// Bad input of which each line can be told apart, where more than the prepare job has a part in what becomes of it. All kinds of bad
// rows, each with its value: spark/tests/spark/test_bad_input.py.
import { csv, good, line, partitionBy, sales, type BadInput } from './bad-input';

const malls = ['it’s "50%"/=&?:', "O'Neil \\ Söhne", '買い物', 'a b', '__HIVE', 'k=v', '..', '%20'];

export const badRows: readonly BadInput[] = [
  {
    name: 'rows of every bad kind',
    write: sales(
      csv(
        ...good,
        line('I4', 'C1,Lamps,two,10.50,05-01-2024,Birchgate'),
        line('I5', 'C1,Lamps,99999999999,10.50,05-01-2024,Birchgate'),
        line('I6', 'C1,Lamps,2,10.50,05-01-2024,"Birch"gate'),
        'I7,C1,Lamps,2',
        line(''),
        line('I8', ',Lamps,2,10.50,05-01-2024,Birchgate'),
        line('I9', 'C1,La\0mps,2,10.50,05-01-2024,Birchgate'),
        line('I10', 'C1,Lamps,-1,10.50,05-01-2024,Birchgate'),
        line('I1'),
      ),
    ),
    expected: {
      outcome: 'committed',
      rows: { read: 12, inserted: 3, quarantined: 8, duplicates: 1 },
      quarantine: {
        UnreadableValue: 1,
        ValueOutOfRange: 1,
        MalformedQuotes: 1,
        WrongFieldCount: 1,
        NullKey: 1,
        MissingValue: 1,
        NulByte: 1,
        'expectation:positive_amount': 1,
      },
    },
  },
  {
    name: 'missing column',
    write: sales(
      'invoice_no,customer_id,category,quantity,invoice_date,shopping_mall\nI1,C1,Lamps,2,05-01-2024,Birchgate\n',
    ),
    expected: { outcome: 'failed', type: 'MissingColumn', says: ['sales_data.csv', 'price'] },
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
];
