// Zod's findings about the shape of a pipeline file, in our words: one finding per key, with a remedy.
import type { z } from 'zod';
import { pipelineFileSchema } from '../contracts/pipeline-file-schema';
import { suggest } from '../domain/suggest';
import type { FieldPath } from './issue';

export type Finding = {
  readonly path: FieldPath;
  /** The key itself is wrong, not its value. */
  readonly atKey?: boolean;
  /** `{value}` stands for the text as written. */
  readonly problem: string;
  readonly remedy: string;
};

type ZodIssue = z.core.$ZodIssue;

export type ShapeResult =
  | { readonly file: z.infer<typeof pipelineFileSchema>; readonly findings?: undefined }
  | { readonly file?: undefined; readonly findings: readonly Finding[] };

/** Checks the shape; `isPresent` tells a missing value from one of another shape. */
export function checkShape(value: unknown, isPresent: (path: FieldPath) => boolean): ShapeResult {
  const result = pipelineFileSchema.safeParse(value);
  if (result.success) return { file: result.data };
  return { findings: result.error.issues.flatMap((issue) => toFindings(issue, [], isPresent)) };
}

const missing = (path: FieldPath): Finding => ({ path, problem: 'is missing', remedy: `Add ${path.at(-1)} here.` });

function toFindings(issue: ZodIssue, above: FieldPath, isPresent: (path: FieldPath) => boolean): readonly Finding[] {
  const path = [...above, ...issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part))];
  switch (issue.code) {
    case 'invalid_type':
      if (!isPresent(path)) return [missing(path)];
      return [
        { path, problem: `is not ${kinds[issue.expected] ?? issue.expected}`, remedy: examples[issue.expected] ?? '' },
      ];
    case 'invalid_value': {
      if (!isPresent(path)) return [missing(path)];
      const words = issue.values.map(String);
      return [{ path, problem: '{value} is not one of the known words', remedy: `{suggest:${words.join(',')}}` }];
    }
    case 'unrecognized_keys': {
      const known = issue.message.split(', ');
      return issue.keys.map((key) => ({
        path: [...path, key],
        atKey: true,
        problem: `'${key}' is not a known key`,
        remedy: suggest(key, known),
      }));
    }
    case 'invalid_key': {
      const problem = path.at(-1) === '' ? 'a name is empty' : `'${String(path.at(-1))}' cannot be a name`;
      return [{ path, atKey: true, problem, remedy: issue.issues[0]?.message ?? '' }];
    }
    case 'invalid_union':
      return unionFindings(issue, path, isPresent);
    case 'too_small':
      return [{ path, problem: 'is an empty list', remedy: 'List at least one, or remove the key.' }];
    case 'too_big':
      return [{ path, problem: `lists more than ${issue.maximum}`, remedy: `Leave ${issue.maximum} of them.` }];
    case 'custom':
      return [{ path, problem: issue.message, remedy: String(issue.params?.['remedy'] ?? '') }];
    case 'invalid_format':
    case 'not_multiple_of':
    case 'invalid_element':
      break;
  }
  return [{ path, problem: issue.message, remedy: '' }];
}

/** The alternatives differ in kind (text, list, mapping): the one of the written kind tells what is wrong. */
function unionFindings(
  issue: z.core.$ZodIssueInvalidUnion,
  path: FieldPath,
  isPresent: (path: FieldPath) => boolean,
): readonly Finding[] {
  const ofKind = issue.errors.find(
    (branch) => !branch.some((one) => one.code === 'invalid_type' && one.path.length === 0),
  );
  if (ofKind !== undefined) return ofKind.flatMap((one) => toFindings(one, path, isPresent));
  if (!isPresent(path)) return [missing(path)];
  const expected = issue.errors.flatMap((branch) => (branch[0]?.code === 'invalid_type' ? [branch[0].expected] : []));
  const problem = `is neither ${expected.map((kind) => kinds[kind] ?? kind).join(' nor ')}`;
  return [{ path, problem, remedy: expected.map((kind) => examples[kind] ?? '').join(' Or: ') }];
}

const kinds: Readonly<Record<string, string>> = {
  string: 'one text',
  array: 'a list',
  object: 'a mapping',
  record: 'a mapping',
};

const examples: Readonly<Record<string, string>> = {
  string: 'Write one text; quote it if it holds { } [ ] , : or #.',
  array: 'Write a list, for example [invoice_no].',
  object: 'Write keys and values, one per line or as { key: value }.',
  record: 'Write names and values, one per line or as { name: value }.',
};
