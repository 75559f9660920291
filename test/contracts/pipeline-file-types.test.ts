// Column types and datetime patterns as a pipeline file writes them.
import { parseColumnText, parseDatetimePattern, parseSparkType } from '../../src/contracts/pipeline-file-types';

test.each([
  ['string', { type: 'string', required: false }],
  ['string!', { type: 'string', required: true }],
  ['BIGINT', { type: 'bigint', required: false }],
  ['decimal(18,2)', { type: 'decimal(18,2)', required: false }],
  ['decimal( 18 , 2 )!', { type: 'decimal(18,2)', required: true }],
  ['date dd-MM-yyyy', { type: 'date', required: false, format: 'dd-MM-yyyy' }],
  ['date! d.M.yy', { type: 'date', required: true, format: 'd.M.yy' }],
  ['timestamp yyyy-MM-dd HH:mm:ss', { type: 'timestamp', required: false, format: 'yyyy-MM-dd HH:mm:ss' }],
  ["timestamp yyyy-MM-dd'T'HH:mm:ssXXX", { type: 'timestamp', required: false, format: "yyyy-MM-dd'T'HH:mm:ssXXX" }],
])('%s', (text, value) => {
  expect(parseColumnText(text)).toEqual({ value });
});

test.each([
  ['', /not a column type/],
  ['!', /not a column type/],
  ['strnig', /not a column type/],
  ['array<int>', /not a column type/],
  ['string dd-MM-yyyy', /type string takes no format/],
  ['decimal(18', /cut at its comma/],
  ['decimal(39,2)', /not a possible decimal/],
  ['decimal(5,6)', /not a possible decimal/],
])('%j is refused', (text, problem) => {
  expect(parseColumnText(text)).toMatchObject({ problem: expect.stringMatching(problem) });
});

test.each([
  ['integer', 'int'],
  ['varchar(20)', 'string'],
  ['datetime', 'timestamp'],
  ['money', 'decimal(18,2)'],
  ['decimal', 'decimal(18,2)'],
])('%s is told its name here: %s', (text, name) => {
  expect(parseSparkType(text)).toMatchObject({ remedy: expect.stringContaining(`Did you mean ${name}?`) });
});

test.each([
  ['date', 'DD-MM-yyyy', "'D' is the day of the year; the day of the month is 'd'"],
  ['date', 'dd-MM-YYYY', "'Y' is the year of the week; the year is 'y'"],
  ['date', 'dd-mm-yyyy', "'m' is the minute; the month is 'M'"],
  ['date', 'dd-MM', "it has no year ('y')"],
  ['timestamp', 'HH:mm:ss', "it has no year ('y')"],
  ['timestamp', 'yyyy-MM-ddTHH:mm:ss', "the letter T must be quoted: 'T'"],
  ['timestamp', 'yyyy-MM-dd hh:mm', "'h' is the 12-hour clock and needs 'a'; the 24-hour clock is 'H'"],
  ['date', "dd 'of MM yyyy", 'a quote is never closed'],
  ['date', 'EEE dd MM yyyy', "'E' is the name of the weekday; Spark cannot read it"],
  ['date', 'yyyy#MM', "'#' is reserved; quote it"],
  ['timestamp', 'yyyy-MM-dd V', "the zone is 'VV'"],
])('the %s pattern %s is refused', (type, pattern, why) => {
  expect(parseDatetimePattern(type, pattern)).toMatchObject({ problem: `{value} cannot be read as a pattern: ${why}` });
});

test.each(['yyyyMMdd', 'yyyy-DDD', 'dd MMM yyyy', "d 'of' MMMM yyyy", 'MM/dd/yy', 'yyyy-MM[-dd]', 'dd-MM-yyyy HH:mm'])(
  'the date pattern %s passes',
  (pattern) => {
    expect(parseDatetimePattern('date', pattern)).toEqual({ value: pattern });
  },
);
