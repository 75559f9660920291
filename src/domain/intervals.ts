// Logical intervals: parse, choose, format, and fill into paths. All in UTC; the clock is a value passed in.
//   parseInterval(text, every): Interval            defaultInterval(pipeline, atMs): Interval | undefined
//   formatInterval(interval, every): string         fillPath(template, interval): string
//   pipelineEvery(pipeline): Every | undefined
import type { Interval } from '../contracts/batch';
import { HeadgateError } from '../contracts/errors';
import type { Pipeline, Source } from '../contracts/pipeline';

export type Every = NonNullable<Source['every']>;

const shapes = {
  hour: { pattern: /^(\d{4})-(\d{2})-(\d{2})T(\d{2})(?::00(?::00(?:\.0+)?)?)?Z?$/, example: '2010-12-01T05' },
  day: { pattern: /^(\d{4})-(\d{2})-(\d{2})$/, example: '2010-12-01' },
  month: { pattern: /^(\d{4})-(\d{2})$/, example: '2010-12' },
} as const satisfies Record<Every, { pattern: RegExp; example: string }>;

/** Length of the name in an ISO 8601 text: `2010-12-01T05` for an hour. */
const nameLength = { hour: 13, day: 10, month: 7 } as const satisfies Record<Every, number>;

function startOf(ms: number, every: Every): number {
  const at = new Date(ms);
  const day = every === 'month' ? 1 : at.getUTCDate();
  const hour = every === 'hour' ? at.getUTCHours() : 0;
  return Date.UTC(at.getUTCFullYear(), at.getUTCMonth(), day, hour);
}

function nextStart(startMs: number, every: Every): number {
  const at = new Date(startMs);
  if (every === 'month') return Date.UTC(at.getUTCFullYear(), at.getUTCMonth() + 1, 1);
  return startMs + (every === 'hour' ? 3_600_000 : 86_400_000);
}

const toInterval = (startMs: number, every: Every): Interval => ({
  start: new Date(startMs).toISOString(),
  end: new Date(nextStart(startMs, every)).toISOString(),
});

/** Also takes the long form `start/end`, as long as it is exactly one interval. */
export function parseInterval(text: string, every: Every): Interval {
  const [first = '', last] = text.split('/', 2);
  const startMs = last === undefined ? parseName(first, every) : Date.parse(first);
  if (startMs !== undefined && Number.isFinite(startMs) && startOf(startMs, every) === startMs) {
    const interval = toInterval(startMs, every);
    if (last === undefined || Date.parse(last) === Date.parse(interval.end)) return interval;
  }
  throw new HeadgateError({
    kind: 'config',
    type: 'BadInterval',
    message: `'${text}' is not an interval of one ${every}.`,
    remedy: `Write it like ${shapes[every].example} (UTC).`,
    fields: { interval: text, every },
  });
}

function parseName(text: string, every: Every): number | undefined {
  const parts = shapes[every].pattern.exec(text);
  if (parts === null) return undefined;
  const [year = 0, month = 1, day = 1, hour = 0] = parts.slice(1).map(Number);
  const ms = Date.UTC(year, month - 1, day, hour);
  // Date.UTC rolls 2010-02-30 over into March: such a day is not in the calendar.
  return new Date(ms).toISOString().startsWith(text.slice(0, nameLength[every])) ? ms : undefined;
}

export const formatInterval = (interval: Interval, every: Every): string =>
  new Date(interval.start).toISOString().slice(0, nameLength[every]);

/** Checks an interval that came from outside and gives it the one spelling that the digest is made of. */
export const normalizeInterval = (interval: Interval, every: Every): Interval =>
  parseInterval(`${interval.start}/${interval.end}`, every);

/** Length of this pipeline's intervals; undefined when no source has one. */
export function pipelineEvery(pipeline: Pipeline): Every | undefined {
  const lengths = new Set(
    pipeline.sources.filter((source) => source.arrives === 'interval').map((source) => source.every ?? 'day'),
  );
  if (lengths.size <= 1) return [...lengths][0];
  throw new HeadgateError({
    kind: 'config',
    type: 'MixedIntervals',
    message: `The interval sources of ${pipeline.name} have different lengths: ${[...lengths].join(', ')}.`,
    remedy: 'Give every interval source the same `every`, or split the pipeline.',
    fields: { pipeline: pipeline.name },
  });
}

/** The last interval that was complete at `atMs`. */
export function defaultInterval(pipeline: Pipeline, atMs: number): Interval | undefined {
  const every = pipelineEvery(pipeline);
  return every === undefined ? undefined : toInterval(startOf(startOf(atMs, every) - 1, every), every);
}

// A brace group of date letters and separators. `{a,b}` of a glob has a comma and other letters, so it never matches.
const placeholder = /\{((?:yyyy|MM|dd|HH|[-_.T])+)\}/g;

const hasDateLetter = (format: string): boolean => /yyyy|MM|dd|HH/.test(format);

export const hasPlaceholder = (template: string): boolean =>
  [...template.matchAll(placeholder)].some(([, format = '']) => hasDateLetter(format));

/** Fills `{yyyy-MM-dd}`, `{yyyy}/{MM}`, `{yyyyMMddHH}` with the start of the interval in UTC. */
export function fillPath(template: string, interval: Interval): string {
  const [year = '', month = '', day = '', hour = ''] = new Date(interval.start).toISOString().split(/[-T:]/);
  const values: Readonly<Record<string, string>> = { yyyy: year, MM: month, dd: day, HH: hour };
  return template.replaceAll(placeholder, (group, format: string) =>
    hasDateLetter(format) ? format.replaceAll(/yyyy|MM|dd|HH/g, (letters) => values[letters] ?? letters) : group,
  );
}
