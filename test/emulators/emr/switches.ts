// What a test or a person may let go wrong: rules that are used up by the calls, clusters and steps that they meet.
import { z } from 'zod';

const times = z.int().positive().optional();
/** Of the API; left out means every operation. */
const operations = z.array(z.string()).optional();
const someCalls = { operations, times, rate: z.number().min(0).max(1).optional() };

/** Without `times` a rule stays until it is cleared. `rate` is the share of calls that it meets. */
export const ruleSchema = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('throttle'), ...someCalls }),
  z.strictObject({
    kind: z.literal('error'),
    ...someCalls,
    status: z.union([z.literal(500), z.literal(503)]).optional(),
  }),
  z.strictObject({ kind: z.literal('slow'), ...someCalls, ms: z.number().positive() }),
  /** The request is served, and its connection dies instead of an answer. */
  z.strictObject({ kind: z.literal('lost-response'), ...someCalls }),
  /** Describe, List and Get answer what was true so long ago. */
  z.strictObject({ kind: z.literal('stale-reads'), ...someCalls, ms: z.number().positive() }),
  z.strictObject({ kind: z.literal('slow-start'), times, ms: z.number().positive() }),
  z.strictObject({ kind: z.literal('bootstrap-failure'), times }),
  /** Of Spot only, or of everything. */
  z.strictObject({ kind: z.literal('no-capacity'), times, market: z.enum(['SPOT', 'ANY']) }),
  /** The step ends so instead of running, after `ms`. */
  z.strictObject({
    kind: z.literal('step-failure'),
    times,
    code: z.int().min(1).max(255).optional(),
    stderr: z.string().optional(),
    ms: z.number().nonnegative().optional(),
  }),
  /** The step runs with a heap that is too small for it. */
  z.strictObject({ kind: z.literal('out-of-memory'), times }),
]);

export type Rule = z.infer<typeof ruleSchema>;
type RuleOf<K extends Rule['kind']> = Extract<Rule, { kind: K }>;

export class Switches {
  readonly #rules: { readonly rule: Rule; left: number }[] = [];
  readonly #random: () => number;

  /** `random` decides about rules with a rate. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  add(rule: Rule): void {
    this.#rules.push({ rule, left: rule.times ?? Infinity });
  }

  clear(): void {
    this.#rules.length = 0;
  }

  rules(): readonly Rule[] {
    return this.#rules.map(({ rule }) => rule);
  }

  /** Uses up one of the first rule of this kind that meets the operation. */
  take<K extends Rule['kind']>(kind: K, operation?: string): RuleOf<K> | undefined {
    const index = this.#rules.findIndex(({ rule }) => rule.kind === kind && meets(rule, operation));
    const found = this.#rules[index];
    if (found === undefined || !isOf(found.rule, kind)) return undefined;
    if ('rate' in found.rule && found.rule.rate !== undefined && this.#random() >= found.rule.rate) return undefined;
    found.left -= 1;
    if (found.left <= 0) this.#rules.splice(index, 1);
    return found.rule;
  }
}

const isOf = <K extends Rule['kind']>(rule: Rule, kind: K): rule is RuleOf<K> => rule.kind === kind;

const meets = (rule: Rule, operation: string | undefined): boolean =>
  !('operations' in rule) ||
  rule.operations === undefined ||
  (operation !== undefined && rule.operations.includes(operation));
