// The small notations of a pipeline file: durations, shares, decimals, characters, encodings, zones, expressions.
// Pure text functions. A problem never quotes the text itself (it may come from a variable): `{value}` stands for it.

/** What a text means, or what is wrong with it. */
export type Parsed<T> = { readonly value: T } | { readonly problem: string; readonly remedy: string };

export const parsePipelineName = (text: string): Parsed<string> =>
  /^[a-z][a-z0-9-]{0,62}$/.test(text)
    ? { value: text }
    : { problem: '{value} cannot be a pipeline name', remedy: 'Use lower case letters, digits and -, at most 63.' };

const secondsOf: Readonly<Record<string, number>> = { second: 1, minute: 60, hour: 3600, day: 86_400, week: 604_800 };
const longestSeconds = 3650 * 86_400;

/** Seconds of `7 days`, `12 hours`, `30 minutes`, `P7D`, `PT90M`. */
export function parseDuration(text: string): Parsed<number> {
  const plain = /^(\d{1,9}) *(second|minute|hour|day|week)s?$/.exec(text);
  const iso = /^P(?=.)(?:(\d{1,9})W)?(?:(\d{1,9})D)?(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,9})S)?)?$/.exec(
    text,
  );
  const remedy = 'Write a number and a unit, for example 7 days, 12 hours, 30 minutes, or ISO 8601 such as P7D.';
  let seconds: number;
  if (plain) {
    seconds = Number(plain[1]) * (secondsOf[plain[2] ?? ''] ?? Number.NaN);
  } else if (iso) {
    const [weeks, days, hours, minutes, rest] = iso.slice(1).map((digits) => Number(digits ?? 0));
    seconds = 604_800 * (weeks ?? 0) + 86_400 * (days ?? 0) + 3600 * (hours ?? 0) + 60 * (minutes ?? 0) + (rest ?? 0);
  } else {
    return { problem: '{value} is not a duration', remedy };
  }
  if (seconds > longestSeconds) return { problem: '{value} is longer than ten years', remedy };
  return { value: seconds };
}

/** Like `parseDuration`, with a lower bound in seconds. */
export const parseDurationFrom =
  (least: number, leastText: string) =>
  (text: string): Parsed<number> => {
    const parsed = parseDuration(text);
    return 'value' in parsed && parsed.value < least
      ? { problem: '{value} is too short', remedy: `Write ${leastText} or more.` }
      : parsed;
  };

/** A share from 0 to 1 written `5%` or `0.05`. */
export function parseShare(text: string): Parsed<number> {
  const match = /^(\d{1,9}(?:\.\d{1,15})?)( *%)?$/.exec(text);
  if (!match) return { problem: '{value} is not a share of rows', remedy: 'Write a percentage such as 5%, or 0.05.' };
  const share = Number(match[2] === undefined ? match[1] : `${match[1]}e-2`);
  if (share > 1) return { problem: '{value} is more than all rows', remedy: 'Write 0% to 100%; 5 alone means 500%.' };
  return { value: share };
}

/** The same, or `off`: no share of rows is too many. */
export function parseShareOrOff(text: string): Parsed<number> {
  if (text === 'off') return { value: 1 };
  const share = parseShare(text);
  if ('value' in share) return share;
  return { ...share, remedy: `${share.remedy} Or off: any share is allowed.` };
}

const unitBytes: Readonly<Record<string, number>> = {
  kB: 1e3,
  MB: 1e6,
  GB: 1e9,
  KiB: 1024,
  MiB: 2 ** 20,
  GiB: 2 ** 30,
};

/** Bytes of `64 MB`, `64 MiB`, `1 GiB`; from 1 MB to 10 GiB, the sizes that files of a table have. */
export function parseFileSize(text: string): Parsed<number> {
  const match = /^(\d{1,9}(?:\.\d{1,6})?) *(kB|MB|GB|KiB|MiB|GiB)$/.exec(text);
  const remedy = 'Write a number and a unit from 1 MB to 10 GiB, for example 64 MiB.';
  if (!match) return { problem: '{value} is not a size', remedy };
  const bytes = Math.round(Number(match[1]) * (unitBytes[match[2] ?? ''] ?? Number.NaN));
  if (bytes < 1e6 || bytes > 10 * 2 ** 30) return { problem: '{value} is no size for the files of a table', remedy };
  return { value: bytes };
}

/** A plain number from 0 to 1000, such as `2` or `0.5`. */
export function parseFactor(text: string): Parsed<number> {
  const value = /^\d{1,4}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  return value <= 1000 ? { value } : { problem: '{value} is not a factor', remedy: 'Write a number from 0 to 1000.' };
}

/** A whole number of at least `least`. */
export const parseCount =
  (least: number) =>
  (text: string): Parsed<number> =>
    /^\d{1,6}$/.test(text) && Number(text) >= least
      ? { value: Number(text) }
      : { problem: '{value} is not a fitting number', remedy: `Write a whole number from ${least} on.` };

