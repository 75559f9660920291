import * as fc from 'fast-check';
import {
  defaultInterval,
  fillPath,
  formatInterval,
  hasPlaceholder,
  normalizeInterval,
  parseInterval,
  pipelineEvery,
  type Every,
} from '../../src/domain/intervals';
import { samplePipeline, sampleSource } from '../fakes/pipeline';

const every = fc.constantFrom<Every>('hour', 'day', 'month');
const moment = fc.integer({ min: Date.UTC(1970, 0, 2), max: Date.UTC(2200, 0, 1) });
const byInterval = (length: Every) =>
  samplePipeline({ sources: [sampleSource({ name: 'sales', arrives: 'interval', every: length })] });

test.each([
  ['2010-12-01', 'day', '2010-12-01T00:00:00.000Z', '2010-12-02T00:00:00.000Z'],
  ['2010-12', 'month', '2010-12-01T00:00:00.000Z', '2011-01-01T00:00:00.000Z'],
  ['2012-02-29', 'day', '2012-02-29T00:00:00.000Z', '2012-03-01T00:00:00.000Z'],
  ['2010-12-01T23', 'hour', '2010-12-01T23:00:00.000Z', '2010-12-02T00:00:00.000Z'],
  ['2010-12-01T05:00:00.000Z', 'hour', '2010-12-01T05:00:00.000Z', '2010-12-01T06:00:00.000Z'],
  ['2010-12-01T00:00:00Z/2010-12-02T00:00:00Z', 'day', '2010-12-01T00:00:00.000Z', '2010-12-02T00:00:00.000Z'],
] as const)('%s is one %s', (text, length, start, end) => {
  expect(parseInterval(text, length)).toEqual({ start, end });
});

test.each([
  ['2010-12', 'day'],
  ['2010-12-01', 'month'],
  ['2010-12-01', 'hour'],
  ['2010-02-30', 'day'],
  ['2011-02-29', 'day'],
  ['2010-13', 'month'],
  ['2010-12-01T24', 'hour'],
  ['2010-12-01T05:30', 'hour'],
  ['yesterday', 'day'],
  ['', 'day'],
  ['2010-12-01T00:00:00Z/2010-12-03T00:00:00Z', 'day'],
  ['2010-12-01T01:00:00Z/2010-12-02T01:00:00Z', 'day'],
  ['2010-12-01/x', 'day'],
] as const)("'%s' is no interval of one %s, and the error shows one", (text, length) => {
  expect(() => parseInterval(text, length)).toThrow(
    expect.objectContaining({ kind: 'config', type: 'BadInterval', remedy: expect.stringContaining('2010-12') }),
  );
});

test('what is formatted parses back to the same interval', () => {
  fc.assert(
    fc.property(every, moment, (length, at) => {
      const interval = defaultInterval(byInterval(length), at);
      expect(interval && parseInterval(formatInterval(interval, length), length)).toEqual(interval);
      expect(interval && normalizeInterval(interval, length)).toEqual(interval);
    }),
  );
});

test('the default interval is complete, and the next one is not', () => {
  fc.assert(
    fc.property(every, moment, (length, at) => {
      const interval = defaultInterval(byInterval(length), at);
      const end = Date.parse(interval?.end ?? '');
      expect(end).toBeLessThanOrEqual(at);
      const following = parseInterval(formatInterval({ start: interval?.end ?? '', end: '' }, length), length);
      expect(Date.parse(following.end)).toBeGreaterThan(at);
    }),
  );
});

test('at the very end of an interval it is the default', () => {
  const at = Date.parse('2010-12-02T00:00:00Z');
  expect(defaultInterval(byInterval('day'), at)?.start).toBe('2010-12-01T00:00:00.000Z');
  expect(defaultInterval(byInterval('day'), at - 1)?.start).toBe('2010-11-30T00:00:00.000Z');
});

test('a pipeline without interval sources has no interval', () => {
  expect(defaultInterval(samplePipeline(), 0)).toBeUndefined();
});

test('interval sources of different lengths contradict each other', () => {
  const sources = [
    sampleSource({ name: 'a', arrives: 'interval', every: 'day' }),
    sampleSource({ name: 'b', arrives: 'interval', every: 'hour' }),
  ];
  expect(() => pipelineEvery(samplePipeline({ sources }))).toThrow(expect.objectContaining({ type: 'MixedIntervals' }));
});

test.each([
  ['/raw/{yyyy-MM-dd}.csv', '/raw/2010-02-03.csv'],
  ['/raw/{yyyy}/{MM}/{dd}/{HH}.csv', '/raw/2010/02/03/04.csv'],
  ['/raw/{yyyyMMddHH}*.csv', '/raw/2010020304*.csv'],
  ['/raw/{yyyy-MM-ddTHH}/*', '/raw/2010-02-03T04/*'],
  ['/raw/{yyyy-MM-dd}/{a,b}.csv', '/raw/2010-02-03/{a,b}.csv'],
  ['/raw/yyyy/{-}.csv', '/raw/yyyy/{-}.csv'],
])('%s is filled', (template, path) => {
  expect(fillPath(template, { start: '2010-02-03T04:00:00.000Z', end: '2010-02-03T05:00:00.000Z' })).toBe(path);
  expect(hasPlaceholder(template)).toBe(path !== template);
});
