// What makes two files alike when they are frozen, and what does not.
import { gzipSync } from 'node:zlib';
import { readFile } from 'node:fs/promises';
import { shapeFiles } from '../../src/activities/freeze-shape';
import { HeadgateError } from '../../src/contracts/errors';
import type { CsvOptions } from '../../src/contracts/pipeline';
import { createFakeObjectStore } from '../fakes/object-store';
import { sampleSource } from '../fakes/pipeline';

const csv: CsvOptions = {
  delimiter: ',',
  quote: '"',
  escape: '"',
  header: true,
  encoding: 'utf-8',
  nulls: [],
  comment: '#',
  multiline: false,
  trim: false,
  extraColumns: 'warn',
};

async function shapesOf(contents: Record<string, string | Uint8Array>, changes: Parameters<typeof sampleSource>[0]) {
  const store = createFakeObjectStore();
  const files = Object.entries(contents).map(([path, content]) => {
    store.place(path, content, 0);
    const size = Buffer.byteLength(content);
    return { source: 'sales', path, size, modifiedMs: 0, etag: 'x' };
  });
  const shaped = await shapeFiles(files, [sampleSource({ name: 'sales', ...changes })], { store });
  return { shapes: shaped.map(({ shape }) => shape), shaped, store };
}

const ofCsv = async (first: string | Uint8Array, second: string | Uint8Array, options: Partial<CsvOptions> = {}) => {
  const { shapes } = await shapesOf({ '/a.csv': first, '/b.csv': second }, { csv: { ...csv, ...options } });
  return shapes;
};

describe('CSV', () => {
  test.each<readonly [string, string | Uint8Array, string | Uint8Array, Partial<CsvOptions>]>([
    ['other rows', 'id,v\n1,2\n', 'id,v\n3,4\n5,6\n', {}],
    ['another line end', 'id,v\r\n1,2', 'id,v\n3,4', {}],
    ['no rows', 'id,v', 'id,v\n3,4', {}],
    ['the same blank line and comment before it', '\n # x\nid,v\n1', '\n # x\nid,v\n2', {}],
    [
      'a header in Cyrillic',
      Buffer.from([0xe0, 0x0a, 0x31]),
      Buffer.from([0xe0, 0x0a, 0x32]),
      { encoding: 'windows-1251' },
    ],
  ])('files with the same header and %s have the same shape', async (_what, first, second, options) => {
    const [a, b] = await ofCsv(first, second, options);
    expect(a).toMatch(/^[0-9a-f]{16}$/);
    expect(b).toBe(a);
  });

  test.each<readonly [string, string | Uint8Array, string | Uint8Array, Partial<CsvOptions>]>([
    ['the order of columns', 'id,v\n', 'v,id\n', {}],
    ['the header after the same comment', '# x\nid,v\n', '# x\nv,id\n', {}],
    ['the header after the same blank line', ' \t\nid,v\n', ' \t\nv,id\n', {}],
    ['the header after a line of wide blanks', '\u3000\nid,v\n', '\u3000\nv,id\n', {}],
    [
      'the header after a line of a no-break blank',
      Buffer.from('\xa0\nid\n', 'latin1'),
      Buffer.from('\xa0\nv\n', 'latin1'),
      { encoding: 'iso-8859-1' },
    ],
    ['a blank in a name', 'id,v\n', 'id ,v\n', {}],
    [
      'the header after a line end that one side takes for a sign',
      Buffer.from('\x85\nid\n', 'latin1'),
      Buffer.from('\x85\nv\n', 'latin1'),
      { encoding: 'iso-8859-1' },
    ],
    ['a header without a letter, before the same row,', '§,%\n1,2\n', '%,§\n1,2\n', {}],
  ])('%s makes another shape', async (_what, first, second, options) => {
    const [a, b] = await ofCsv(first, second, options);
    expect(a).toBeDefined();
    expect(b).toBeDefined();
    expect(b).not.toBe(a);
  });

  test.each<readonly [string, string | Uint8Array, Partial<CsvOptions>]>([
    ['records of several lines', 'id,v\n1,2\n', { multiline: true }],
    ['no header', 'id,v\n1,2\n', { header: false }],
    ['a charset of two bytes', Buffer.from('id,v\n', 'utf16le'), { encoding: 'utf-16le' }],
    ['a comment that is a blank', 'id,v\n', { comment: '\u0001' }],
    ['a header that does not end', 'x'.repeat(70_000), {}],
    ['nothing but blanks and comments', '\n\n#\n', {}],
    ['nothing', '', {}],
  ])('with %s there is no shape', async (_what, content, options) => {
    expect(await ofCsv(content, content, options)).toEqual([undefined, undefined]);
  });

  test('a header is found in gzip data, of which a part is read, and not in what is none', async () => {
    const noise = Array.from({ length: 40_000 }, (_, index) => `${index},${Math.sin(index)}`).join('\n');
    const large = gzipSync(`id,v\n${noise}`);
    expect(large.length).toBeGreaterThan(200_000);
    const { shapes, store } = await shapesOf(
      { '/a.csv': 'id,v\n1,2', '/b.csv.gz': large, '/c.csv.gz': 'id,v\n1,2', '/d.csv.bz2': 'id,v\n1,2' },
      { csv },
    );
    expect(shapes).toEqual([shapes[0], shapes[0], undefined, undefined]);
    expect(shapes[0]).toBeDefined();
    expect(store.calls).not.toContain('readRange /d.csv.bz2');
  });

  test('a file that is alone is not opened, and one that is gone has no shape', async () => {
    const { shapes, store } = await shapesOf({ '/a.csv': 'id,v\n' }, { csv });
    expect(shapes).toEqual([undefined]);
    expect(store.calls).toEqual([]);
    const gone = { source: 'sales', size: 9, modifiedMs: 0, etag: 'x' };
    const files = ['/x.csv', '/y.csv'].map((path) => ({ ...gone, path }));
    expect(await shapeFiles(files, [sampleSource({ name: 'sales', csv })], { store })).toEqual([{}, {}]);
  });

  test('a file that is not what was listed any more has no shape', async () => {
    const store = createFakeObjectStore();
    const listed = ['/a.csv', '/b.csv'].map((path) => {
      store.place(path, 'id,v\n1,2\n', 0);
      return { source: 'sales', path, size: 9, modifiedMs: 0, etag: 'x' };
    });
    store.place('/b.csv', 'id,w\n1,2\n', 1);
    const [a, b] = await shapeFiles(listed, [sampleSource({ name: 'sales', csv })], { store });
    expect(a?.shape).toBeDefined();
    expect(b).toEqual({});
  });
});

