// What the schemas of all documents are made of, and the one way to read a document. Not for workflows.
import { z } from 'zod';
import { HeadgateError } from './errors';
import { isDigest } from './ids';
import { failureKinds, isFailureKind } from './kinds';

/** Data as it travels: readonly to the bottom. */
export type Plain<T> = T extends string | number | boolean | null | undefined
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Plain<Item>[]
    : { readonly [Key in keyof T]: Plain<T[Key]> };

export type Infer<Schema extends z.ZodType> = Plain<z.infer<Schema>>;

/** An object that Python knows as a class of this name; keys that this version does not know are left out. */
export const named = <Shape extends z.ZodRawShape>(
  id: string,
  shape: Shape,
  description?: string,
): z.ZodObject<Shape> => z.object(shape).meta({ id, ...(description === undefined ? {} : { description }) });

export const count = z.int().nonnegative();
export const text = z.string();
export const texts = z.array(text);
/** Text that says something. */
export const label = text.min(1);

export const digestSchema = text.refine(isDigest, { error: 'expected 32 hex digits' }).brand('Digest');
export const stepKeySchema = text.brand('StepKey');

/** What a run is for: start inclusive, end exclusive, both ISO 8601 UTC. */
export const intervalSchema = named('Interval', { start: z.iso.datetime(), end: z.iso.datetime() });
export type Interval = Infer<typeof intervalSchema>;

const fieldValue = z.union([text, z.number(), z.boolean(), z.null()]).meta({ id: 'FieldValue' });

/** What is known of a failure wherever it came from: enough to tell a person, and to decide what happens next. */
export const failureFields = {
  kind: z.enum(Object.keys(failureKinds).filter(isFailureKind)).meta({ id: 'FailureKind' }),
  type: text.describe('Stable name, e.g. `MissingColumn`, `InputChanged`.'),
  message: text.describe('Problem and cause, one or two sentences.'),
  remedy: text,
  fields: z.record(text, fieldValue).describe('The values in the message: file, line, column, …'),
};
export const failureSummary = z.object(failureFields);
export type FailureSummary = Infer<typeof failureSummary>;

/** The document, its name, and what to do when it does not fit. */
export type DocumentKind<T> = { readonly schema: z.ZodType<T>; readonly name: string; readonly remedy: string };

/** `file` names the document in errors. */
export function parseDocument<T>({ schema, name, remedy }: DocumentKind<T>, json: string, file: string): T {
  const invalid = (field: string, problem: string, cause?: unknown): HeadgateError =>
    new HeadgateError({
      kind: 'config',
      type: `Invalid${name}`,
      message: `${file} is not a ${name} that this version can read: ${field}: ${problem}.`,
      remedy,
      fields: { file, field },
      cause,
    });
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (cause) {
    throw invalid('(document)', `not JSON: ${cause instanceof Error ? cause.message : String(cause)}`, cause);
  }
  const result = schema.safeParse(value);
  if (result.success) return result.data;
  const [issue, ...others] = result.error.issues;
  const field = issue === undefined || issue.path.length === 0 ? '(document)' : z.core.toDotPath(issue.path);
  throw invalid(field, (issue?.message ?? 'not valid') + (others.length > 0 ? ` (and ${others.length} more)` : ''));
}

/** For documents of a pipeline's state folder. */
export const stateRemedy =
  'If another version of Headgate wrote it, use that version. If it was edited, damaged or put there by hand, restore it or move it away, then run again.';
