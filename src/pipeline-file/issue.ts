// What is wrong with a pipeline file: every issue with its place, and the error that carries them all.
import { HeadgateError } from '../contracts/errors';

export type FieldPath = readonly (string | number)[];

export type PipelineFileIssue = {
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1. */
  readonly column: number;
  /** `sources.sales.columns.price`; empty for the file as a whole. */
  readonly field: string;
  readonly problem: string;
  readonly remedy: string;
};

const place = ({ file, line, column, field }: PipelineFileIssue): string =>
  `${file}:${line}:${column}${field === '' ? '' : ` ${field}`}`;

export class PipelineFileError extends HeadgateError {
  readonly issues: readonly PipelineFileIssue[];

  constructor(file: string, issues: readonly PipelineFileIssue[]) {
    const sorted = issues.toSorted((a, b) => a.line - b.line || a.column - b.column);
    const [first] = sorted;
    super({
      kind: 'config',
      type: 'PipelineFile',
      message: [
        `${file} has ${sorted.length === 1 ? 'a problem' : `${sorted.length} problems`}:`,
        ...sorted.map((issue) => `  ${place(issue)}: ${issue.problem}. ${issue.remedy}`),
      ].join('\n'),
      remedy: sorted.length === 1 && first ? first.remedy : 'Correct the places above, then run headgate validate.',
      fields: { file, problems: sorted.length, line: first?.line, column: first?.column, field: first?.field },
    });
    this.issues = sorted;
  }
}

/** How a field path is written in messages. */
export const fieldName = (path: FieldPath): string =>
  path.map((part, index) => (typeof part === 'number' ? `[${part}]` : index === 0 ? part : `.${part}`)).join('');

/** `ENOENT`, `EISDIR`, …; by its field, since `instanceof` fails across realms. */
export const errorCode = (error: unknown): string =>
  typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'unknown';