test.each(['csv', 'parquet'] as const)('what the store says of a file of %s is told', async (format) => {
  const refused = new HeadgateError({
    kind: 'permission',
    type: 'AccessDenied',
    message: 'm',
    remedy: 'r',
    fields: {},
  });
  const store = createFakeObjectStore();
  store.before = (operation) => {
    if (operation === 'readRange') throw refused;
  };
  const files = ['/a', '/b'].map((path) => ({ source: 'sales', path, size: 9, modifiedMs: 0, etag: 'x' }));
  await expect(shapeFiles(files, [sampleSource({ name: 'sales', format, csv })], { store })).rejects.toBe(refused);
});

test('a defect is not taken for bad content', async () => {
  const store = createFakeObjectStore();
  store.before = () => {
    throw new TypeError('undefined is not a function');
  };
  const files = ['/a', '/b'].map((path) => ({ source: 'sales', path, size: 9, modifiedMs: 0, etag: 'x' }));
  await expect(shapeFiles(files, [sampleSource({ name: 'sales', csv })], { store })).rejects.toThrow(TypeError);
});

describe('Parquet', () => {
  const golden = async (...names: readonly string[]) => {
    const contents: Record<string, Uint8Array> = {};
    for (const name of names) contents[`/${name}`] = await readFile(`test/golden/parquet/${name}.parquet`);
    return contents;
  };

  test('rows and notes that Spark does not read leave the shape as it is', async () => {
    const { shapes } = await shapesOf(await golden('int-one-row', 'int-many-rows', 'int-with-pandas-note'), {
      format: 'parquet',
    });
    expect(shapes[0]).toMatch(/^[0-9a-f]{16}$/);
    expect(shapes).toEqual([shapes[0], shapes[0], shapes[0]]);
  });

  test('another type and a note that Spark reads make another shape', async () => {
    const { shapes } = await shapesOf(await golden('int-one-row', 'long', 'int-with-spark-note'), {
      format: 'parquet',
    });
    expect(new Set(shapes).size).toBe(3);
    expect(shapes).not.toContain(undefined);
  });

  test('the bytes of the unpacked columns are told, of a file that is alone too', async () => {
    const { shaped, store } = await shapesOf(await golden('int-many-rows'), { format: 'parquet' });
    expect(shaped).toEqual([{ shape: expect.any(String), unpackedBytes: 4595 }]);
    expect(store.calls).toEqual(['readRange /int-many-rows']);
  });

  test('what is no Parquet has no shape', async () => {
    const whole = (await golden('long'))['/long'] ?? Buffer.of();
    const { shapes } = await shapesOf(
      { '/text': 'id,v\n1,2\n', '/short': 'x', '/cut': whole.subarray(0, -9), '/empty': '' },
      { format: 'parquet' },
    );
    expect(shapes).toEqual([undefined, undefined, undefined, undefined]);
  });
});