/** Two wall clocks, `22:00-05:30`; the second may be on the next day. */
export function parseQuietHours(text: string): Parsed<{ readonly from: string; readonly to: string }> {
  const [from = '', to = '', ...rest] = text.split('-').map((part) => part.trim());
  if (rest.length === 0 && 'value' in parseClock(from) && 'value' in parseClock(to)) return { value: { from, to } };
  return { problem: '{value} is not a span of hours', remedy: 'Write two times of day, for example "22:00-05:30".' };
}

/** Wall clock `HH:MM`. */
export const parseClock = (text: string): Parsed<string> =>
  /^([01]\d|2[0-3]):[0-5]\d$/.test(text)
    ? { value: text }
    : { problem: '{value} is not a time of day', remedy: 'Write hours and minutes, for example "02:30".' };

const decimalPattern = /^-?\d{1,38}(\.\d{1,38})?$/;

export const parseDecimal = (text: string): Parsed<string> =>
  decimalPattern.test(text)
    ? { value: text }
    : { problem: '{value} is not a number', remedy: 'Write a plain decimal, for example 200 or 0.5.' };

/** Order of two decimal texts, exact at any length: negative, zero or positive. */
export function compareDecimals(left: string, right: string): number {
  const fraction = (text: string): string => text.split('.')[1] ?? '';
  const scale = Math.max(fraction(left).length, fraction(right).length);
  const unscaled = (text: string): bigint => BigInt(`${text.split('.')[0] ?? '0'}${fraction(text).padEnd(scale, '0')}`);
  const difference = unscaled(left) - unscaled(right);
  return difference < 0n ? -1 : difference > 0n ? 1 : 0;
}

const characterNames: Readonly<Record<string, string>> = {
  tab: '\t',
  '\\t': '\t',
  comma: ',',
  semicolon: ';',
  pipe: '|',
  space: ' ',
};

/** One character, itself or by name (`tab`, `\t`, `comma`, `semicolon`, `pipe`, `space`). */
export function parseCharacter(text: string): Parsed<string> {
  const value = characterNames[text] ?? text;
  if (value.length === 1 && !/[\r\n\0]/.test(value)) return { value };
  return {
    problem: '{value} is not one character',
    remedy: 'Write one character in quotes, for example ";", or one of: tab, comma, semicolon, pipe, space.',
  };
}

/** Encodings in which a line break is the one byte 0x0A: Spark can cut such files into lines. Java names. */
const encodings: ReadonlySet<string> = new Set([
  'utf-8',
  'us-ascii',
  ...[1, 2, 3, 4, 5, 6, 7, 8, 9, 13, 15, 16].map((part) => `iso-8859-${part}`),
  ...[0, 1, 2, 3, 4, 5, 6, 7, 8].map((part) => `windows-125${part}`),
  ...['ibm437', 'ibm850', 'ibm852', 'ibm855', 'ibm857', 'ibm862', 'ibm866', 'koi8-r', 'koi8-u', 'tis-620'],
]);

const encodingNames: Readonly<Record<string, string>> = {
  utf8: 'utf-8',
  'utf-8-sig': 'utf-8',
  ascii: 'us-ascii',
  latin1: 'iso-8859-1',
  'latin-1': 'iso-8859-1',
  iso8859_1: 'iso-8859-1',
  'iso8859-1': 'iso-8859-1',
  latin9: 'iso-8859-15',
  'iso8859-15': 'iso-8859-15',
  cp1252: 'windows-1252',
  ansi: 'windows-1252',
  cp850: 'ibm850',
  cp437: 'ibm437',
};

export function parseEncoding(text: string): Parsed<string> {
  const name = text.toLowerCase();
  const value = encodingNames[name] ?? name;
  if (encodings.has(value)) return { value };
  const wide = /^(utf-?(16|32)|ucs-?[24]|unicode)/.test(name);
  return {
    problem: wide ? '{value} has no single-byte line breaks and cannot be read' : '{value} is not a known encoding',
    remedy: wide
      ? 'Convert the files to UTF-8 first, for example: iconv -f UTF-16 -t UTF-8.'
      : 'Use utf-8, windows-1252, iso-8859-1, iso-8859-15, us-ascii or another single-byte encoding that Java knows.',
  };
}

const zones: readonly string[] = [...Intl.supportedValuesOf('timeZone'), 'UTC'];

/** A zone name of the IANA database, in its exact case: Java and Go do not forgive another. */
export function parseTimezone(text: string): Parsed<string> {
  const remedy = 'Use a zone name such as UTC, Europe/Berlin or America/New_York.';
  const bad = { problem: '{value} is not a time zone', remedy };
  if (zones.includes(text)) return { value: text };
  const exact = zones.find((zone) => zone.toLowerCase() === text.toLowerCase());
  if (exact !== undefined) return { ...bad, remedy: `Write ${exact}.` };
  if (!/^[A-Za-z]/.test(text)) return bad;
  try {
    // Older names of a zone, such as Asia/Kolkata for Asia/Calcutta, are not in the list.
    new Intl.DateTimeFormat('en', { timeZone: text }).format(0);
    return { value: text };
  } catch {
    return bad;
  }
}

