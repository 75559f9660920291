// The small notations: what each accepts, and that nothing else passes.
import * as fc from 'fast-check';
import * as notation from '../../src/contracts/pipeline-file-notation';

const valueOf = <T>(parsed: notation.Parsed<T>): T | undefined => ('value' in parsed ? parsed.value : undefined);
const problemOf = (parsed: notation.Parsed<unknown>): string => ('problem' in parsed ? parsed.problem : 'no problem');

describe('durations', () => {
  test.each([
    ['7 days', 604_800],
    ['1 day', 86_400],
    ['12 hours', 43_200],
    ['30 minutes', 1800],
    ['45 seconds', 45],
    ['2 weeks', 1_209_600],
    ['P7D', 604_800],
    ['P1W', 604_800],
    ['PT90M', 5400],
    ['P1DT12H', 129_600],
  ])('%s is %d seconds', (text, seconds) => {
    expect(valueOf(notation.parseDuration(text))).toBe(seconds);
  });

  test.each(['', '7', 'days', '7d', '7 dayz', '-1 day', '1.5 days', 'P', 'PT', 'P1M', 'P1DT', '7 days ', '11 years'])(
    '%j is no duration',
    (text) => {
      expect(problemOf(notation.parseDuration(text))).toMatch(/is not a duration/);
    },
  );

  test('a duration of more than ten years is a slip', () => {
    expect(problemOf(notation.parseDuration('99999999 days'))).toMatch(/longer than ten years/);
  });

  test('plain and ISO texts of one length of time mean the same', () => {
    fc.assert(
      fc.property(
        fc.nat(3000),
        fc.constantFrom(['days', 'P#D'], ['hours', 'PT#H'], ['minutes', 'PT#M']),
        (n, [unit, iso]) => {
          expect(notation.parseDuration(`${n} ${unit}`)).toEqual(notation.parseDuration(iso.replace('#', String(n))));
        },
      ),
    );
  });

  test('a lower bound refuses what is shorter, and only that', () => {
    const parse = notation.parseDurationFrom(3600, '1 hour');
    expect(problemOf(parse('59 minutes'))).toMatch(/too short/);
    expect(valueOf(parse('60 minutes'))).toBe(3600);
  });
});

describe('shares', () => {
  test.each([
    ['5%', 0.05],
    ['5 %', 0.05],
    ['0.05', 0.05],
    ['0.1%', 0.001],
    ['100%', 1],
    ['1', 1],
    ['0', 0],
  ])('%s is %d', (text, share) => {
    expect(valueOf(notation.parseShare(text))).toBe(share);
  });

  test.each(['5', '101%', '1.01'])('%s is more than all rows', (text) => {
    expect(problemOf(notation.parseShare(text))).toMatch(/more than all rows/);
  });

  test.each(['', '%', '-5%', '5%%', '1e-2', 'five', '.5'])('%j is no share', (text) => {
    expect(problemOf(notation.parseShare(text))).toMatch(/not a share/);
  });

  test.each([
    ['off', 1],
    ['100%', 1],
    ['0%', 0],
    ['2.5%', 0.025],
  ])('of unreadable rows, %s is %d', (text, share) => {
    expect(valueOf(notation.parseShareOrOff(text))).toBe(share);
  });

  test.each(['5', 'false', 'Off', '', 'none'])('%j is neither a share nor off, and the remedy names both', (text) => {
    expect(notation.parseShareOrOff(text)).toMatchObject({ remedy: expect.stringMatching(/%.* Or off: any share/) });
  });

  test('a percentage is the same number as its decimal', () => {
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 10_000 }), (basisPoints) => {
        const percent = `${Math.floor(basisPoints / 100)}.${String(basisPoints % 100).padStart(2, '0')}%`;
        expect(valueOf(notation.parseShare(percent))).toBe(basisPoints / 10_000);
      }),
    );
  });
});

describe('decimals', () => {
  test.each(['18', '-5', '0.5', '00018', `1${'0'.repeat(30)}`])('%s is a decimal and keeps its text', (text) => {
    expect(valueOf(notation.parseDecimal(text))).toBe(text);
  });

  test.each(['', '+1', '.5', '1.', '1e3', '1_000', '1,5', '0x10', 'Infinity'])('%j is no decimal', (text) => {
    expect(problemOf(notation.parseDecimal(text))).toMatch(/not a number/);
  });

  test('order is exact where floats are equal', () => {
    expect(notation.compareDecimals('9007199254740993', '9007199254740992')).toBe(1);
    expect(notation.compareDecimals('0.1', '0.10')).toBe(0);
    expect(notation.compareDecimals('-0.5', '0.25')).toBe(-1);
    expect(notation.compareDecimals('-0.5', '-0.6')).toBe(1);
  });

  test('order agrees with the order of cents', () => {
    const text = (cents: number): string =>
      `${cents < 0 ? '-' : ''}${Math.floor(Math.abs(cents) / 100)}.${String(Math.abs(cents) % 100).padStart(2, '0')}`;
    fc.assert(
      fc.property(fc.integer({ min: -99_999, max: 99_999 }), fc.integer({ min: -99_999, max: 99_999 }), (a, b) => {
        expect(notation.compareDecimals(text(a), text(b))).toBe(Math.sign(a - b));
      }),
    );
  });
});

