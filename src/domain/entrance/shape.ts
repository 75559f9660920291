// What data from outside must look like before a workflow takes it: small total checks, put together like the types that
// they stand for. The type of a table of fields is that of the data, so a new field does not compile without its check.
import { suggest } from '../suggest';
import { visible } from '../visible';

export type Fault = { readonly field: string; readonly problem: string; readonly remedy: string };

/** Checks and changes nothing: what fits goes on as it came, with what a later build may have added. */
export type Shape<T> = {
  readonly faults: (value: unknown, field: string) => readonly Fault[];
  /** Only for the compiler: a shape stands for this very type, neither for more nor for less. */
  readonly of?: (value: T) => T;
};

type Optional<T> = Shape<T> & { readonly optional: true };

type IsOptional<T, Key extends keyof T> = Partial<Pick<T, Key>> extends Pick<T, Key> ? true : false;

export type Fields<T> = {
  readonly [Key in keyof T]-?: IsOptional<T, Key> extends true ? Optional<Exclude<T[Key], undefined>> : Shape<T[Key]>;
};

export const fits = <T>(shape: Shape<T>, value: unknown): value is T => shape.faults(value, '').length === 0;

/** Of a key that an earlier build did not know, and that whoever uses it can do without. */
export const later = <T>(shape: Shape<T>): Shape<T> => ({
  faults: (value, field) => (value === undefined ? [] : shape.faults(value, field)),
});

export const optional = <T>(shape: Shape<T>): Optional<T> => ({ faults: shape.faults, optional: true });

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  const kinds: Readonly<Record<string, string>> = {
    string: 'a text',
    number: 'a number',
    boolean: 'true or false',
    object: 'a mapping',
    undefined: 'missing',
  };
  return isMapping(value) || typeof value !== 'object' ? (kinds[typeof value] ?? 'of no known kind') : 'no JSON';
}

/** Bytes and the like are objects too. */
const isMapping = (value: unknown): value is Readonly<Record<string, unknown>> =>
  Object.prototype.toString.call(value) === '[object Object]';

const wrong = (field: string, value: unknown, wanted: string): readonly Fault[] =>
  value === undefined
    ? [{ field, problem: 'is missing', remedy: `Give ${wanted}.` }]
    : [{ field, problem: `is ${kindOf(value)}, not ${wanted}`, remedy: `Give ${wanted}.` }];

/** Something that a test of one value decides. */
export const scalar = <T>(wanted: string, test: (value: unknown) => boolean): Shape<T> => ({
  faults: (value, field) => (test(value) ? [] : wrong(field, value, wanted)),
});

const isText = (value: unknown): value is string => typeof value === 'string';

export const text = scalar<string>('a text', isText);
/** Text that says something. */
export const label = scalar<string>('a text that is not empty', (value) => isText(value) && value.trim() !== '');
export const flag = scalar<boolean>('true or false', (value) => typeof value === 'boolean');
export const number = scalar<number>('a number', Number.isFinite);
export const count = scalar<number>(
  'a whole number from 0 on',
  (value) => Number.isSafeInteger(value) && Number(value) >= 0,
);

/** A text that a parse function of ids.ts, or its like, recognises. */
export const textThat = <T extends string>(wanted: string, test: (text: string) => text is T): Shape<T> =>
  scalar<T>(wanted, (value) => isText(value) && test(value));

export const literal = <T extends string | number | boolean>(only: T): Shape<T> =>
  scalar<T>(JSON.stringify(only), (value) => value === only);

export const oneOf = <T extends string>(words: readonly T[]): Shape<T> => ({
  faults: (value, field) => {
    if (words.some((word) => word === value)) return [];
    if (!isText(value)) return wrong(field, value, `one of ${words.join(', ')}`);
    return [{ field, problem: `'${shown(value)}' is not one of the known words`, remedy: suggest(value, words) }];
  },
});

