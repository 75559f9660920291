// The one error class of the product: problem, cause, remedy, and the values as fields.
import type { FailureKind } from './kinds';

export type ErrorFields = Readonly<Record<string, string | number | boolean | null | undefined>>;

export class HeadgateError extends Error {
  override readonly name = 'HeadgateError';
  readonly kind: FailureKind;
  /** Stable name for code and docs, e.g. `MissingColumn`. */
  readonly type: string;
  readonly remedy: string;
  readonly fields: ErrorFields;

  constructor(input: {
    readonly kind: FailureKind;
    readonly type: string;
    /** Problem and cause. */
    readonly message: string;
    readonly remedy: string;
    readonly fields?: ErrorFields;
    readonly cause?: unknown;
  }) {
    super(input.message, input.cause === undefined ? undefined : { cause: input.cause });
    this.kind = input.kind;
    this.type = input.type;
    this.remedy = input.remedy;
    this.fields = input.fields ?? {};
  }
}
