// What the shape of a pipeline file is made of. Every scalar arrives as the text that was written.
import { z } from 'zod';
import type { Parsed } from './pipeline-file-notation';

type Extra = Readonly<Record<string, unknown>>;

/** A text; `parse` decides whether it means anything. Problem and remedy travel in the zod issue. */
export const text = (description: string, parse?: (value: string) => Parsed<unknown>, extra: Extra = {}) =>
  z
    .string()
    .superRefine((value, context) => {
      const empty = { problem: 'is empty', remedy: 'Write a value, or remove the key.' };
      const parsed = value === '' ? empty : parse?.(value);
      if (parsed && 'problem' in parsed) {
        context.addIssue({ code: 'custom', message: parsed.problem, params: { remedy: parsed.remedy } });
      }
    })
    .meta({ description, ...extra });

/** In an editor a word may also be a variable, as in `runtime: ${RUNTIME:-local}`. */
const orVariable = (schema: Extra): Extra => ({ anyOf: [schema, { type: 'string', pattern: '^\\$\\{.+\\}$' }] });

export const word = <const W extends readonly [string, ...string[]]>(
  description: string,
  words: W,
  fallback?: W[number],
) =>
  z.enum(words).meta({
    description: fallback === undefined ? description : `${description} Default ${fallback}.`,
    ...orVariable({ enum: words }),
    type: undefined,
    enum: undefined,
  });

export const flag = (description: string) =>
  z.enum(['true', 'false']).meta({ description, ...orVariable({ type: 'boolean' }), type: undefined, enum: undefined });

/** A mapping of fixed keys. The message of its unknown keys is the list of known ones, for suggestions. */
export const fields = <S extends z.ZodRawShape>(shape: S, description: string) =>
  z.strictObject(shape, { error: knownKeys(shape) }).meta({ description });

/** The same, with every key optional. */
export const options = <S extends z.ZodRawShape>(shape: S, description: string) =>
  z
    .strictObject(shape, { error: knownKeys(shape) })
    .partial()
    .meta({ description });

const knownKeys = (shape: z.ZodRawShape) => (issue: { readonly code?: string }) =>
  issue.code === 'unrecognized_keys' ? Object.keys(shape).join(', ') : undefined;
