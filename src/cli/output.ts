// How the CLI speaks: results on stdout, everything else on stderr; one JSON object with --json; exit codes.
import { HeadgateError } from '../contracts/errors';
import type { FailureSummary } from '../contracts/failure';
import { indented, lineEnd, paint, printable, printableJson } from './terminal';

/** 0 done, 1 handled failure (bad data, rejected batch, unreachable server), 2 wrong use or bad configuration. */
export const exitCodes = { done: 0, failure: 1, usage: 2 } as const;

export const out = (text: string): void => {
  process.stdout.write(`${printable(text)}\n`);
};

export const note = (text: string): void => {
  process.stderr.write(`${printable(text)}\n`);
};

export const printJson = (value: unknown): void => {
  process.stdout.write(`${printableJson(value, process.stdout.isTTY ? 2 : 0)}\n`);
};

export function describeFailure(failure: Pick<FailureSummary, 'type' | 'message' | 'remedy'>): string {
  return `${paint.red(failure.type)}: ${indented(failure.message)}${lineEnd}  ${paint.dim('remedy:')} ${indented(failure.remedy)}`;
}

/** Prints an error as people or programs want it and gives the exit code that goes with it. */
export function reportError(error: unknown, json: boolean): number {
  const summary =
    error instanceof HeadgateError
      ? { kind: error.kind, type: error.type, message: error.message, remedy: error.remedy, fields: error.fields }
      : {
          kind: 'unknown' as const,
          type: error instanceof Error ? error.name : 'Error',
          message: error instanceof Error ? error.message : String(error),
          remedy: 'This should not happen: run again with HEADGATE_LOG_LEVEL=debug and report it.',
          fields: {},
        };
  if (json) printJson({ outcome: 'failed', error: summary });
  else note(describeFailure(summary));
  if (summary.kind === 'unknown' && error instanceof Error && process.env['HEADGATE_LOG_LEVEL'] === 'debug')
    note(indented(error.stack ?? ''));
  return summary.kind === 'config' ? exitCodes.usage : exitCodes.failure;
}

export const seconds = (value: number): string => `${value.toFixed(value < 10 ? 2 : 1)} s`;

export const count = (value: number): string => value.toLocaleString('en-US');