export const either = <A, B>(one: Shape<A>, other: Shape<B>): Shape<A | B> => ({
  faults: (value, field) => (one.faults(value, field).length === 0 ? [] : other.faults(value, field)),
});

export const nullable = <T>(shape: Shape<T>): Shape<T | null> => ({
  faults: (value, field) => (value === null ? [] : shape.faults(value, field)),
});

export const list = <T>(item: Shape<T>): Shape<readonly T[]> => ({
  faults: (value, field) =>
    Array.isArray(value)
      ? value.flatMap((one: unknown, index) => item.faults(one, `${field}[${index}]`))
      : wrong(field, value, 'a list'),
});

export const record = <T>(item: Shape<T>): Shape<Readonly<Record<string, T>>> => ({
  faults: (value, field) =>
    isMapping(value)
      ? Object.entries(value).flatMap(([name, one]) => item.faults(one, join(field, name)))
      : wrong(field, value, 'a mapping'),
});

const shown = (name: string): string => visible(name.length > 40 ? `${name.slice(0, 40)}…` : name);

const join = (field: string, name: string): string => (field === '' ? shown(name) : `${field}.${shown(name)}`);

type Check = Pick<Shape<never>, 'faults'> & { readonly optional?: true };

const own = (value: Readonly<Record<string, unknown>>, name: string): unknown =>
  Object.hasOwn(value, name) ? value[name] : undefined;

function checkFields(checks: readonly (readonly [string, Check])[], value: unknown, field: string, sparse: boolean) {
  if (!isMapping(value)) return wrong(field, value, 'a mapping');
  return checks.flatMap(([name, check]) => {
    const one = own(value, name);
    return one === undefined && (sparse || check.optional === true) ? [] : check.faults(one, join(field, name));
  });
}

const checksOf = (fields: object): readonly (readonly [string, Check])[] => Object.entries(fields);

/** What people write: a key that is not known is an error of theirs. */
export const closed = <T>(fields: Fields<T>): Shape<T> => ({
  faults: (value, field) => {
    const faults = checkFields(checksOf(fields), value, field, false);
    if (!isMapping(value)) return faults;
    const known = Object.keys(fields);
    const unknown = Object.keys(value).filter((name) => !known.includes(name));
    const strange = unknown.map((name) => ({
      field: join(field, name),
      problem: 'is not a known key',
      remedy: suggest(name, known),
    }));
    return [...strange, ...faults];
  },
});

/** What our own workflows tell each other: a later build may have added keys. */
export const open = <T>(fields: Fields<T>): Shape<T> => ({
  faults: (value, field) => checkFields(checksOf(fields), value, field, false),
});

/** Like `open`, and an earlier build may not have known some of the keys: whoever uses it fills them in. */
export const sparse = <T>(fields: Fields<T>): Shape<T> => ({
  faults: (value, field) => checkFields(checksOf(fields), value, field, true),
});

/** A further demand on what has the right form. */
export const also = <T>(shape: Shape<T>, check: (value: T) => Fault | undefined): Shape<T> => ({
  faults: (value, field) => {
    if (!fits(shape, value)) return shape.faults(value, field);
    const fault = check(value);
    return fault === undefined ? [] : [fault];
  },
});

/** A union that one key tells apart. */
export const tagged = <Tag extends string, T extends { readonly [Key in Tag]: string }>(
  tag: Tag,
  cases: { readonly [Case in T[Tag]]: Shape<Extract<T, { readonly [Key in Tag]: Case }>> },
): Shape<T> => {
  const shapes: Readonly<Record<string, Check>> = cases;
  return {
    faults: (value, field) => {
      if (!isMapping(value)) return wrong(field, value, 'a mapping');
      const kind = own(value, tag);
      const shape = isText(kind) && Object.hasOwn(shapes, kind) ? shapes[kind] : undefined;
      return shape === undefined
        ? oneOf(Object.keys(shapes)).faults(kind, join(field, tag))
        : shape.faults(value, field);
    },
  };
};
