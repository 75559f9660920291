// Parses the manifest, and by the same rule every document of a pipeline's state folder. Not for workflows.
import { z } from 'zod';
import type { Manifest } from './batch';
import { HeadgateError } from './errors';

const count = z.int().nonnegative();
const text = z.string().min(1);

export const intervalSchema = z.object({ start: z.iso.datetime(), end: z.iso.datetime() });

export const digestSchema = z.string().regex(/^[0-9a-f]{32}$/, { error: 'expected 32 hex digits' });

export const fileFields = {
  source: text,
  path: text,
  size: count,
  modifiedMs: z.number(),
  etag: text,
  version: text.exactOptional(),
};

const manifest: z.ZodType<Manifest> = z.object({
  protocol: z.literal(1),
  pipeline: text,
  digest: digestSchema,
  supersedes: digestSchema.exactOptional(),
  interval: intervalSchema.exactOptional(),
  frozenAt: z.iso.datetime(),
  files: z.array(
    z.object({ ...fileFields, readPath: text, shape: text.exactOptional(), unpackedBytes: count.exactOptional() }),
  ),
});

/** `file` names the document in errors; keys that this version does not know are left out. */
export const parseManifest = (json: string, file: string): Manifest =>
  parseStateDocument(manifest, json, file, 'Manifest');

export function parseStateDocument<T>(schema: z.ZodType<T>, json: string, file: string, document: string): T {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw invalid(document, file, '(document)', cause instanceof Error ? cause.message : String(cause), cause);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue] = result.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? '(document)' : z.core.toDotPath(issue.path);
  throw invalid(document, file, field, issue?.message ?? 'not valid');
}

function invalid(document: string, file: string, field: string, problem: string, cause?: unknown): HeadgateError {
  return new HeadgateError({
    kind: 'config',
    type: `Invalid${document}`,
    message: `${file} is not a ${document} that this version can read: ${field}: ${problem}.`,
    remedy:
      'If another version of Headgate wrote it, use that version. If it was edited, damaged or put there by hand, restore it or move it away, then run again.',
    fields: { file, field },
    cause,
  });
}
