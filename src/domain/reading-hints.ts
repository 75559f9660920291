// What a row that could not be read looks like, where that is plain from the row itself. Suggestions for people, never decisions.
import type { AsideReason } from '../contracts/job';

const delimiterNames: Readonly<Record<string, string>> = {
  ',': 'comma',
  ';': 'semicolon',
  '\t': 'tab',
  '|': 'pipe',
};
const nameOf = (character: string): string => delimiterNames[character] ?? `'${character}'`;

function fieldsHint({ row, fields, width }: AsideReason['sample'], delimiter: string): string | undefined {
  if (!row.includes(delimiter)) {
    const other = Object.keys(delimiterNames).find((character) => row.includes(character));
    return other === undefined
      ? undefined
      : `the line holds no ${nameOf(delimiter)}, but a ${nameOf(other)}: is \`csv: { delimiter: ${nameOf(other)} }\` meant?`;
  }
  if (row.trimEnd().endsWith(delimiter) && fields !== undefined && fields - 1 === width) {
    return `the line ends in a ${nameOf(delimiter)}, one field more than there are columns: do all lines end so, and the header not?`;
  }
  return undefined;
}

const currency = /\p{Sc}|\b(?:eur|usd|gbp|chf|jpy)\b/iu;
const thousandsAndPoint = /^[-+]?\d{1,3}(?:,\d{3})+(?:\.\d+)?$/;
const decimalComma = /^[-+]?\d{1,3}(?:[.'’ \u00A0\u202F]\d{3})*,\d+$|^[-+]?\d+,\d+$/u;
const readAsString =
  'read it as string and compute the number, see "Numbers in another notation" in docs/pipeline-file.md';

function numberHint(value: string): string | undefined {
  const text = value.trim();
  if (currency.test(text)) return `'${value}' has a currency sign: ${readAsString}`;
  if (thousandsAndPoint.test(text))
    return `'${value}' looks like a number with commas between thousands: ${readAsString}`;
  if (decimalComma.test(text)) return `'${value}' looks like a number with a decimal comma: ${readAsString}`;
  return undefined;
}

/** Patterns of Spark that a date as people write it would fit. Day and month cannot always be told apart. */
function datePatterns(text: string): readonly string[] {
  if (/^\d{8}$/.test(text)) return ['yyyyMMdd'];
  const [, first = '', mark = '', second = '', third = ''] = /^(\d+)([-./])(\d{1,2})\2(\d+)$/.exec(text) ?? [];
  const two = (letter: string, ...parts: readonly string[]): string =>
    parts.every((part) => part.length === 2) ? letter.repeat(2) : letter;
  if (first.length === 4 && third.length <= 2) {
    return [['yyyy', two('M', second, third), two('d', second, third)].join(mark)];
  }
  if (first.length > 2 || (third.length !== 4 && third.length !== 2)) return [];
  const [day, month] = [two('d', first, second), two('M', first, second)];
  const year = 'y'.repeat(third.length);
  return [
    ...(Number(first) <= 31 && Number(second) <= 12 ? [[day, month, year].join(mark)] : []),
    ...(Number(first) <= 12 && Number(second) <= 31 ? [[month, day, year].join(mark)] : []),
  ];
}

const clocks: readonly (readonly [shape: RegExp, pattern: string])[] = [
  [/^\d{2}:\d{2}$/, 'HH:mm'],
  [/^\d{2}:\d{2}:\d{2}$/, 'HH:mm:ss'],
  [/^\d{1,2}:\d{2}$/, 'H:mm'],
  [/^\d{1,2}:\d{2}:\d{2}$/, 'H:mm:ss'],
  [/^\d{1,2}:\d{2} [AP]M$/i, 'h:mm a'],
  [/^\d{1,2}:\d{2}:\d{2} [AP]M$/i, 'h:mm:ss a'],
];

function dateHint(value: string, type: string, declared: string): string | undefined {
  const [date = '', ...rest] = value.trim().split(' ');
  const clock = clocks.find(([shape]) => shape.test(rest.join(' ')))?.[1];
  const behind = clock === undefined ? '' : ` ${clock}`;
  if (rest.length > 0 && clock === undefined) return undefined;
  const fitting = datePatterns(date).map((pattern) => pattern + behind);
  if (fitting.length === 0 || fitting.includes(declared)) return undefined;
  const other = type === 'date' && clock !== undefined ? ', as a timestamp' : '';
  return `'${value}' would fit ${fitting.map((pattern) => `\`${pattern}\``).join(' or ')}${other}`;
}

/** Undefined where nothing is plain. */
export function hintFor(told: AsideReason, delimiter: string | undefined): string | undefined {
  const { reason, declared = '', sample } = told;
  if (reason === 'WrongFieldCount' && delimiter !== undefined) return fieldsHint(sample, delimiter);
  if (sample.value === undefined) return undefined;
  const [type = '', ...pattern] = declared.split(' ');
  if (type === 'date' || type === 'timestamp') return dateHint(sample.value, type, pattern.join(' ') || 'yyyy-MM-dd');
  return /^(?:decimal|double|float|bigint|int|smallint|tinyint)/.test(type) ? numberHint(sample.value) : undefined;
}
