// Tells which frozen files have the same header or schema, and how large Parquet is unpacked, from a few bytes of each.
//   shapeFiles(files, sources, { store }): Promise<readonly Shaped[]>, in the order of `files`
// A file that is gone, changed, or not what its name says, gets no shape: prepare opens it by itself and tells what is
// wrong.
import { promisify } from 'node:util';
import { constants, gunzip } from 'node:zlib';
import type { parquetMetadataAsync } from 'hyparquet' with { 'resolution-mode': 'import' };
import type { InputFile } from '../contracts/batch';
import { HeadgateError } from '../contracts/errors';
import type { ListedFile } from '../domain/batch';
import type { CsvOptions, Source } from '../contracts/pipeline';
import type { ObjectStore } from './ports';
import { callsAtOnce, mapBounded } from '../domain/map-bounded';
import { fingerprintOf } from './sha256';

export type Shaped = Pick<InputFile, 'shape' | 'unpackedBytes'>;

/** Loaded at the first Parquet file, like the S3 client; it is an ES module, which CommonJS can only import so. */
type HyParquet = { readonly parquetMetadataAsync: typeof parquetMetadataAsync };

type ShapeDeps = { readonly store: ObjectStore };

const headBytes = 64 * 1024;
const footerBytes = 64 * 1024;
const footerLimitBytes = 32 * 1024 * 1024;

export async function shapeFiles(
  files: readonly ListedFile[],
  sources: readonly Source[],
  { store }: ShapeDeps,
): Promise<readonly Shaped[]> {
  const perSource = new Map<string, number>();
  for (const { source } of files) perSource.set(source, (perSource.get(source) ?? 0) + 1);
  const hasParquet = sources.some(({ name, format }) => format === 'parquet' && perSource.has(name));
  const parquet = hasParquet ? await import('hyparquet') : undefined;
  return mapBounded(files, callsAtOnce, async (file) => {
    const source = sources.find(({ name }) => name === file.source);
    if (source === undefined) return {};
    try {
      if (source.format === 'parquet') return parquet === undefined ? {} : await shapeParquet(file, store, parquet);
      // The header of a file that is alone in its source is read once anyway.
      return source.csv === undefined || perSource.get(source.name) === 1
        ? {}
        : await shapeCsv(file, source.csv, store);
    } catch (error) {
      if (isUnreadable(error, source.format)) return {};
      throw error;
    }
  });
}

/** What zlib and TextDecoder say of content that is not theirs. */
const undecodable = /^(Z_|ERR_BUFFER_TOO_LARGE|ERR_ENCODING_NOT_SUPPORTED)/;

/** What the store says (no access, too many requests) is not about the content. */
function isUnreadable(error: unknown, format: Source['format']): boolean {
  if (error instanceof HeadgateError) return error.kind === 'inputs-changed';
  // The Parquet reader throws whatever a wrong byte leads to.
  if (format === 'parquet') return true;
  return typeof error === 'object' && error !== null && 'code' in error && undecodable.test(String(error.code));
}

/** What Spark makes a schema of: the columns, its own note of their types, and who wrote them. */
async function shapeParquet(file: ListedFile, store: ObjectStore, parquet: HyParquet): Promise<Shaped> {
  const { path, size } = file;
  const slice = async (start: number, end = size): Promise<ArrayBuffer> => {
    if (end - start > footerLimitBytes) throw new RangeError(`a footer of ${end - start} bytes`);
    return Uint8Array.from(await store.readRange(path, start, end, file)).buffer;
  };
  const footer = await parquet.parquetMetadataAsync(
    { byteLength: size, slice },
    { initialFetchSize: footerBytes, geoparquet: false },
  );
  const note = footer.key_value_metadata?.find(({ key }) => key === 'org.apache.spark.sql.parquet.row.metadata');
  const unpacked = footer.row_groups.reduce((sum, group) => sum + group.total_byte_size, 0n);
  return {
    shape: fingerprintOf(JSON.stringify([footer.schema, note?.value ?? null, footer.created_by ?? null])),
    unpackedBytes: Number(unpacked),
  };
}

/** All that one side or the other takes for blank. */
const blanks = /^[\s\0-\u0020\u0085]+/;

/** Charsets in which a byte of a line end is nothing else, and that both sides decode alike. */
const bytewise = /^(utf-?8|us-ascii|iso-8859-\d+|windows-125\d)$/;

async function shapeCsv(file: ListedFile, options: CsvOptions, store: ObjectStore): Promise<Shaped> {
  const { path, size } = file;
  if (!options.header || options.multiline || path.endsWith('.bz2')) return {};
  if (!bytewise.test(options.encoding) || (options.comment ?? '').replace(blanks, '') !== (options.comment ?? ''))
    return {};
  const head = await store.readRange(path, 0, Math.min(size, headBytes), file);
  const start = path.endsWith('.gz') ? await unzipStart(head) : head;
  const isWhole = size <= headBytes;
  const header = throughHeader(start, options, isWhole);
  return header === undefined ? {} : { shape: fingerprintOf(header) };
}

/** Of a file that goes on, zlib gives what there is so far. */
const unzipStart = (head: Uint8Array): Promise<Uint8Array> =>
  promisify(gunzip)(head, { finishFlush: constants.Z_SYNC_FLUSH, maxOutputLength: 64 * headBytes });

/**
 * All bytes up to the end of the header. What comes before it is in, so that a line which is blank or a comment to one
 * side and a header to the other makes two shapes of one, and never one of two.
 */
function throughHeader(bytes: Uint8Array, { comment, encoding }: CsvOptions, isWhole: boolean): Uint8Array | undefined {
  const decoder = new TextDecoder(encoding);
  let from = 0;
  while (from < bytes.length) {
    const end = bytes.findIndex((byte, index) => index >= from && (byte === 0x0a || byte === 0x0d));
    const line = bytes.subarray(from, end < 0 ? bytes.length : end);
    const text = decoder.decode(line).replace(blanks, '');
    const isHeader = /[\p{L}\p{N}]/u.test(text) && !(comment !== undefined && text.startsWith(comment));
    if (isHeader) return end < 0 && !isWhole ? undefined : bytes.subarray(0, end < 0 ? bytes.length : end);
    if (end < 0) return undefined;
    from = end + 1;
  }
  return undefined;
}