test.each([
  [';', ';'],
  ['\\t', '\t'],
  ['\t', '\t'],
  ['tab', '\t'],
  ['pipe', '|'],
  ['space', ' '],
  ['§', '§'],
])('the character %j is %j', (text, character) => {
  expect(valueOf(notation.parseCharacter(text))).toBe(character);
});

test.each(['', '||', '\n', '\r', '\0', '😀'])('%j is not one character', (text) => {
  expect(problemOf(notation.parseCharacter(text))).toMatch(/not one character/);
});

test.each([
  ['UTF-8', 'utf-8'],
  ['utf8', 'utf-8'],
  ['Windows-1252', 'windows-1252'],
  ['cp1252', 'windows-1252'],
  ['latin1', 'iso-8859-1'],
  ['ISO-8859-15', 'iso-8859-15'],
  ['us-ascii', 'us-ascii'],
])('the encoding %s is %s', (text, name) => {
  expect(valueOf(notation.parseEncoding(text))).toBe(name);
});

test.each(['utf-16', 'UTF-16LE', 'utf16', 'utf-32', 'ucs-2'])('%s is refused with a way to convert', (text) => {
  expect(notation.parseEncoding(text)).toEqual({
    problem: '{value} has no single-byte line breaks and cannot be read',
    remedy: 'Convert the files to UTF-8 first, for example: iconv -f UTF-16 -t UTF-8.',
  });
});

test('an unknown encoding is refused', () => {
  expect(problemOf(notation.parseEncoding('utf-9'))).toMatch(/not a known encoding/);
});

test.each(['UTC', 'Europe/Berlin', 'America/New_York', 'Asia/Kolkata', 'Europe/Kyiv'])('%s is a zone', (zone) => {
  expect(valueOf(notation.parseTimezone(zone))).toBe(zone);
});

test.each(['Europe/Berlinn', '+02:00', '', 'CEST2'])('%j is no zone', (zone) => {
  expect(problemOf(notation.parseTimezone(zone))).toMatch(/not a time zone/);
});

test('a zone in another case is told its exact name', () => {
  expect(notation.parseTimezone('europe/berlin')).toMatchObject({ remedy: 'Write Europe/Berlin.' });
});

test.each(['00:00', '02:30', '23:59'])('%s is a time of day', (clock) => {
  expect(valueOf(notation.parseClock(clock))).toBe(clock);
});

test.each(['24:00', '2:30', '02:60', '02:30:00', ''])('%j is no time of day', (clock) => {
  expect(problemOf(notation.parseClock(clock))).toMatch(/not a time of day/);
});

describe('expressions', () => {
  test.each([
    'quantity * price',
    " split(tags, ';')[0] ",
    "concat(a, '(')",
    "replace(a, '\\'', \"')\")",
    "rlike(a, r'\\d+\\')",
    "a = b or'it\\'s' = c",
    '`odd ; name` + 1',
    'a -- (why; so\n + 1',
    'a /* ( ; */ + 1',
    "date_format(year, 'yyyy')",
  ])('%j is one expression', (text) => {
    expect(valueOf(notation.parseExpression(text))).toBe(text.trim());
  });

  test.each([
    ['', /is empty/],
    ['  -- only a comment', /is empty/],
    ['a; drop table b', /';' at character 2/],
    ["'open", /quote at character 1 that is never closed/],
    ['round(a, 2', /1 '\(' too many/],
    ['a) + 1', /'\)' at character 2 that closes nothing/],
  ])('%j is refused', (text, problem) => {
    expect(problemOf(notation.parseExpression(text))).toMatch(problem);
  });

  test('quoted text never changes the verdict', () => {
    fc.assert(
      fc.property(fc.string(), (inside) => {
        const quoted = `'${inside.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
        expect(valueOf(notation.parseExpression(`concat(a, ${quoted})`))).toBe(`concat(a, ${quoted})`);
      }),
    );
  });
});

test('a query may end in a semicolon, and may not be two statements', () => {
  expect(valueOf(notation.parseQuery('select 1;\n'))).toBe('select 1');
  expect(problemOf(notation.parseQuery('select 1; select 2'))).toMatch(/';' at character 9/);
});
