// The frozen input of one run. Not for workflows: they take the types from batch.ts.
import { z } from 'zod';
import {
  count,
  digestSchema,
  type Infer,
  intervalSchema,
  label,
  named,
  parseDocument,
  stateRemedy,
} from './document-schema';

/** Identity of a file is source + path + etag; size, times and inode only spare a second fingerprint. */
export const fileFields = {
  source: label,
  path: label.describe('Where the file came from: the name people see in reports and quarantine.'),
  size: count.describe('Bytes.'),
  modifiedMs: z.number().describe('Milliseconds since the epoch, as the store tells it.'),
  etag: label.describe('Identity of the content: `sha256:<hex>` for folders, the ETag for S3.'),
  version: label.exactOptional().describe('Object version where the store has one.'),
  changedMs: z
    .number()
    .exactOptional()
    .describe(
      'When content, name or rights last changed, milliseconds since the epoch, where the store tells: nobody can set it.',
    ),
  inode: z.number().exactOptional().describe('Number of the file in its file system, where the store tells.'),
};

const inputFile = named('InputFile', {
  ...fileFields,
  readPath: label.describe('Where Spark reads it: `path` itself, or a copy in the batch folder.'),
  shape: label
    .exactOptional()
    .describe(
      'Files of one source with the same shape have the same header (CSV) or schema (Parquet). Absent: look at the file.',
    ),
  delivery: label
    .exactOptional()
    .describe('When the content came, as texts that sort in that order: decides which of two rows of a key is newer.'),
  unpackedBytes: count.exactOptional().describe('Bytes of the columns when unpacked, of Parquet.'),
});
export type InputFile = Infer<typeof inputFile>;

export const manifest = named('Manifest', {
  protocol: z.literal(1),
  pipeline: label,
  digest: digestSchema.describe(
    "32 hex digits over pipeline, table address, definition, interval, `supersedes` and every file's source, path, size, etag and version.",
  ),
  supersedes: digestSchema
    .exactOptional()
    .describe('The name that the same batch had before: it was committed then, and is wanted again.'),
  interval: intervalSchema.exactOptional(),
  frozenAt: z.iso.datetime(),
  files: z.array(inputFile),
});
export type Manifest = Infer<typeof manifest>;

export const parseManifest = (json: string, file: string): Manifest =>
  parseDocument({ schema: manifest, name: 'Manifest', remedy: stateRemedy }, json, file);
