import type { AsideReason } from '../../src/contracts/job';
import { hintFor } from '../../src/domain/reading-hints';

const value = (declared: string, text: string): AsideReason => ({
  ...{ reason: 'UnreadableValue', rows: 1, column: 'c', declared },
  sample: { row: text, detail: `c: '${text}' is not ${declared}`, value: text },
});
const line = (row: string, fields: number, width: number): AsideReason => ({
  reason: 'WrongFieldCount',
  rows: 1,
  sample: { row, detail: `fields: ${fields} instead of ${width}`, fields, width },
});

test.each([
  ['another delimiter', line('1;a', 1, 2), ',', /no comma, but a semicolon: .*delimiter: semicolon/],
  ['a tab for a semicolon', line('1\ta', 1, 2), ';', /no semicolon, but a tab/],
  ['a pipe for a comma', line('1|a', 1, 2), ',', /but a pipe/],
  ['a delimiter at the end of the line', line('1;A;2;', 4, 3), ';', /ends in a semicolon, one field more/],
  ['a decimal comma', value('decimal(18,2)', '99,90'), ',', /decimal comma/],
  ['a decimal comma with points between thousands', value('decimal(18,2)', '1.000.000,01'), ',', /decimal comma/],
  ['a decimal comma with blanks between thousands', value('double', '1\u00A0234,5'), ',', /decimal comma/],
  ['commas between thousands', value('decimal(18,2)', '1,299.00'), ',', /commas between thousands/],
  ['a currency sign', value('decimal(18,2)', '$6.62 '), ',', /'\$6\.62 ' has a currency sign/],
  ['a currency sign behind', value('decimal(18,2)', '1.299,00 €'), ',', /currency sign/],
  ['a currency code', value('int', 'EUR 5'), ',', /currency sign/],
  ['a date of another order', value('date dd/MM/yyyy', '12/13/2019'), ',', /would fit `MM\/dd\/yyyy`$/],
  ['a date that is either', value('date dd-MM-yyyy', '4/5/2019'), ',', /`d\/M\/yyyy` or `M\/d\/yyyy`/],
  ['a date in ISO order', value('date dd.MM.yyyy', '2026-11-24'), ',', /would fit `yyyy-MM-dd`/],
  ['a date without a declared pattern', value('date', '24.11.2026'), ',', /would fit `dd\.MM\.yyyy`/],
  ['a date without marks', value('date', '20261124'), ',', /`yyyyMMdd`/],
  ['a short year', value('date', '24.11.26'), ',', /`dd\.MM\.yy`/],
  ['a time behind a date', value('date dd.MM.yyyy', '24.11.2026 10:15'), ',', /`dd\.MM\.yyyy HH:mm`, as a timestamp/],
  ['a clock of twelve hours', value('timestamp', '11/24/2026 1:05 PM'), ',', /`MM\/dd\/yyyy h:mm a`/],
])('%s is plain', (_, told, delimiter, hint) => {
  expect(hintFor(told, delimiter)).toMatch(hint);
});

test.each([
  ['a line that is too short', line('1,a', 2, 3), ','],
  ['a line that ends in a delimiter and is too short all the same', line('1,', 2, 3), ','],
  ['a line without any delimiter', line('nothing', 1, 2), ','],
  ['a line of Parquet', line('{"a":1}', 1, 2), undefined],
  ['a word for a number', value('decimal(18,2)', 'n/a'), ','],
  ['too many digits', value('decimal(18,2)', '2.555'), ','],
  ['a day that does not exist', value('date dd-MM-yyyy', '31-02-2024'), ','],
  ['a word for a date', value('date', 'soon'), ','],
  ['numbers that are no date', value('date', '99/99/2019'), ','],
  ['a comma in another type', value('boolean', '1,5'), ','],
])('of %s nothing is said', (_, told, delimiter) => {
  expect(hintFor(told, delimiter)).toBeUndefined();
});

test('a hint never says more than it knows, whatever the text', () => {
  const texts = ['', ' ', ',', '..', '//', '1//2', `${'9'.repeat(200)},5`, '\u0000', '1-2-3-4', '-'];
  for (const type of ['decimal(18,2)', 'date', 'timestamp dd/MM/yyyy', 'int', 'string'])
    for (const text of texts) expect(() => hintFor(value(type, text), ',')).not.toThrow();
});
