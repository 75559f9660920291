import * as fc from 'fast-check';
import { copyName, isReadableInPlace, needsCopy } from '../../src/domain/inputs';
import { sampleSource } from '../fakes/pipeline';

test.each([
  'a b.csv',
  'a,b.csv',
  'a%20b.csv',
  'a}b].csv',
  'a\'b"c.csv',
  'ü-日本.csv',
  'a\nb.csv',
  '_a=1.csv',
  'a#b=c.csv',
])('Spark reads %s in place', (name) => {
  expect(isReadableInPlace(`/raw/${name}`)).toBe(true);
});

test.each(['a:b.csv', 'a[1].csv', 'a{1}.csv', 'a*.csv', 'a?.csv', 'a\\b.csv', '_a.csv', '.a.csv', 'a.csv._COPYING_'])(
  'Spark cannot read %s in place',
  (name) => {
    expect(isReadableInPlace(`/raw/${name}`)).toBe(false);
    expect(needsCopy(sampleSource(), `/raw/${name}`)).toBe(true);
  },
);

test('a scheme and a colon in a folder are fine, a bracket in a folder is not', () => {
  expect(isReadableInPlace('s3a://bucket/T00:00/a.csv')).toBe(true);
  expect(isReadableInPlace('/raw/_in/a.csv')).toBe(true);
  expect(isReadableInPlace('/raw/[in]/a.csv')).toBe(false);
});

test('a source that is copied is copied whatever the name', () => {
  expect(needsCopy(sampleSource({ extract: 'copy' }), '/raw/a.csv')).toBe(true);
  expect(needsCopy(sampleSource(), '/raw/a.csv')).toBe(false);
});

test('a copy keeps the end of the name, which tells the codec', () => {
  expect(copyName('/raw/sales 10:30.csv.gz', 'abcdef0123456789ff')).toBe('abcdef0123456789-sales_10_30.csv.gz');
});

test('the name of any copy is short, and Spark can read it', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (name) => {
      const copy = copyName(`/raw/${name}`, '0123456789abcdef00');
      expect(isReadableInPlace(`/state/inputs/${copy}`)).toBe(true);
      expect(copy).not.toContain('/');
      expect(Buffer.byteLength(copy)).toBeLessThan(255);
    }),
  );
});