/** Parts of SQL in which `;` and brackets mean nothing: quoted text, quoted names, comments. */
const opaque = /[rR]'[^']*'|[rR]"[^"]*"|'(?:[^'\\]|\\[^])*'|"(?:[^"\\]|\\[^])*"|`[^`]*`|--[^\n]*|\/\*[^]*?\*\//y;

/** Refuses what could never be one Spark SQL expression; the rest is Spark's to judge. */
export function parseExpression(text: string): Parsed<string> {
  const remedy = 'Write one Spark SQL expression, for example quantity * price.';
  let depth = 0;
  let blank = true;
  for (let at = 0; at < text.length; at += 1) {
    opaque.lastIndex = at;
    const skipped = isWordEnd(text, at) ? undefined : opaque.exec(text)?.[0];
    const character = text.charAt(at);
    if (skipped !== undefined) {
      at += skipped.length - 1;
      if (!/^(--|\/\*)/.test(skipped)) blank = false;
      continue;
    }
    if (!/\s/.test(character)) blank = false;
    if (character === ';') return { problem: `has a ';' at character ${at + 1}`, remedy };
    if (/['"`]/.test(character)) {
      return { problem: `has a quote at character ${at + 1} that is never closed`, remedy: 'Close the quote.' };
    }
    if (character === '(') depth += 1;
    if (character === ')') depth -= 1;
    if (depth < 0) {
      return { problem: `has a ')' at character ${at + 1} that closes nothing`, remedy: 'Balance the parentheses.' };
    }
  }
  if (blank) return { problem: 'is empty', remedy };
  if (depth > 0) return { problem: `has ${depth} '(' too many`, remedy: 'Balance the parentheses.' };
  return { value: text.trim() };
}

/** True where an `r` belongs to a word, as in `year'…`: then it opens no raw string. */
const isWordEnd = (text: string, at: number): boolean =>
  /[rR]/.test(text.charAt(at)) && at > 0 && /\w/.test(text.charAt(at - 1));

/** One query; a last `;` as people leave it in files is dropped. */
export function parseQuery(text: string): Parsed<string> {
  const parsed = parseExpression(text.replace(/;\s*$/, ''));
  return 'value' in parsed || parsed.remedy.startsWith('Close') || parsed.remedy.startsWith('Balance')
    ? parsed
    : { problem: parsed.problem, remedy: 'Write one query; several statements cannot be one table.' };
}

/** Families and sizes as EC2 names them: `m6i.2xlarge`. */
export const instanceTypePattern = /^[a-z][a-z0-9-]{1,19}\.[a-z0-9-]{2,20}$/;

export const parseInstanceType = (text: string): Parsed<string> =>
  instanceTypePattern.test(text)
    ? { value: text }
    : { problem: '{value} is not an instance type', remedy: 'Write it as EC2 does, for example m6i.2xlarge.' };

export const isClusterId = (text: string): boolean => /^j-[A-Z0-9]{8,20}$/.test(text);

/** `j-…`, `per-run` or the name of a pool. */
export const parseClusterName = (text: string): Parsed<string> =>
  isClusterId(text) || /^(?!j-)[a-z][a-z0-9-]{0,62}$/.test(text)
    ? { value: text }
    : {
        problem: '{value} is neither a cluster nor a name for a pool',
        remedy:
          'Write the id of a cluster (j- and capitals), per-run, or a pool name of lower case letters, digits and -.',
      };

export const parseRelease = (text: string): Parsed<string> =>
  /^emr-(?:spark-)?\d+\.\d+\.\d+$/.test(text)
    ? { value: text }
    : { problem: '{value} is not a release of EMR', remedy: 'Write it whole, as emr-spark-8.2.0 or emr-7.13.0.' };

export const parseSubnet = (text: string): Parsed<string> =>
  /^subnet-[0-9a-f]{8,17}$/.test(text)
    ? { value: text }
    : { problem: '{value} is not the id of a subnet', remedy: 'Write it as subnet-0123456789abcdef0.' };

export const parseOff = (text: string): Parsed<'off'> =>
  text === 'off'
    ? { value: text }
    : { problem: '{value} is not a range', remedy: 'Write { min: 2, max: 10 }, or off.' };

/** EMR takes at most 256 steps that have not ended. */
export const parseSteps = (text: string): Parsed<number> => {
  const parsed = parseCount(1)(text);
  return 'value' in parsed && parsed.value > 256
    ? { problem: '{value} is more than EMR takes', remedy: 'Write 1 to 256.' }
    : parsed;
};

export const tagKeyPattern = /^(?!aws:|headgate:)[A-Za-z0-9 _.:/=+@-]{1,128}$/;
