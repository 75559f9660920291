// Column types and datetime patterns as a pipeline file writes them. Pure text functions.
import type { Parsed } from './pipeline-file-notation';

const plainTypes: readonly string[] = [
  ...['string', 'int', 'bigint', 'smallint', 'tinyint', 'double', 'float', 'boolean', 'date', 'timestamp'],
];

const otherNames: Readonly<Record<string, string>> = {
  integer: 'int',
  long: 'bigint',
  int64: 'bigint',
  int32: 'int',
  short: 'smallint',
  byte: 'tinyint',
  text: 'string',
  str: 'string',
  varchar: 'string',
  char: 'string',
  bool: 'boolean',
  real: 'float',
  datetime: 'timestamp',
  number: 'decimal(18,2)',
  numeric: 'decimal(18,2)',
  money: 'decimal(18,2)',
  decimal: 'decimal(18,2)',
};

const typeRemedy = `Use ${plainTypes.join(', ')} or decimal(precision,scale).`;

/** A Spark SQL type in canonical text: lower case, no blanks. */
export function parseSparkType(text: string): Parsed<string> {
  const name = text.toLowerCase().replace(/\s+/g, '');
  if (plainTypes.includes(name)) return { value: name };
  const decimal = /^decimal\((\d{1,3}),(\d{1,3})\)$/.exec(name);
  if (decimal) {
    const precision = Number(decimal[1]);
    const scale = Number(decimal[2]);
    if (precision >= 1 && precision <= 38 && scale <= precision) return { value: `decimal(${precision},${scale})` };
    return {
      problem: '{value} is not a possible decimal',
      remedy: 'Write decimal(precision,scale) with a precision of 1 to 38 and a scale of 0 to the precision.',
    };
  }
  // In a flow mapping `{ price: decimal(18,2) }` YAML cuts the text at the comma.
  if (/^decimal\(\d+$/.test(name)) {
    return { problem: '{value} was cut at its comma', remedy: 'Quote it: "decimal(18,2)".' };
  }
  const suggestion = otherNames[name.replace(/\(.*$/, '')];
  return {
    problem: '{value} is not a column type',
    remedy: suggestion === undefined ? typeRemedy : `Did you mean ${suggestion}? ${typeRemedy}`,
  };
}

export type ColumnText = { readonly type: string; readonly required: boolean; readonly format?: string };

/** `string`, `string!`, `decimal(18,2)!`, `date dd-MM-yyyy`, `timestamp! yyyy-MM-dd HH:mm:ss`. */
export function parseColumnText(text: string): Parsed<ColumnText> {
  const match = /^([A-Za-z_]\w*\s*(?:\([^()]*\)?)?)\s*(!?)(?:\s+(\S.*))?$/.exec(text);
  if (!match) return { problem: '{value} is not a column type', remedy: typeRemedy };
  const [, typeText = '', mark = '', format] = match;
  const type = parseSparkType(typeText.trim());
  if ('problem' in type) return type;
  const column = { type: type.value, required: mark === '!' };
  if (format === undefined) return { value: column };
  const pattern = parseDatetimePattern(type.value, format);
  return 'problem' in pattern ? pattern : { value: { ...column, format: pattern.value } };
}

/** Letters with which Spark can read a date or a time. */
const readable = new Set('GyMLdDhHkKmsSaVzOXxZ');
const hints: Readonly<Record<string, string>> = {
  Y: "'Y' is the year of the week; the year is 'y'",
  W: "'W' is a week; Spark cannot read weeks",
  w: "'w' is a week; Spark cannot read weeks",
  E: "'E' is the name of the weekday; Spark cannot read it",
  T: "the letter T must be quoted: 'T'",
};

/** A Spark datetime pattern for a `date` or `timestamp` column, with the usual slips caught. */
export function parseDatetimePattern(type: string, pattern: string): Parsed<string> {
  const remedy =
    type === 'timestamp'
      ? 'Write a Spark pattern, for example yyyy-MM-dd HH:mm:ss.'
      : 'Write a Spark pattern, for example dd-MM-yyyy.';
  const bad = (why: string): Parsed<string> => ({ problem: `{value} cannot be read as a pattern: ${why}`, remedy });
  if (type !== 'date' && type !== 'timestamp') {
    return { problem: `{value}: a column of type ${type} takes no format`, remedy: 'Remove the format.' };
  }
  const bare = pattern.replace(/'[^']*'/g, '');
  if (bare.includes("'")) return bad('a quote is never closed');
  const reserved = /[{}#]/.exec(bare);
  if (reserved) return bad(`'${reserved[0]}' is reserved; quote it`);
  const letters = new Set(bare.replace(/[^A-Za-z]/g, ''));
  for (const letter of letters) {
    if (!readable.has(letter)) return bad(hints[letter] ?? `'${letter}' is not a pattern letter`);
  }
  if (/(?<!V)V(?!V)/.test(bare)) return bad("the zone is 'VV'");
  const hours = ['H', 'h', 'k', 'K'].some((letter) => letters.has(letter));
  if (!letters.has('y')) return bad("it has no year ('y')");
  if (letters.has('m') && !hours) return bad("'m' is the minute; the month is 'M'");
  if (letters.has('D') && letters.has('M')) return bad("'D' is the day of the year; the day of the month is 'd'");
  if ((letters.has('h') || letters.has('K')) && !letters.has('a')) {
    return bad("'h' is the 12-hour clock and needs 'a'; the 24-hour clock is 'H'");
  }
  return { value: pattern };
}

/** Types that can be compared in a join without a cast share a family. */
export function typeFamily(type: string): string {
  if (type.startsWith('decimal') || ['int', 'bigint', 'smallint', 'tinyint'].includes(type)) return 'exact number';
  return type === 'double' || type === 'float' ? 'binary number' : type;
}
